"""The places and services that a timetable names: found by name, or added. A step of its import."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from scheduling.models import Location, Room, Service
from scheduling.rules.timetable import Row
from studio.audit.domain import journal
from studio.lib.consequences import tell
from studio.lib.refusals import Reason, Refused
from studio.lib.transactions import step

# Left blank in the file, a service gets what most group classes have.
USUAL_CAPACITY = 12


class OtherZone(Refused):
    """The file and the studio disagree about the time zone of a location."""

    code = "other_zone"


@dataclass(frozen=True, slots=True)
class Stock:
    """Ids by what the file calls things, whatever the case."""

    _locations: dict[str, int]
    _rooms: dict[tuple[int, str], int]
    _services: dict[str, int]

    def location_id(self, row: Row) -> int:
        return self._locations[row.location.casefold()]

    def room_id(self, row: Row) -> int:
        return self._rooms[self.location_id(row), row.room.casefold()]

    def service_id(self, row: Row) -> int:
        return self._services[row.service.casefold()]


@step
def add_missing(rows: Sequence[Row], *, at: datetime) -> Stock:
    """Find the locations, rooms and services of a timetable and add the ones that are missing.

    A new service takes places, cost, wage and duration from its earliest row; one that exists is left as it
    is. At most six statements for any number of rows.

    :raises OtherZone: when a location exists with another zone than in the file.
    """
    locations = _locations(rows, at)
    rooms = _rooms(rows, locations, at)
    return Stock(locations, rooms, _services(rows, at))


def _locations(rows: Sequence[Row], at: datetime) -> dict[str, int]:
    found = {location.name.casefold(): location for location in Location.objects.all()}
    wanted = {row.location.casefold(): row for row in reversed(rows)}
    reasons = [
        _other_zone(row, found[name]) for name, row in wanted.items() if _differs(row, found.get(name))
    ]
    if reasons:
        raise OtherZone(reasons)
    added = Location.objects.bulk_create(
        Location(name=row.location, time_zone=row.time_zone)
        for name, row in sorted(wanted.items())
        if name not in found
    )
    _record("location", added, at)
    return {location.name.casefold(): location.pk for location in [*found.values(), *added]}


def _rooms(rows: Sequence[Row], locations: dict[str, int], at: datetime) -> dict[tuple[int, str], int]:
    here = Room.objects.filter(location__in=set(locations.values()))
    found = {(room.location_id, room.name.casefold()): room.pk for room in here}
    wanted = {(locations[row.location.casefold()], row.room.casefold()): row.room for row in reversed(rows)}
    added = Room.objects.bulk_create(
        Room(location_id=location_id, name=name)
        for (location_id, key), name in sorted(wanted.items())
        if (location_id, key) not in found
    )
    _record("room", added, at)
    return found | {(room.location_id, room.name.casefold()): room.pk for room in added}


def _services(rows: Sequence[Row], at: datetime) -> dict[str, int]:
    found = {name.casefold(): id for id, name in Service.objects.values_list("id", "name")}
    wanted = {row.service.casefold(): row for row in reversed(rows)}
    added = Service.objects.bulk_create(
        Service(
            name=row.service,
            capacity=row.capacity or USUAL_CAPACITY,
            duration_minutes=row.duration_minutes,
            cost_minor=row.cost_minor or 0,
            wage_minor=row.wage_minor or 0,
        )
        for name, row in sorted(wanted.items())
        if name not in found
    )
    _record("service", added, at)
    return found | {service.name.casefold(): service.pk for service in added}


def _differs(row: Row, location: Location | None) -> bool:
    return location is not None and location.time_zone != row.time_zone


def _other_zone(row: Row, location: Location) -> Reason:
    return Reason(
        "other_zone",
        f"{location.name} is in {location.time_zone}, and in {row.time_zone} in the file's row {row.number}.",
        f"Write {location.time_zone} in the file.",
        {"row": row.number, "time_zone": location.time_zone},
        "time_zone",
    )


def _record(noun: str, added: Iterable[Location | Room | Service], at: datetime) -> None:
    rows = list(added)
    if rows:
        journal.record_many(
            f"{noun}.added", [(f"{noun}:{row.pk}", None, {"name": row.name}) for row in rows], at=at
        )
        names = ", ".join(row.name for row in rows[:5]) + (" …" if len(rows) > 5 else "")
        tell("places", f"{len(rows)} {noun}{'s' if len(rows) > 1 else ''} added: {names}")
