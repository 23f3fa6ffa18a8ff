"""Verbs about places and services: add them and change them (S3-84, S3-97)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import IntegrityError, models
from django.db.models.functions import Lower

from scheduling.models import Location, Room, Series, Service, Slot
from scheduling.rules import inventory as rule
from scheduling.rules.inventory import ServiceTerms
from studio.audit.domain import journal, operations
from studio.audit.domain.operations import recorded, undoable
from studio.lib import money
from studio.lib.consequences import anyone_listens, tell
from studio.lib.refusals import NotFound, Reason, Refused
from studio.lib.transactions import use_case
from studio.people.models import Studio
from studio.people.rules.permissions import Actor


class CannotSave(Refused):
    """This location, room or service cannot be like that; every reason names its field."""

    code = "cannot_save"


@undoable
@use_case
@recorded("location.save")
def save_location(
    *,
    name: str,
    time_zone: str,
    members_may_book: bool = True,
    location_id: int | None = None,
    by: Actor,
    at: datetime,
) -> int:
    """Add a location, or change the one with ``location_id``. Returns its id.

    Its zone decides the local time of everything held there; once series are held, it stays.

    :raises CannotSave: with every failing reason.
    """
    location = _locked(Location, location_id, "location")
    name = rule.tidy(name)
    _refuse(
        rule.why_not_change(by)
        + rule.why_not_location(
            name,
            time_zone,
            other_names=_names(Location.objects.all(), location),
            held_in=location.time_zone or None,
            series=Series.objects.filter(location=location_id).count() if location_id else 0,
        )
    )
    wanted = {"name": name, "time_zone": time_zone, "members_may_book": members_may_book}
    return _save(location, "location", wanted, at=at)


@undoable
@use_case
@recorded("room.save")
def save_room(
    *,
    location_id: int,
    name: str,
    capacity: int | None = None,
    room_id: int | None = None,
    by: Actor,
    at: datetime,
) -> int:
    """Add a room to a location, or change the one with ``room_id``. Returns its id.

    Without a capacity it limits nobody. A room that was used stays at its location.

    :raises CannotSave: with every failing reason.
    """
    room = _locked(Room, room_id, "room")
    if not Location.objects.filter(pk=location_id).exists():
        raise NotFound("location")
    name = rule.tidy(name)
    moves = room_id is not None and room.location_id != location_id
    _refuse(
        rule.why_not_change(by)
        + rule.why_not_room(
            name,
            capacity,
            other_names=_names(Room.objects.filter(location=location_id), room),
            moves=moves,
            uses=_uses(room) if moves else 0,
        )
    )
    wanted = {"name": name, "location_id": location_id, "capacity": capacity}
    return _save(room, "room", wanted, at=at)


@undoable
@use_case
@recorded("service.save")
def save_service(
    *,
    name: str,
    description: str = "",
    pricing: str = "fixed",
    cost_minor: int = 0,
    wage_minor: int = 0,
    capacity: int = 12,
    duration_minutes: int = 60,
    members_may_book: bool = True,
    hue: int | None = None,
    service_id: int | None = None,
    by: Actor,
    at: datetime,
) -> int:
    """Add a service, or change the one with ``service_id`` (S3-97). Returns its id.

    What is booked already keeps its price, and sessions keep their places and times.

    :raises CannotSave: with every failing reason.
    """
    service = _locked(Service, service_id, "service")
    terms = ServiceTerms(
        name=rule.tidy(name),
        description=description.strip(),
        pricing=pricing,
        cost_minor=cost_minor,
        wage_minor=wage_minor,
        capacity=capacity,
        duration_minutes=duration_minutes,
        members_may_book=members_may_book,
        hue=hue,
    )
    other_names = _names(Service.objects.all(), service)
    _refuse(rule.why_not_change(by) + rule.why_not_service(terms, other_names=other_names))
    if service_id is not None and anyone_listens():
        _tell_new_price(service, terms)
    return _save(service, "service", asdict(terms), at=at)


def _locked[Row: (Location, Room, Service)](model: type[Row], id: int | None, noun: str) -> Row:
    """The row held until the transaction ends, or a new one."""
    if id is None:
        return model()
    row = model.objects.select_for_update(no_key=True).filter(pk=id).first()
    if row is None:
        raise NotFound(noun)
    return row


def _names(rows: models.QuerySet[Any], besides: models.Model) -> set[str]:
    others = rows if besides.pk is None else rows.exclude(pk=besides.pk)
    return set(others.values_list(Lower("name"), flat=True))


def _uses(room: Room) -> int:
    return Slot.objects.filter(room=room).count() + Series.objects.filter(room=room).count()


def _refuse(reasons: Iterable[Reason]) -> None:
    if found := list(reasons):
        raise CannotSave(found)


def _save(row: Location | Room | Service, noun: str, wanted: dict[str, Any], *, at: datetime) -> int:
    """Write what differs, and record it. An edit can be undone; an addition stays, things refer to it."""
    before = {field: getattr(row, field) for field in wanted}
    is_new = row.pk is None
    changed = sorted(wanted if is_new else (field for field in wanted if wanted[field] != before[field]))
    for field in changed:
        setattr(row, field, wanted[field])
    try:
        if is_new:
            row.save(force_insert=True)
        elif changed:
            row.save(update_fields=changed)
    except IntegrityError as error:
        # Somebody else saved the same name since it was checked.
        if "name_once" not in str(error):  # pragma: no cover - no rule above lets another one be violated
            raise
        raise CannotSave(rule.name_taken(noun, wanted["name"])) from None
    if is_new:
        journal.record(f"{noun}.added", at=at, subject=f"{noun}:{row.pk}", name=wanted["name"])
    elif changed:
        values = {field: wanted[field] for field in changed}
        journal.record(
            f"{noun}.changed", at=at, subject=f"{noun}:{row.pk}", name=wanted["name"], changed=values
        )
        operations.can_be_undone_by(f"{noun}.save", **{f"{noun}_id": row.pk}, **before)
    return row.pk


def _tell_new_price(service: Service, terms: ServiceTerms) -> None:
    if (service.pricing, service.cost_minor) == (terms.pricing, terms.cost_minor):
        return
    currency = Studio.objects.current().currency
    old, new = (
        f"{money.shown(minor, currency)} {'an hour' if pricing == 'hourly' else 'a session'}"
        for minor, pricing in ((service.cost_minor, service.pricing), (terms.cost_minor, terms.pricing))
    )
    tell("money", f"{terms.name} costs {new} instead of {old}; what is booked keeps its price")
