"""What a location, a room and a service must be before they are saved. Every failing reason, by its field."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from studio.lib import localtime
from studio.lib.refusals import Reason
from studio.people.rules.permissions import Actor, Capability

LONGEST_NAME = 80
LONGEST_DESCRIPTION = 5000
MOST_CAPACITY = 10_000
LONGEST_MINUTES = 24 * 60
PRICINGS = ("fixed", "hourly")

ONLY_SETTINGS = Reason(
    "only_settings",
    "Only people who may change settings can change locations, rooms and services.",
    "Ask an admin to do it.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTerms:
    """What a service is (S3-97). Amounts in minor units, duration in minutes, ``hue`` a colour's angle."""

    name: str
    description: str = ""
    pricing: str = "fixed"
    cost_minor: int = 0
    wage_minor: int = 0
    capacity: int = 12
    duration_minutes: int = 60
    members_may_book: bool = True
    hue: int | None = None


def why_not_change(actor: Actor) -> list[Reason]:
    """Places and prices are settings."""
    return [] if actor.may(Capability.CHANGE_SETTINGS) else [ONLY_SETTINGS]


def why_not_location(
    name: str, time_zone: str, *, other_names: Collection[str], held_in: str | None = None, series: int = 0
) -> list[Reason]:
    """``held_in`` is the zone that the location has had until now, ``series`` how many are held there."""
    reasons = list(_name("location", name, other_names))
    try:
        localtime.zone_named(time_zone)
    except localtime.UnknownZone:
        reasons.append(
            Reason(
                "unknown_zone",
                f"“{time_zone}” is not a time zone." if time_zone else "No time zone is chosen.",
                "Choose one such as Europe/London.",
                {"time_zone": time_zone},
                "time_zone",
            )
        )
    if held_in not in (None, time_zone) and series:
        reasons.append(
            Reason(
                "zone_in_use",
                f"{series} series {'is' if series == 1 else 'are'} held here by the clocks of {held_in}.",
                "Add a new location for the other time zone.",
                {"series": series, "time_zone": held_in},
                "time_zone",
            )
        )
    return reasons


def why_not_room(
    name: str, capacity: int | None, *, other_names: Collection[str], moves: bool = False, uses: int = 0
) -> list[Reason]:
    """``moves`` when the room would change its location; ``uses`` counts what holds or has held it."""
    reasons = list(_name("room", name, other_names))
    if capacity is not None:
        reasons += _within("capacity", "A room's capacity", capacity, 1, MOST_CAPACITY)
    if moves and uses:
        reasons.append(
            Reason(
                "room_in_use",
                "This room has been used at its location.",
                "Add a new room at the other location.",
                {"uses": uses},
                "location_id",
            )
        )
    return reasons


def why_not_service(terms: ServiceTerms, *, other_names: Collection[str]) -> list[Reason]:
    """Fixed or hourly, priced from 0, for somebody, for a while (S3-97)."""
    reasons = list(_name("service", terms.name, other_names))
    if len(terms.description) > LONGEST_DESCRIPTION:
        reasons.append(
            Reason(
                "description_too_long",
                f"The description has {len(terms.description)} characters.",
                f"Use at most {LONGEST_DESCRIPTION}.",
                field="description",
            )
        )
    if terms.pricing not in PRICINGS:
        reasons.append(
            Reason(
                "unknown_pricing",
                "A service is priced per session or per hour.",
                "Choose one.",
                field="pricing",
            )
        )
    reasons += _amount("cost_minor", "The cost", terms.cost_minor)
    reasons += _amount("wage_minor", "The wage", terms.wage_minor)
    reasons += _within("capacity", "The number of places", terms.capacity, 1, MOST_CAPACITY)
    reasons += _within(
        "duration_minutes", "The duration in minutes", terms.duration_minutes, 1, LONGEST_MINUTES
    )
    if terms.hue is not None:
        reasons += _within("hue", "The hue", terms.hue, 0, 359)
    return reasons


def tidy(name: str) -> str:
    """A name without surplus spaces."""
    return " ".join(name.split())


def _name(noun: str, name: str, other_names: Collection[str]) -> Iterator[Reason]:
    if not name:
        yield Reason("no_name", f"A {noun} needs a name.", "Type it.", field="name")
    elif len(name) > LONGEST_NAME:
        text = f"The name has {len(name)} characters."
        yield Reason("name_too_long", text, f"Use at most {LONGEST_NAME}.", {"length": len(name)}, "name")
    elif name.lower() in other_names:
        yield name_taken(noun, name)


def name_taken(noun: str, name: str) -> Reason:
    """The reason that the database gives too, when two people save the same name at once."""
    where = " at this location" if noun == "room" else ""
    return Reason(
        "name_taken",
        f"There is a {noun} called “{name}”{where} already.",
        "Choose another name, or change the one that is there.",
        {"name": name},
        "name",
    )


def _within(field: str, what: str, value: int, least: int, most: int) -> Iterator[Reason]:
    if not least <= value <= most:
        yield Reason(
            "out_of_range",
            f"{what} cannot be {value}.",
            f"Type a number from {least} to {most}.",
            {"value": value, "least": least, "most": most},
            field,
        )


def _amount(field: str, what: str, minor: int) -> Iterator[Reason]:
    if minor < 0:
        yield Reason(
            "below_zero", f"{what} is below zero.", "Type an amount from 0.", {"minor": minor}, field
        )
