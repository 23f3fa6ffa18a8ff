"""A weekly timetable from a file becomes places, services and one series per row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError

from scheduling.models import Location, Room, Series, Service
from scheduling.queries import closures
from scheduling.rules import cells, recurrence
from scheduling.rules import timetable as reader
from scheduling.rules.closures import on_day
from scheduling.rules.recurrence import Rule
from scheduling.rules.timetable import Problem, Row
from sessions_app.domain import timetable
from sessions_app.queries import timetable as queries
from sessions_app.queries.timetable import InTheWay, Wanted
from sessions_app.rules import timetable as rule
from sessions_app.rules.timetable import GiverFacts, RoomFacts, SeriesTerms
from studio.audit.domain import journal, operations
from studio.audit.domain.operations import recorded
from studio.lib import localtime
from studio.lib.consequences import tell
from studio.lib.nudge import nudge
from studio.lib.refusals import Busy, Reason, Refused
from studio.lib.transactions import step, use_case
from studio.people.models import Person, Studio
from studio.people.rules.permissions import Actor, Capability, Role

MOST_WEEKS = 104
DEFAULT_CAPACITY = 12
_MOST_NAMED = 12
# The field of a series whose reasons belong to a column of the file.
_COLUMNS = {
    "capacity": "capacity",
    "practitioner_id": "practitioner",
    "cost_minor": "cost",
    "wage_minor": "wage",
}


class CannotImport(Refused):
    """The timetable cannot be imported as it is. ``problems`` say where, what, and what to do."""

    code = "cannot_import"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            Reason(
                "bad_row",
                f"Row {problem.row}: {problem.text}" if problem.row else problem.text,
                problem.remedy,
                {"row": problem.row, "column": problem.column, "value": problem.value},
                "content",
            )
            for problem in problems
        )


@dataclass(slots=True)
class _Known:
    """What the studio has, by lower-case name. What an import adds joins it."""

    locations: dict[str, Location]
    rooms: dict[tuple[str, str], Room]
    services: dict[str, Service]
    givers: dict[str, list[Person]]

    def room(self, row: Row) -> Room | None:
        return self.rooms.get((row.location.lower(), row.room.lower()))

    def giver(self, row: Row) -> Person | None:
        """The one practitioner of this name."""
        named = self.givers.get(row.practitioner.lower(), [])
        return named[0] if row.practitioner and len(named) == 1 else None


@use_case
@recorded("timetable.import")
def import_rows(
    *, content: bytes, starts_on: date, weeks: int, skip_bad: bool = False, by: Actor, at: datetime
) -> dict[str, Any]:
    """Import a weekly timetable: its locations, rooms and services, and a weekly series for each row.

    Every series has ``weeks`` sessions, the first on or after ``starts_on``; the worker makes them. Names are
    matched without regard to case. A row whose series still runs is left as it is, so that importing twice
    changes nothing. With ``skip_bad`` the rows with problems are left out; without, any problem stops all.

    Returns counts: ``series``, ``sessions``, ``there_already``, ``skipped``, and what was added by name.

    :raises CannotImport: with every problem, by row.
    """
    _refuse([*_why_not(by, starts_on, weeks)])
    read = reader.read(content, currency=Studio.objects.current().currency)
    known = _known()
    already = queries.import_keys([row.import_key for row in read.rows], starts_on)
    fresh = [row for row in read.rows if row.import_key not in already]
    problems = [*read.problems, *_problems(fresh, known, starts_on, weeks)]
    if problems and (not skip_bad or not read.rows):
        _refuse(sorted(problems, key=lambda problem: problem.row or 0))
    bad = {problem.row for problem in problems}
    good = [row for row in fresh if row.number not in bad]
    try:
        added = _add_missing(good, known)
        series = _add_series(good, known, starts_on, weeks, at=at)
    except IntegrityError as error:
        # Somebody adds the same names at this moment; the next try finds them there.
        raise Busy from error
    sessions = _sessions(series, known)
    result: dict[str, Any] = {
        "series": len(series),
        "sessions": sessions,
        "there_already": len(read.rows) - len(fresh),
        "skipped": len(bad - {None, 1}),
        **added,
    }
    _tell(result)
    journal.record("timetable.imported", at=at, subject="timetable:import", **result)
    if series:
        nudge(timetable.EXPAND)
        operations.can_be_undone_by("series.withdraw", series_ids=[each.pk for each in series])
    return result


# ---------------------------------------------------------------------------------------------- problems


def _why_not(by: Actor, starts_on: date, weeks: int) -> Iterator[Problem]:
    if not by.may(Capability.IMPORT_DATA):
        yield Problem(None, "", "", "Importing is not among the things you may do.", "Ask an admin.")
    if not 1 <= weeks <= MOST_WEEKS:
        yield Problem(
            None,
            "weeks",
            str(weeks),
            f"{weeks} weeks cannot be imported.",
            f"Type a number from 1 to {MOST_WEEKS}.",
        )
    if not date(2000, 1, 1) <= starts_on <= recurrence.LATEST_ON - timedelta(weeks=MOST_WEEKS):
        text = f"The timetable would start on {localtime.spoken(starts_on)}."
        yield Problem(None, "starts_on", str(starts_on), text, "Choose a nearer date.")


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise CannotImport(problems)


def _problems(rows: Sequence[Row], known: _Known, starts_on: date, weeks: int) -> list[Problem]:
    """What is wrong with rows in this studio: zones, practitioners, sizes, and resources that are in use."""
    return [
        *(problem for row in rows for problem in _zone_problem(row, known)),
        *(problem for row in rows for problem in _giver_problem(row, known)),
        *(problem for row in rows for problem in _terms_problems(row, known, starts_on, weeks)),
        *_in_use(rows, known, starts_on, weeks),
    ]


def _zone_problem(row: Row, known: _Known) -> Iterator[Problem]:
    location = known.locations.get(row.location.lower())
    if location is not None and location.time_zone != row.time_zone:
        yield Problem(
            row.number,
            "time_zone",
            row.time_zone,
            f"{location.name} is in {location.time_zone} already, not in {row.time_zone}.",
            f"Type {location.time_zone}, or another location.",
        )


def _giver_problem(row: Row, known: _Known) -> Iterator[Problem]:
    if not row.practitioner or known.giver(row) is not None:
        return
    named = known.givers.get(row.practitioner.lower(), [])
    if named:
        text = f"{len(named)} practitioners are called {row.practitioner}."
        yield Problem(row.number, "practitioner", row.practitioner, text, "Make their names differ.")
        return
    near = cells.nearest(row.practitioner, [person.name for (person, *_) in known.givers.values()])
    yield Problem(
        row.number,
        "practitioner",
        row.practitioner,
        f"Nobody who gives sessions is called {cells.short(row.practitioner)}.",
        f"Did you mean {near}?" if near else "Add the practitioner first, or leave the cell blank.",
    )


def _terms_problems(row: Row, known: _Known, starts_on: date, weeks: int) -> Iterator[Problem]:
    room, giver = known.room(row), known.giver(row)
    terms = _terms(row, known, starts_on, weeks)
    reasons = rule.why_not_schedule(
        terms,
        room=RoomFacts(room.name, room.capacity, True) if room else None,
        practitioner=GiverFacts(giver.name, giver.role, giver.is_active) if giver else None,
    )
    for reason in reasons:
        column = _COLUMNS.get(reason.field, "")
        yield Problem(row.number, column, str(getattr(row, column, "") or ""), reason.text, reason.remedy)


def _in_use(rows: Sequence[Row], known: _Known, starts_on: date, weeks: int) -> Iterator[Problem]:
    """A room or practitioner that a session has already, at any of the times."""
    wanted = [each for row in rows for each in _wanted(row, known, starts_on, weeks)]
    met = queries.first_in_the_way(wanted)
    for row in rows:
        if row.number in met:
            yield _used(row, met[row.number])


def _wanted(row: Row, known: _Known, starts_on: date, weeks: int) -> Iterator[Wanted]:
    room, giver = known.room(row), known.giver(row)
    if room is None and giver is None:
        return
    room_id, giver_id = room.pk if room else None, giver.pk if giver else None
    lasts = timedelta(minutes=row.duration_minutes)
    dates = recurrence.zoned(_rule(row, starts_on, weeks), row.starts, lasts, row.time_zone)
    for starts_at, ends_at in zip(dates.starts_at, dates.ends_at, strict=True):
        yield Wanted(row.number, room_id, giver_id, starts_at, ends_at)


def _used(row: Row, met: InTheWay) -> Problem:
    starts = localtime.local_time(met.starts_at, row.time_zone)
    ends = localtime.local_time(met.ends_at, row.time_zone)
    what = f" for {met.service}" if met.service else ""
    return Problem(
        row.number,
        met.column,
        met.name,
        f"{met.name} is in use on {localtime.spoken(starts.date())}, {starts:%H:%M}–{ends:%H:%M}{what}.",
        f"Change the {met.column} or the time, or import from a later date.",
    )


# ------------------------------------------------------------------------------------------------- facts


def _known() -> _Known:
    locations = {location.name.lower(): location for location in Location.objects.all()}
    rooms = Room.objects.select_related("location")
    givers: dict[str, list[Person]] = {}
    for person in Person.objects.exclude(role=Role.MEMBER).filter(is_active=True).order_by("pk"):
        givers.setdefault(person.name.lower(), []).append(person)
    return _Known(
        locations,
        {(room.location.name.lower(), room.name.lower()): room for room in rooms},
        {service.name.lower(): service for service in Service.objects.all()},
        givers,
    )


def _rule(row: Row, starts_on: date, weeks: int) -> Rule:
    first = starts_on + timedelta(days=(row.weekday - starts_on.weekday()) % 7)
    return Rule(weekdays=(row.weekday,), starts_on=first, count=weeks)


def _terms(row: Row, known: _Known, starts_on: date, weeks: int) -> SeriesTerms:
    """The row as a series; what it leaves blank is the service's, and no more places than the room holds."""
    service = known.services.get(row.service.lower()) or _new_service(row)
    room = known.room(row)
    places = min(service.capacity, room.capacity) if room and room.capacity else service.capacity
    return SeriesTerms(
        rule=_rule(row, starts_on, weeks),
        starts_time=row.starts,
        duration_minutes=row.duration_minutes,
        capacity=row.capacity or places,
        cost_minor=None if row.cost_minor == service.cost_minor else row.cost_minor,
        wage_minor=None if row.wage_minor == service.wage_minor else row.wage_minor,
    )


def _new_service(row: Row) -> Service:
    """A service as the first row that names it describes it."""
    return Service(
        name=row.service,
        capacity=row.capacity or DEFAULT_CAPACITY,
        duration_minutes=row.duration_minutes,
        cost_minor=row.cost_minor or 0,
        wage_minor=row.wage_minor or 0,
    )


# ------------------------------------------------------------------------------------------------ change


@step
def _add_missing(rows: Iterable[Row], known: _Known) -> dict[str, list[str]]:
    """Add the locations, rooms and services that the studio has not. Returns their names."""
    rows = list(rows)
    locations = _missing(
        rows,
        known.locations,
        lambda row: row.location.lower(),
        lambda row: Location(name=row.location, time_zone=row.time_zone),
    )
    known.locations |= _created(Location, locations)
    rooms = _missing(
        rows,
        known.rooms,
        lambda row: (row.location.lower(), row.room.lower()),
        lambda row: Room(name=row.room, location=known.locations[row.location.lower()]),
    )
    known.rooms |= _created(Room, rooms)
    services = _missing(rows, known.services, lambda row: row.service.lower(), _new_service)
    known.services |= _created(Service, services)
    return {
        "locations": [location.name for location in locations.values()],
        "rooms": [room.name for room in rooms.values()],
        "services": [service.name for service in services.values()],
    }


def _missing[Name, Thing](
    rows: Iterable[Row], known: dict[Name, Thing], name: Callable[[Row], Name], make: Callable[[Row], Thing]
) -> dict[Name, Thing]:
    missing: dict[Name, Thing] = {}
    for row in rows:
        if name(row) not in known and name(row) not in missing:
            missing[name(row)] = make(row)
    return missing


def _created[Name](model: Any, things: dict[Name, Any]) -> dict[Name, Any]:
    model.objects.bulk_create(things.values())
    return things


@step
def _add_series(
    rows: Iterable[Row], known: _Known, starts_on: date, weeks: int, *, at: datetime
) -> list[Series]:
    series = [_series(row, known, starts_on, weeks) for row in rows]
    Series.objects.bulk_create(series)
    journal.record_many(
        "series.created",
        [(f"series:{each.pk}", None, _facts(each)) for each in series],
        at=at,
    )
    return series


def _series(row: Row, known: _Known, starts_on: date, weeks: int) -> Series:
    room, giver = known.room(row), known.giver(row)
    assert room is not None
    service = known.services[row.service.lower()]
    series = timetable.new_series(
        _terms(row, known, starts_on, weeks),
        service_id=service.pk,
        location_id=room.location_id,
        room_id=room.pk,
        practitioner_id=giver.pk if giver else None,
        import_key=f"{row.import_key}:{starts_on:%Y%m%d}",
    )
    series.service = service
    return series


def _facts(series: Series) -> dict[str, Any]:
    return {
        "service": series.service.name,
        "repeats": recurrence.in_words(queries.rule_of(series)),
        "starts_on": series.starts_on.isoformat(),
        "starts_time": f"{series.starts_time:%H:%M}",
        "sessions": series.count,
        "is_enabled": True,
    }


# -------------------------------------------------------------------------------------------- consequences


def _sessions(series: Sequence[Series], known: _Known) -> int:
    """How many sessions the worker will make: the dates that are no closed days."""
    dates = [(each.location_id, on) for each in series for on in recurrence.dates(queries.rule_of(each))]
    if not dates:
        return 0
    closed = closures.touching(min(on for _, on in dates), max(on for _, on in dates))
    return sum(
        not any(each.location_id in (None, location_id) for each in on_day(closed, on))
        for location_id, on in dates
    )


def _tell(result: dict[str, Any]) -> None:
    if result["series"]:
        tell(
            "places",
            f"{_count(result['series'], 'series')} added, with {_count(result['sessions'], 'session')}",
        )
    for noun in ("location", "room", "service"):
        if names := result[f"{noun}s"]:
            more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
            tell("places", f"{_count(len(names), noun)} added: {', '.join(names[:_MOST_NAMED])}{more}")
    if result["there_already"]:
        was = "was" if result["there_already"] == 1 else "were"
        tell("places", f"{_count(result['there_already'], 'series')} {was} there already")
    if result["skipped"]:
        tell("places", f"{_count(result['skipped'], 'row')} left out")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 or noun.endswith("s") else f"{number:,} {noun}s"
