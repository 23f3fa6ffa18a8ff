"""When a message goes out, and what happens when it cannot: plain numbers and times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

HOLD = timedelta(seconds=60)
"""How long messages to others wait, so that an undo inside this time sends nothing (UX 4.2)."""

BACK_OFF = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
    timedelta(hours=24),
)
"""The waits after the first, second … failed try. After the last one a message has failed (F13)."""

STALE = timedelta(days=7)
"""News this old is not sent any more: the journal was read late, and the person knows by now."""

NO_ADDRESS = "no e-mail address"
UNDONE = "undone"
NO_NEWS = "takes back something nobody was told"
TOO_OLD = "older than 7 days"
STARTED = "the session has started"
CLOSED = "the account is closed"


def hold_until(happened_at: datetime, *, is_own: bool) -> datetime:
    """What people did themselves is confirmed at once; what was done to them waits."""
    return happened_at if is_own else happened_at + HOLD


def next_try_at(attempts: int, at: datetime) -> datetime | None:
    """When to try again after this many failed tries; None when it is time to give up."""
    return at + BACK_OFF[attempts - 1] if attempts <= len(BACK_OFF) else None


def why_late(happened_at: datetime, facts: Mapping[str, Any], at: datetime) -> str:
    """Why telling this now would come too late, or nothing. ``starts_at`` is an ISO moment, if any."""
    if at - happened_at > STALE:
        return TOO_OLD
    starts_at = facts.get("starts_at")
    if starts_at and datetime.fromisoformat(starts_at) <= at:
        return STARTED
    return ""


def is_news(steps_nobody_was_told: int) -> bool:
    """Whether an undo, or the undo of an undo …, changes what the person was last told.

    Counted are the operations between this one and the last that was told (or the beginning): two that
    cancel each other out leave nothing to say.
    """
    return steps_nobody_was_told % 2 == 0
