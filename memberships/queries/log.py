"""The user log (S1-10, S1-11): every change of a person's credits, who made it, what was left after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from billing.queries import statements
from memberships.models import CreditLot
from studio.audit.models import Event
from studio.lib import localtime

MEMBER, EMPLOYEE, SYSTEM = "member", "employee", "system"


@dataclass(frozen=True, slots=True)
class Move:
    """One entry of a lot, in numbers only.

    ``free``, ``held``, ``used`` and ``expired`` are how it changed each of the four; ``available`` is what is
    free after it over all the lots that were asked about and are of this credit type.
    """

    entry_id: int
    lot: CreditLot
    at: datetime
    actor: str
    by: str
    key: str
    kind: str
    reason: str
    free: int
    held: int
    used: int
    expired: int
    available: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log. ``by`` is ``member``, ``employee`` or ``system`` (S1-11).

    ``words`` say what happened (“Booked Reformer, Thu 5 Mar 2026 18:00”), ``word`` sums it up (“held”),
    ``change`` is what it did to the free credits and ``available`` what was left. ``booking_id`` is the
    booking it was for.
    """

    at: datetime
    actor: str
    by: str
    words: str
    word: str
    change: int
    available: int
    credit_type: str
    lot_id: int
    booking_id: int | None
    kind: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Credits as they stood at an instant: ``free + held + used + expired = granted``."""

    free: int = 0
    held: int = 0
    used: int = 0
    expired: int = 0
    granted: int = 0


def credit_log(
    person_id: int,
    *,
    credit_type_id: int | None = None,
    lot_id: int | None = None,
    until: datetime | None = None,
) -> list[Line]:
    """A person's log in words, oldest first: of all credits, of one type, or of one lot (V-01)."""
    return described(moves(person_id, credit_type_id=credit_type_id, lot_id=lot_id, until=until))


def moves(
    person_id: int,
    *,
    credit_type_id: int | None = None,
    lot_id: int | None = None,
    until: datetime | None = None,
) -> list[Move]:
    """The same in numbers: what the four states of a person's credits are the sums of, oldest first."""
    lots = CreditLot.objects.filter(person_id=person_id).select_related("credit_type", "membership__plan")
    if credit_type_id is not None:
        lots = lots.filter(credit_type_id=credit_type_id)
    if lot_id is not None:
        lots = lots.filter(pk=lot_id)
    by_account = {lot.account_id: lot for lot in lots}
    available: dict[int, int] = {}
    told = []
    entries = statements.entries_of(list(by_account), until=until)
    for entry in entries.select_related("operation__actor", "resolves", "source", "destination"):
        is_arriving = entry.destination_id in by_account
        lot = by_account[entry.destination_id if is_arriving else entry.source_id]
        other = entry.source if is_arriving else entry.destination
        free, held, used, expired = _effect(
            entry.kind, entry.amount, entry.resolves.amount if entry.resolves else 0, is_arriving, other.owner
        )
        available[lot.credit_type_id] = available.get(lot.credit_type_id, 0) + free
        actor = entry.operation.actor
        told.append(
            Move(
                entry_id=entry.pk,
                lot=lot,
                at=entry.at,
                actor=actor.name if actor else "",
                by=SYSTEM if actor is None else MEMBER if actor.role == "member" else EMPLOYEE,
                key=entry.key,
                kind=entry.kind,
                reason=entry.reason,
                free=free,
                held=held,
                used=used,
                expired=expired,
                available=available[lot.credit_type_id],
            )
        )
    return told


def standing(told: Sequence[Move]) -> Standing:
    """What these moves add up to."""
    return Standing(
        free=sum(move.free for move in told),
        held=sum(move.held for move in told),
        used=sum(move.used for move in told),
        expired=sum(move.expired for move in told),
        granted=sum(move.free + move.held + move.used + move.expired for move in told),
    )


def overdue(told: Sequence[Move], *, on: date) -> dict[CreditLot, int]:
    """Free credits of lots whose last day was before this date and which no sweep has expired yet.

    Every page counts them as expired: they cannot be used any more.
    """
    free: dict[CreditLot, int] = {}
    for move in told:
        if move.lot.last_valid_on is not None and move.lot.last_valid_on < on:
            free[move.lot] = free.get(move.lot, 0) + move.free
    return {lot: count for lot, count in free.items() if count}


def described(told: Sequence[Move]) -> list[Line]:
    """These moves in words; two statements, whatever their number."""
    bookings = {move.entry_id: booking_id for move in told if (booking_id := _booking_of(move.key))}
    sessions = _sessions_of(set(bookings.values()))
    lines = []
    for move in told:
        booking_id = bookings.get(move.entry_id)
        words, word = _words(move, sessions.get(booking_id, "a session") if booking_id else "")
        lines.append(
            Line(
                at=move.at,
                actor=move.actor,
                by=move.by,
                words=words,
                word=word,
                change=move.free,
                available=move.available,
                credit_type=move.lot.credit_type.name,
                lot_id=move.lot.pk,
                booking_id=booking_id,
                kind="in" if move.free > 0 else "held" if move.held > 0 else "out",
            )
        )
    return lines


def _effect(
    kind: str, amount: int, held_before: int, is_arriving: bool, other: str
) -> tuple[int, int, int, int]:
    """How one entry changes free, held, used and expired."""
    if kind == "hold":
        return -amount, amount, 0, 0
    if kind == "release":
        return held_before, -held_before, 0, 0
    if kind == "settle":
        return held_before - amount, -held_before, amount, 0
    if other == "studio:issued":
        return (amount if is_arriving else -amount), 0, 0, 0
    # A movement back is the answer to one that went there.
    gone = -amount if is_arriving else amount
    return (-gone, 0, gone, 0) if other == "studio:used" else (-gone, 0, 0, gone)


def _words(move: Move, session: str) -> tuple[str, str]:
    lot = move.lot
    if move.reason == "lot.granted":
        return (f"Bought {lot.membership.plan.name}", "bought") if lot.membership else (lot.reason, "given")
    if move.reason == "lot.expired":
        return "Expired unused", "expired"
    if move.reason == "lot.returned_after_expiry":
        return "Came back after its last day", "forfeited"
    if move.reason == "session.reopened":
        return f"Reopened {session}", "held" if move.kind == "hold" else "returned"
    if move.kind == "hold":
        return f"Booked {session}", "held"
    if move.kind == "release":
        return f"Canceled {session}", "returned"
    if move.kind == "settle":
        return f"{'Missed' if move.reason == 'booking.missed' else 'Attended'} {session}", "used"
    return move.reason.replace(".", " ").replace("_", " ").capitalize(), "changed"


def _booking_of(key: str) -> int | None:
    """The booking in ``booking:42:1:hold``."""
    first, _, rest = key.partition(":")
    number = rest.partition(":")[0]
    return int(number) if first == "booking" and number.isdigit() else None


def _sessions_of(booking_ids: set[int]) -> dict[int, str]:
    """“Reformer, Thu 5 Mar 2026 18:00” for each booking, from what its booking recorded."""
    subjects = {f"booking:{booking_id}": booking_id for booking_id in booking_ids}
    made = Event.objects.filter(verb="booking.made", subject__in=subjects).only("subject", "facts")
    return {subjects[event.subject]: _session(event.facts) for event in made}


def _session(facts: dict[str, str]) -> str:
    starts_at = datetime.fromisoformat(facts["starts_at"])
    local = localtime.local_time(starts_at, facts.get("time_zone", "UTC"))
    return f"{facts['service']}, {localtime.spoken(local.date())} {local:%H:%M}"
