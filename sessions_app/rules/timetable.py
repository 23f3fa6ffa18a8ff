"""What a series must be before it is saved, and which of its dates become sessions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

from scheduling.rules import recurrence
from scheduling.rules.inventory import LONGEST_MINUTES, MOST_CAPACITY
from scheduling.rules.preview import PlannedDate
from scheduling.rules.recurrence import Rule
from studio.lib.refusals import Reason
from studio.people.rules.permissions import Role

LONGEST_NOTE = 5000
LONGEST_REASON = 200
MOST_AMOUNT = 10**12
CHOSEN = "Left out by choice"
_GIVERS = frozenset({Role.PRACTITIONER, Role.STAFF, Role.ADMIN})


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesTerms:
    """A series as a form sends it. Amounts in minor units, None where the service's own counts."""

    rule: Rule
    starts_time: time
    duration_minutes: int
    capacity: int
    cost_minor: int | None = None
    wage_minor: int | None = None
    public_note: str = ""
    staff_note: str = ""


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """The chosen room. Without a capacity it limits nobody."""

    name: str
    capacity: int | None
    is_at_location: bool


@dataclass(frozen=True, slots=True)
class GiverFacts:
    """Who is to give the sessions."""

    name: str
    role: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A date of the rule that becomes no session, and why."""

    on: date
    reason: str


@dataclass(frozen=True, slots=True)
class Decided:
    """What becomes of the dates of a rule."""

    held: tuple[PlannedDate, ...]
    left_out: tuple[LeftOut, ...]


def why_not_schedule(
    terms: SeriesTerms, *, room: RoomFacts | None, practitioner: GiverFacts | None
) -> list[Reason]:
    """Every reason against a series, each naming its field (S3-03…S3-08, X-17, X-19)."""
    return [
        *recurrence.why_not(terms.rule),
        *_within("duration_minutes", "The duration in minutes", terms.duration_minutes, 1, LONGEST_MINUTES),
        *_within("capacity", "The number of places", terms.capacity, 1, MOST_CAPACITY),
        *_why_not_room(terms.capacity, room),
        *_why_not_giver(practitioner),
        *_why_not_amount("cost_minor", "The cost", terms.cost_minor),
        *_why_not_amount("wage_minor", "The wage", terms.wage_minor),
        *_why_not_note("public_note", "The public note", terms.public_note),
        *_why_not_note("staff_note", "The staff note", terms.staff_note),
    ]


def decide(
    dates: Iterable[PlannedDate], *, skip_on: Collection[date] = (), keep_on: Collection[date] = ()
) -> Decided:
    """Which dates are held. Skipped are those somebody chose, closed days not kept, and conflicts (X-51).

    A date is also left out when the one before it is not over yet.
    """
    held: list[PlannedDate] = []
    left_out: list[LeftOut] = []
    for planned in dates:
        before = held[-1].ends_at if held else None
        reason = _why_left_out(planned, before, planned.on in skip_on, planned.on in keep_on)
        if reason:
            left_out.append(LeftOut(planned.on, reason[:LONGEST_REASON]))
        else:
            held.append(planned)
    return Decided(tuple(held), tuple(left_out))


def _why_left_out(planned: PlannedDate, before: datetime | None, is_skipped: bool, is_kept: bool) -> str:
    if is_skipped:
        return CHOSEN
    # Notes are in the order closures, conflicts, clock changes; the last are no obstacle.
    in_the_way = planned.notes[: len(planned.closures) + len(planned.conflicts)]
    if is_kept:
        in_the_way = in_the_way[len(planned.closures) :]
    if not in_the_way and before is not None and planned.starts_at < before:
        return "The session before is not over yet"
    return "; ".join(in_the_way)


def _why_not_room(capacity: int, room: RoomFacts | None) -> Iterator[Reason]:
    if room is None:
        return
    if not room.is_at_location:
        yield Reason(
            "room_elsewhere",
            f"{room.name} is not at this location.",
            "Choose a room of the location.",
            field="room_id",
        )
    if room.capacity is not None and capacity > room.capacity:
        yield Reason(
            "room_too_small",
            f"{room.name} holds {room.capacity} people, and the series has {capacity} places.",
            f"Type at most {room.capacity}, or choose another room.",
            {"capacity": capacity, "most": room.capacity},
            "capacity",
        )


def _why_not_giver(practitioner: GiverFacts | None) -> Iterator[Reason]:
    if practitioner is None:
        return
    if practitioner.role not in _GIVERS:
        yield Reason(
            "not_a_practitioner",
            f"{practitioner.name} is a member and gives no sessions.",
            "Choose a practitioner.",
            field="practitioner_id",
        )
    if not practitioner.is_active:
        yield Reason(
            "inactive",
            f"{practitioner.name} is inactive.",
            "Choose somebody else, or make them active first.",
            field="practitioner_id",
        )


def _within(field: str, noun: str, value: int, least: int, most: int) -> Iterator[Reason]:
    if not least <= value <= most:
        yield Reason(
            f"{field}_out_of_range",
            f"{noun} cannot be {value}.",
            f"Type a number from {least} to {most}.",
            {"value": value, "least": least, "most": most},
            field,
        )


def _why_not_amount(field: str, noun: str, minor: int | None) -> Iterator[Reason]:
    if minor is not None and not 0 <= minor <= MOST_AMOUNT:
        yield Reason(f"{field}_out_of_range", f"{noun} cannot be below 0.", "Type 0 or more.", field=field)


def _why_not_note(field: str, noun: str, note: str) -> Iterator[Reason]:
    if len(note) > LONGEST_NOTE:
        yield Reason(
            f"{field}_too_long",
            f"{noun} has {len(note)} characters.",
            f"Use at most {LONGEST_NOTE}.",
            {"length": len(note), "most": LONGEST_NOTE},
            field,
        )
