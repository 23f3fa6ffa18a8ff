"""Verbs and their steps: one verb is one durable transaction, and it is never called inside another.

``@use_case`` opens the transaction, ``@step`` refuses to run outside one, ``preview`` runs the real verb and
rolls it back. A deadlock, a serialization failure or a lock timeout retries the whole verb, then becomes a
polite *busy*.
"""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, transaction
from psycopg import errors as postgres

from studio.lib import consequences
from studio.lib.consequences import Consequence
from studio.lib.refusals import Busy, Reason, Refused

RETRIES = 3
_TRY_AGAIN = (postgres.DeadlockDetected, postgres.SerializationFailure, postgres.LockNotAvailable)
_previewing: ContextVar[bool] = ContextVar("previewing", default=False)


class WorldMoved(Refused):
    """What the person confirmed is no longer what would happen. Nothing was done."""

    code = "world_moved"

    def __init__(self, now_would: tuple[Consequence, ...]) -> None:
        self.consequences = now_would
        super().__init__(
            Reason(
                "world_moved",
                "This changed since you looked.",
                "Read the new consequences and confirm again.",
            )
        )


class _RolledBack(Exception):
    """Carries a preview's result out of the transaction that it undoes."""


@dataclass(frozen=True)
class Preview:
    """What a verb would do.

    Its result, its consequences in order, and their fingerprint for the confirmation.
    """

    result: Any
    consequences: tuple[Consequence, ...]
    fingerprint: str


def use_case[**P, R](verb: Callable[P, R]) -> Callable[..., R]:
    """Make a function a verb: one durable transaction, retried as a whole when the database asks for it.

    The verb takes keywords only. It gains one, ``expecting``: the fingerprint of a confirmed preview.

    :raises WorldMoved: if ``expecting`` is given and the consequences differ from it.
    :raises Busy: if locks could not be had in :data:`RETRIES` tries.
    """

    @functools.wraps(verb)
    def run(*, expecting: str | None = None, **kwargs: Any) -> R:
        if _previewing.get():
            return verb(**kwargs)  # type: ignore[call-arg]

        def once() -> R:
            with transaction.atomic(durable=True):
                return _as_expected(verb, expecting, kwargs)

        return _patiently(once)

    return run


def _patiently[R](once: Callable[[], R]) -> R:
    """Try a whole transaction again when it lost to others; after :data:`RETRIES` tries it is busy."""
    for attempt in range(RETRIES):
        try:
            return once()
        except DatabaseError as error:
            if not isinstance(error.__cause__, _TRY_AGAIN):
                raise
            # Spread the contenders, or they meet again at the same lock.
            time.sleep(random.uniform(0, 0.02) * 2**attempt)
    raise Busy


def _as_expected[R](verb: Callable[..., R], expecting: str | None, kwargs: dict[str, Any]) -> R:
    if expecting is None:
        return verb(**kwargs)
    with consequences.listening() as told:
        result = verb(**kwargs)
    # A form sent twice gets the answer of the first time, whatever the world looks like by now.
    if not told.is_repeat and consequences.fingerprint(told) != expecting:
        raise WorldMoved(consequences.in_order(told))
    return result


def step[**P, R](part: Callable[P, R]) -> Callable[P, R]:
    """Make a function part of a verb: it takes locked rows and refuses to run outside a transaction."""

    @functools.wraps(part)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if not transaction.get_connection().in_atomic_block:
            raise RuntimeError(f"{part.__qualname__} is a step: call it from a use case")
        return part(*args, **kwargs)

    return run


def preview(verb: Callable[..., Any], **kwargs: Any) -> Preview:
    """Run the real verb, collect its consequences, and roll everything back.

    :raises Refused: what the verb itself would refuse.
    :raises Busy: if locks could not be had in :data:`RETRIES` tries.
    """
    return _patiently(lambda: _rolled_back(verb, kwargs))


def _rolled_back(verb: Callable[..., Any], kwargs: dict[str, Any]) -> Preview:
    seen: Preview | None = None
    token = _previewing.set(True)
    try:
        with transaction.atomic(durable=True), consequences.listening() as told:
            result = verb(**kwargs)
            # What the database would only say at commit, it says now.
            transaction.get_connection().check_constraints()
            seen = Preview(result, consequences.in_order(told), consequences.fingerprint(told))
            raise _RolledBack
    except _RolledBack:
        assert seen is not None
        return seen
    finally:
        _previewing.reset(token)
