"""The race harness: many people at one barrier, each on a real connection of their own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
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
def meet(committed: str) -> Callable[..., tuple[Any, Any]]:
    """Stop one verb in its middle by a row that a third connection holds, and let another come up behind it.

    Returns what became of both, once the row is let go.
    """

    def run(first: Callable[[], Any], then: Callable[[], Any], *, held: str) -> tuple[Any, Any]:
        with (
            psycopg.connect(committed) as holder,
            psycopg.connect(committed, autocommit=True) as watcher,
            ThreadPoolExecutor(2) as crowd,
        ):
            holder.execute(held)
            one = crowd.submit(_on_a_connection_of_its_own, first)
            _until_waiting(watcher, 1)
            two = crowd.submit(_on_a_connection_of_its_own, then)
            _until_waiting(watcher, 2)
            holder.rollback()
            return one.result(), two.result()

    return run


@pytest.fixture
def meanwhile(committed: str) -> Callable[[Callable[[], Any]], Any]:
    """Do something on another connection, to its end, while a verb is in its middle."""

    def run(act: Callable[[], Any]) -> Any:
        with ThreadPoolExecutor(1) as somebody:
            return somebody.submit(_on_a_connection_of_its_own, act).result()

    return run


def _on_a_connection_of_its_own(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except Refused as refusal:
        return refusal
    finally:
        connection.close()


def _until_waiting(watcher: psycopg.Connection[Any], count: int) -> None:
    """Until this many connections to this database wait for a lock."""
    patience = time.monotonic() + 2.5
    while time.monotonic() < patience:
        row = watcher.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ).fetchone()
        if row == (count,):
            return
        time.sleep(0.01)
    raise AssertionError(f"{count} connections were to wait for a lock, and did not.")


@pytest.fixture
def books_hold(committed: str) -> Iterator[None]:
    """Check every invariant on the committed rows once the race is over."""
    yield
    assert verify.violations() == []
