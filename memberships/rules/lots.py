"""Which credits may pay for a session, and which of them go first. Plain values in, decisions out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

RESTITUTION_DAYS = 30


@dataclass(frozen=True, slots=True)
class LotFacts:
    """What the rules need to know of a lot. ``last_valid_on`` None means that it never expires."""

    id: int
    account_id: int
    credit_type: str
    last_valid_on: date | None
    is_free: bool
    granted_at: datetime
    available: int


def is_valid_on(lot: LotFacts, session_on: date) -> bool:
    """Whether the lot may pay for a session on this local date: the last day counts in full (X-11, X-12)."""
    return lot.last_valid_on is None or session_on <= lot.last_valid_on


def usable(lots: Iterable[LotFacts], *, session_on: date) -> list[LotFacts]:
    """Lots that can pay, in the order in which they are used (RELIABILITY 6.7).

    Earliest expiry first, those that never expire last, then free before paid, then the oldest.
    """
    return sorted(
        (lot for lot in lots if lot.available > 0 and is_valid_on(lot, session_on)),
        key=lambda lot: (lot.last_valid_on or date.max, not lot.is_free, lot.granted_at, lot.id),
    )


def last_valid_on(granted_on: date, days_to_expire: int) -> date | None:
    """The last day on which credits granted on a local date can be used; 0 days means never (S2-16, X-12)."""
    return granted_on + timedelta(days=days_to_expire) if days_to_expire else None


def may_have_ended(last_valid_on: date | None, at: datetime) -> bool:
    """Whether a lot can have ended by this moment: the studio's date is at most a day from UTC's."""
    return last_valid_on is not None and last_valid_on <= at.astimezone(UTC).date()


def restitution_until(old_last_valid_on: date, canceled_on: date) -> date:
    """How long a credit given back by the studio is good for, when its lot has expired meanwhile (X-10)."""
    return max(old_last_valid_on, canceled_on + timedelta(days=RESTITUTION_DAYS))
