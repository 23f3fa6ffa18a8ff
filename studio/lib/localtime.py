"""Wall clocks and instants: the only place where one becomes the other (RELIABILITY 6.1-6.3).

Instants are aware and in UTC. A wall-clock time that a clock change skips moves forward by the gap; one that
comes twice is the first. Days are half-open, from a local date's first instant to the next date's first
instant, and a day may have 23, 25 or even 0 hours. Durations are elapsed time, never wall-clock time.
"""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

Shift = Literal["none", "gap", "fold"]

_NO_TIME = timedelta()
_ONE_DAY = timedelta(days=1)
_ONE_SECOND = timedelta(seconds=1)
_NOT_PLACES = ("posix/", "right/", "SystemV/", "Etc/")
# Not %a and %b: those follow the locale of the process.
_DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NOT_ZONES = frozenset({"localtime", "posixrules", "Factory", "leapseconds"})


class UnknownZone(ValueError):
    """The name is not in the time zone database."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A wall-clock time made an instant. ``shift`` says whether a clock change moved or doubled it."""

    at: datetime
    shift: Shift


@dataclass(frozen=True, slots=True)
class ClockChange:
    """The clocks of a zone change at this instant, by this much (positive: they go forward).

    ``unclear`` are the local times that are skipped or come twice, half-open; ``on`` is the local date that
    was going on: clocks that fall back at midnight do so on the evening before.
    """

    at: datetime
    by: timedelta
    unclear: tuple[datetime, datetime]

    @property
    def on(self) -> date:
        return (self.unclear[0] if self.by > _NO_TIME else self.unclear[1] - _ONE_SECOND).date()


def zone_named(zone: str) -> ZoneInfo:
    """The zone of an IANA name.

    :raises UnknownZone: also for names that are paths, empty, or in the wrong case.
    """
    try:
        return ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownZone(f"“{zone}” is not a time zone. Choose one such as Europe/London.") from error


@lru_cache(maxsize=1)
def zone_names() -> tuple[str, ...]:
    """Every zone that a studio may choose, in alphabetical order: places, and UTC."""
    return tuple(
        sorted(
            name
            for name in zoneinfo.available_timezones()
            if name == "UTC" or ("/" in name and not name.startswith(_NOT_PLACES) and name not in _NOT_ZONES)
        )
    )


def resolve(local: datetime, zone: str) -> Resolved:
    """The instant at which the clocks of a zone show a naive local time (V-10, RELIABILITY 6.3).

    A time inside a gap moves forward by the gap (01:30 becomes 02:30), one inside a fold is the first.

    :raises ValueError: when ``local`` already carries a zone.
    :raises UnknownZone: when there is no such zone.
    """
    if local.tzinfo is not None:
        raise ValueError(f"A wall-clock time carries no zone of its own: {local!r}.")
    place = zone_named(zone)
    first, second = _offset(local, place, 0), _offset(local, place, 1)
    shift: Shift = "none" if first == second else "gap" if first < second else "fold"
    return Resolved((local - first).replace(tzinfo=UTC, fold=0), shift)


def local_time(at: datetime, zone: str) -> datetime:
    """The same instant on the clocks of a zone, aware. For showing; arithmetic is done in UTC."""
    return _aware(at).astimezone(zone_named(zone))


def local_day(at: datetime, zone: str) -> date:
    """The date that a calendar on the wall of this zone shows at an instant."""
    return local_time(at, zone).date()


def day_bounds(on: date, zone: str) -> tuple[datetime, datetime]:
    """First instant of a local date and first instant of the next: half-open (RELIABILITY 6.2).

    Midnight may be skipped (Cairo, Beirut, Santiago, Havana), so may the whole day: Apia's 30 December 2011
    has both bounds at the same instant.
    """
    return _day_starts(on, zone), _day_starts(on + _ONE_DAY, zone)


def plus(at: datetime, elapsed: timedelta) -> datetime:
    """The instant after this much elapsed time, in UTC: a clock change in between changes nothing."""
    return _aware(at).astimezone(UTC) + elapsed


def elapsed(earlier: datetime, later: datetime) -> timedelta:
    """Time really passed between two instants.

    Python subtracts wall clocks when both sides share a zone, and is an hour wrong across a clock change.
    """
    return _aware(later).astimezone(UTC) - _aware(earlier).astimezone(UTC)


def clock_changes(earliest: date, latest: date, zone: str) -> list[ClockChange]:
    """Every change of the clocks on the local dates from ``earliest`` to ``latest``, both included."""
    changes: list[ClockChange] = []
    for year in range(earliest.year, latest.year + 1):
        changes.extend(change for change in changes_in(year, zone) if earliest <= change.on <= latest)
    return changes


@lru_cache(maxsize=4096)
def changes_in(year: int, zone: str) -> tuple[ClockChange, ...]:
    """The clock changes of one local calendar year, earliest first. Kept in memory: zones rarely change."""
    place = zone_named(zone)
    # Zones lie up to a day from UTC; looking a little further and keeping the local year loses nothing.
    at = datetime(year, 1, 1, tzinfo=UTC) - 2 * _ONE_DAY
    end = datetime(year + 1, 1, 1, tzinfo=UTC) + _ONE_DAY
    before = at.astimezone(place).utcoffset()
    changes: list[ClockChange] = []
    while at < end:
        after = (at + _ONE_DAY).astimezone(place).utcoffset()
        if after != before:
            change = _change_between(at, at + _ONE_DAY, place)
            if change.on.year == year:
                changes.append(change)
        at, before = at + _ONE_DAY, after
    return tuple(changes)


def spoken(on: date) -> str:
    """A date as sentences write it: “Mon 5 Jan 2026”."""
    return f"{_DAY_NAMES[on.weekday()]} {on.day} {_MONTH_NAMES[on.month - 1]} {on.year}"


def shift_note(change: ClockChange, starts_at: time) -> str:
    """The preview's words: “clocks changed on 25 Oct: still 18:00 local time” (V-10)."""
    month = _MONTH_NAMES[change.on.month - 1]
    return f"clocks changed on {change.on.day} {month}: still {starts_at:%H:%M} local time"


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"An instant carries its zone: {at!r}.")
    return at


def _offset(local: datetime, place: ZoneInfo, fold: int) -> timedelta:
    offset = local.replace(tzinfo=place, fold=fold).utcoffset()
    assert offset is not None
    return offset


def _day_starts(on: date, zone: str) -> datetime:
    midnight = datetime.combine(on, time.min)
    resolved = resolve(midnight, zone)
    if resolved.shift != "gap":
        return resolved.at
    # Midnight is skipped. The day begins when the clocks jump, which need not be at the gap's middle:
    # clocks that go from 23:30 to 00:30 begin the day at 00:30.
    return _change_between(resolved.at - _ONE_DAY, resolved.at + _ONE_SECOND, zone_named(zone)).at


def _change_between(earlier: datetime, later: datetime, place: ZoneInfo) -> ClockChange:
    """The one change of offset in a stretch of UTC, found to the second by halving."""
    before, after = earlier.astimezone(place).utcoffset(), later.astimezone(place).utcoffset()
    assert before is not None and after is not None
    while later - earlier > _ONE_SECOND:
        middle = earlier + ((later - earlier) // 2 // _ONE_SECOND) * _ONE_SECOND
        if middle.astimezone(place).utcoffset() == before:
            earlier = middle
        else:
            later = middle
    showed, shows = ((later + offset).replace(tzinfo=None) for offset in (before, after))
    return ClockChange(later, after - before, (min(showed, shows), max(showed, shows)))
