"""Locations, rooms and services as pages and forms show them: one or two statements for any number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Count, QuerySet

from scheduling.models import Location, Room, Service


class RoomRow(NamedTuple):
    """A room; without a capacity it limits nobody."""

    id: int
    name: str
    capacity: int | None
    location_id: int


@dataclass(frozen=True, slots=True)
class LocationRow:
    """A location with its rooms, by name."""

    id: int
    name: str
    time_zone: str
    members_may_book: bool
    rooms: tuple[RoomRow, ...]


class ServiceRow(NamedTuple):
    """A service with its terms; amounts in minor units. ``series`` counts what is held of it."""

    id: int
    name: str
    description: str
    pricing: str
    cost_minor: int
    wage_minor: int
    capacity: int
    duration_minutes: int
    members_may_book: bool
    hue: int | None
    series: int


def locations(*, bookable_only: bool = False) -> list[LocationRow]:
    """Every location with its rooms, by name: two statements. Members see the bookable ones (S3-84)."""
    found = Location.objects.filter(members_may_book=True) if bookable_only else Location.objects.all()
    return _with_rooms(found.order_by("name", "id"))


def location(location_id: int) -> LocationRow | None:
    """One location with its rooms; None when there is no such location."""
    rows = _with_rooms(Location.objects.filter(pk=location_id))
    return rows[0] if rows else None


def room(room_id: int) -> RoomRow | None:
    """One room; None when there is no such room."""
    row = Room.objects.filter(pk=room_id).values_list(*RoomRow._fields).first()
    return RoomRow(*row) if row else None


def services(*, bookable_only: bool = False) -> list[ServiceRow]:
    """Every service, by name: one statement. Members see the bookable ones (S3-84)."""
    found = Service.objects.filter(members_may_book=True) if bookable_only else Service.objects.all()
    rows = found.annotate(held=Count("series")).order_by("name", "id")
    return [ServiceRow(*row) for row in rows.values_list(*ServiceRow._fields[:-1], "held")]


def service(service_id: int) -> ServiceRow | None:
    """One service; None when there is no such service."""
    rows = Service.objects.filter(pk=service_id).annotate(held=Count("series"))
    row = rows.values_list(*ServiceRow._fields[:-1], "held").first()
    return ServiceRow(*row) if row else None


def _with_rooms(found: QuerySet[Location]) -> list[LocationRow]:
    rows = list(found)
    rooms: dict[int, list[RoomRow]] = {row.pk: [] for row in rows}
    for values in Room.objects.filter(location__in=rows).order_by("name", "id").values_list(*RoomRow._fields):
        rooms[values[-1]].append(RoomRow(*values))
    return [
        LocationRow(row.pk, row.name, row.time_zone, row.members_may_book, tuple(rooms[row.pk]))
        for row in rows
    ]
