"""Days on which the business, or one of its locations, is closed (S3-48)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from scheduling.rules.inventory import LONGEST_NAME
from scheduling.rules.recurrence import LATEST_ON
from studio.lib import localtime
from studio.lib.refusals import Reason
from studio.people.rules.permissions import Actor, Capability

LONGEST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Closed:
    """A closure: its days, both included. ``location_id`` is None when everything is closed."""

    id: int
    name: str
    starts_on: date
    ends_on: date
    location_id: int | None
    location: str | None

    @property
    def where(self) -> str:
        return self.location or "everywhere"


def why_not_change(actor: Actor) -> list[Reason]:
    """Closures are for admins and staff."""
    if actor.may(Capability.MANAGE_CLOSURES):
        return []
    return [Reason("only_the_desk", "Only the desk can add and remove closures.", "Ask the desk.")]


def why_not_close(name: str, starts_on: date, ends_on: date, *, same: Iterable[Closed] = ()) -> list[Reason]:
    """Every reason against a closure; ``same`` are closures of the same days and place that exist already."""
    reasons = []
    if not name:
        reasons.append(
            Reason("no_name", "A closure needs a name, which everybody sees.", "Type it.", field="name")
        )
    elif len(name) > LONGEST_NAME:
        text = f"The name has {len(name)} characters."
        reasons.append(Reason("name_too_long", text, f"Use at most {LONGEST_NAME}.", field="name"))
    facts = {"starts_on": starts_on.isoformat(), "ends_on": ends_on.isoformat()}
    if ends_on < starts_on:
        days = localtime.spoken(ends_on), localtime.spoken(starts_on)
        text = f"The last closed day, {days[0]}, is before the first, {days[1]}."
        reasons.append(Reason("ends_before_start", text, "Choose a later last day.", facts, "ends_on"))
    elif (ends_on - starts_on).days >= LONGEST_DAYS or ends_on > LATEST_ON:
        text = f"From {localtime.spoken(starts_on)} to {localtime.spoken(ends_on)} is longer than a year."
        if ends_on > LATEST_ON:
            text = f"{localtime.spoken(ends_on)} is too far ahead."
        reasons.append(Reason("closed_too_long", text, "Choose an earlier last day.", facts, "ends_on"))
    for closed in same:
        text = f"These days are closed already: {closed.name}, {closed.where}."
        reasons.append(
            Reason("closed_already", text, "Remove that closure first, or keep it.", facts, "starts_on")
        )
    return reasons


def on_day(closures: Iterable[Closed], day: date) -> list[Closed]:
    """The closures that a day is in."""
    return [closed for closed in closures if closed.starts_on <= day <= closed.ends_on]


def days_in_words(starts_on: date, ends_on: date) -> str:
    """“on Fri 25 Dec 2026”, “from Fri 25 Dec 2026 to Sat 26 Dec 2026”."""
    if starts_on == ends_on:
        return f"on {localtime.spoken(starts_on)}"
    return f"from {localtime.spoken(starts_on)} to {localtime.spoken(ends_on)}"
