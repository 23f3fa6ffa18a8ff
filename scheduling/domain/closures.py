"""Verbs about closures: days on which the business, or a location, is closed (S3-48, X-51)."""

from __future__ import annotations

from datetime import date, datetime

from scheduling.models import Closure, Location
from scheduling.queries import closures as queries
from scheduling.rules import closures as rule
from studio.audit.domain import journal, operations
from studio.audit.domain.operations import recorded, undoable
from studio.lib.consequences import tell
from studio.lib.refusals import NotFound, Refused
from studio.lib.transactions import use_case
from studio.people.rules.permissions import Actor


class CannotClose(Refused):
    """The closure cannot be added or removed; every reason is listed."""

    code = "cannot_close"


@undoable
@use_case
@recorded("closure.add")
def add(
    *,
    name: str,
    starts_on: date | str,
    ends_on: date | str,
    location_id: int | None = None,
    by: Actor,
    at: datetime,
) -> int:
    """Close a location, or without ``location_id`` the whole business, for days with both ends included.

    Nothing is canceled: sessions on these days are flagged, members cannot book them, staff are warned.
    Dates may be ISO text, which is how the undoing of a removal carries them. Returns the closure's id.

    :raises CannotClose: with every failing reason.
    """
    location = None if location_id is None else Location.objects.filter(pk=location_id).first()
    if location_id is not None and location is None:
        raise NotFound("location")
    name, starts_on, ends_on = " ".join(name.split()), _day(starts_on), _day(ends_on)
    same = queries.same(starts_on, ends_on, location_id=location_id)
    reasons = rule.why_not_change(by) + rule.why_not_close(name, starts_on, ends_on, same=same)
    if reasons:
        raise CannotClose(reasons)
    closure = Closure.objects.create(name=name, starts_on=starts_on, ends_on=ends_on, location=location)
    _record("closure.added", closure, at)
    days = rule.days_in_words(starts_on, ends_on)
    tell("places", f"Members cannot book {location or 'anywhere'} {days}; sessions on these days stay")
    operations.can_be_undone_by("closure.remove", closure_id=closure.pk)
    return closure.pk


@undoable
@use_case
@recorded("closure.remove")
def remove(*, closure_id: int, by: Actor, at: datetime) -> int:
    """Open again: the days can be booked as before. Returns the id of what was removed.

    :raises CannotClose: if this actor may not.
    """
    # A closure is not locked for the sake of others: removing it twice finds it gone.
    closure = (
        Closure.objects.select_related("location")
        .select_for_update(of=("self",))
        .filter(pk=closure_id)
        .first()
    )
    if closure is None:
        raise NotFound("closure")
    if reasons := rule.why_not_change(by):
        raise CannotClose(reasons)
    closure.delete()
    closure.pk = closure_id
    _record("closure.removed", closure, at)
    days = rule.days_in_words(closure.starts_on, closure.ends_on)
    tell("places", f"Members can book {closure.location or 'everywhere'} again {days}")
    operations.can_be_undone_by(
        "closure.add",
        name=closure.name,
        starts_on=closure.starts_on,
        ends_on=closure.ends_on,
        location_id=closure.location_id,
    )
    return closure_id


def _day(day: date | str) -> date:
    return date.fromisoformat(day) if isinstance(day, str) else day


def _record(verb: str, closure: Closure, at: datetime) -> None:
    journal.record(
        verb,
        at=at,
        subject=f"closure:{closure.pk}",
        name=closure.name,
        starts_on=closure.starts_on.isoformat(),
        ends_on=closure.ends_on.isoformat(),
        location=closure.location_id,
    )
