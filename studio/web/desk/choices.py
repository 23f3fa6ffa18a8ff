"""What selects offer: services, places with their rooms, and the people who give sessions."""

from __future__ import annotations

from dataclasses import dataclass

from scheduling.queries import inventory
from scheduling.queries.inventory import LocationRow, ServiceRow
from studio.people.queries import people

Choice = tuple[str, str]
Choices = list[Choice | tuple[str, list[Choice]]]


@dataclass(frozen=True, slots=True)
class Stock:
    """Everything a form about sessions chooses from: four statements, read once per request."""

    locations: tuple[LocationRow, ...]
    services: tuple[ServiceRow, ...]
    givers: tuple[tuple[int, str], ...]

    def service(self, service_id: int) -> ServiceRow | None:
        return next((row for row in self.services if row.id == service_id), None)

    def zones(self) -> list[str]:
        """Every time zone in which something is held."""
        return sorted({location.time_zone for location in self.locations})

    def service_choices(self) -> Choices:
        return [(str(row.id), row.name) for row in self.services]

    def location_choices(self) -> Choices:
        return [(str(row.id), row.name) for row in self.locations]

    def room_choices(self) -> Choices:
        """Rooms under their locations; alone when there is one location only."""
        groups = [
            (row.name, [(str(room.id), room.name) for room in row.rooms])
            for row in self.locations
            if row.rooms
        ]
        return list(groups[0][1]) if len(groups) == 1 else list(groups)

    def place_choices(self) -> Choices:
        """A location's rooms, and the location without a room, as one choice: ``12.5``, ``12.``."""
        return [
            (
                location.name,
                [
                    *(
                        (f"{location.id}.{room.id}", _with_capacity(room.name, room.capacity))
                        for room in location.rooms
                    ),
                    (f"{location.id}.", "No room"),
                ],
            )
            for location in self.locations
        ]

    def giver_choices(self) -> Choices:
        return [(str(person_id), name) for person_id, name in self.givers]


def stock() -> Stock:
    return Stock(tuple(inventory.locations()), tuple(inventory.services()), tuple(people.givers()))


def _with_capacity(name: str, capacity: int | None) -> str:
    return f"{name} (holds {capacity})" if capacity else name
