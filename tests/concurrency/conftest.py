"""The race harness: many people at one barrier, each on a real connection of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from studio.lib.refusals import Refused
from studio.ops import verify
from tests.databases import own_database


@pytest.fixture
def committed(transactional_db: None) -> Iterator[str]:
    """A database of the test's own, where every commit is real. Its books are checked by ``race``."""
    with own_database() as url:
        yield url


@pytest.fixture
def race(committed: str) -> Callable[[Sequence[Callable[[], Any]]], list[Any]]:
    """Run all of these at the same instant; return each one's result, or the refusal it met."""

    def run(contenders: Sequence[Callable[[], Any]]) -> list[Any]:
        barrier = threading.Barrier(len(contenders))

        def contend(act: Callable[[], Any]) -> Any:
            connection.ensure_connection()
            try:
                barrier.wait(timeout=30)
                return act()
            except Refused as refusal:
                return refusal
            finally:
                connection.close()

        with ThreadPoolExecutor(len(contenders)) as crowd:
            return list(crowd.map(contend, contenders))

    return run


@pytest.fixture
def books_hold(race: object) -> Iterator[None]:
    """Check every invariant on the committed rows once the race is over."""
    yield
    assert verify.violations() == []
