"""The dates of a series before it is made: each with what is in its way and what deserves a look (UX 1.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal

from scheduling.rules import closures
from scheduling.rules.closures import Closed
from scheduling.rules.recurrence import Occurrence, Zoned
from studio.lib import localtime
from studio.lib.localtime import ClockChange, Shift

Status = Literal["ok", "conflict", "closure"]


@dataclass(frozen=True, slots=True)
class Conflict:
    """A room or practitioner in use during the interval at ``position``, by a ``holder`` (``session:12``)."""

    position: int
    resource: Literal["room", "practitioner"]
    resource_id: int
    name: str
    holder: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class PlannedDate:
    """One line of the preview. A closure outweighs a conflict; ``notes`` say everything there is to say."""

    on: date
    starts_at: datetime
    ends_at: datetime
    status: Status
    notes: tuple[str, ...]
    shift: Shift
    conflicts: tuple[Conflict, ...] = ()
    closures: tuple[Closed, ...] = ()

    @property
    def needs_a_look(self) -> bool:
        return self.status != "ok" or self.shift != "none"


def planned(
    dates: Zoned,
    *,
    starts_time: time,
    zone: str,
    conflicts: Iterable[Conflict] = (),
    closed: Sequence[Closed] = (),
    labels: Mapping[str, str] | None = None,
) -> list[PlannedDate]:
    """Put together what is known about each date (X-16, X-51, V-10).

    ``labels`` say what the holders of slots are: ``{"session:12": "Spin"}``; the others are just in use.
    """
    met: dict[int, list[Conflict]] = {}
    for conflict in conflicts:
        met.setdefault(conflict.position, []).append(conflict)
    notes_of_clocks = _clock_notes(dates, starts_time, zone)
    return [
        _line(
            occurrence,
            met.get(position, ()),
            closures.on_day(closed, occurrence.on),
            notes_of_clocks.get(position),
            zone,
            labels or {},
        )
        for position, occurrence in enumerate(dates)
    ]


def _line(
    occurrence: Occurrence,
    conflicts: Sequence[Conflict],
    closed: Sequence[Closed],
    clock_note: str | None,
    zone: str,
    labels: Mapping[str, str],
) -> PlannedDate:
    notes = [f"Closed: {closure.name}" for closure in closed]
    notes += [in_words(conflict, zone, labels.get(conflict.holder, "")) for conflict in conflicts]
    notes += [clock_note] if clock_note else []
    status: Status = "closure" if closed else "conflict" if conflicts else "ok"
    return PlannedDate(
        occurrence.on,
        occurrence.starts_at,
        occurrence.ends_at,
        status,
        tuple(notes),
        occurrence.shift,
        tuple(conflicts),
        tuple(closed),
    )


def in_words(conflict: Conflict, zone: str, label: str = "") -> str:
    """“Ana Gil teaches Spin until 18:15”, “Studio 3 is in use until 18:15”. Times are the location's."""
    ends = localtime.local_time(conflict.ends_at, zone)
    starts = localtime.local_time(conflict.starts_at, zone)
    until = (
        f"{ends:%H:%M}"
        if ends.date() == starts.date()
        else f"{ends:%H:%M} on {localtime.spoken(ends.date())}"
    )
    if conflict.resource == "room":
        return f"{conflict.name} {f'holds {label}' if label else 'is in use'} until {until}"
    return f"{conflict.name} {f'teaches {label}' if label else 'is busy'} until {until}"


def _clock_notes(dates: Zoned, starts_time: time, zone: str) -> dict[int, str]:
    """What clock changes mean for single dates: moved or doubled starts, the first date after a change."""
    notes = {
        position: _shift_words(shift, starts_at, starts_time, zone)
        for position, (shift, starts_at) in enumerate(zip(dates.shifts, dates.starts_at, strict=True))
        if shift != "none"
    }
    if dates.on:
        changes = localtime.clock_changes(dates.on[0], dates.on[-1], zone)
        for position, change in _first_after(changes, dates.starts_at):
            notes.setdefault(position, localtime.shift_note(change, starts_time))
    return notes


def _first_after(
    changes: Iterable[ClockChange], starts: Sequence[datetime]
) -> Iterator[tuple[int, ClockChange]]:
    position = 0
    for change in changes:
        while position < len(starts) and starts[position] < change.at:
            position += 1
        # Before the first date there is nothing that it could have differed from.
        if 0 < position < len(starts):
            yield position, change


def _shift_words(shift: Shift, starts_at: datetime, starts_time: time, zone: str) -> str:
    if shift == "fold":
        return f"{starts_time:%H:%M} comes twice on this day: the first one is meant"
    return (
        f"{starts_time:%H:%M} is skipped on this day: starts at {localtime.local_time(starts_at, zone):%H:%M}"
    )
