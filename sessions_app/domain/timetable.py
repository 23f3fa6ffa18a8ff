"""Series: planned, enabled, withdrawn. Their sessions are made by :mod:`sessions_app.domain.expansion`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time

from django.db import IntegrityError, connection
from django.db.models import F

from scheduling.models import Location, Room, Series, SeriesSkip, Service
from scheduling.rules import recurrence
from scheduling.rules.recurrence import Frequency, MonthlyKind, Rule
from sessions_app.models import Session
from sessions_app.queries import timetable as queries
from sessions_app.rules import timetable as rule
from sessions_app.rules.timetable import Decided, GiverFacts, RoomFacts, SeriesTerms
from studio.audit.domain import journal, operations
from studio.audit.domain.operations import recorded, undoable
from studio.lib import localtime
from studio.lib.consequences import anyone_listens, tell
from studio.lib.nudge import nudge
from studio.lib.refusals import NotFound, Reason, Refused
from studio.lib.transactions import step, use_case
from studio.people.models import Person
from studio.people.rules.permissions import Actor, Capability

EXPAND = "sessions_app.tasks.expand_series"
_MOST_TOLD = 12

_FREE_SLOTS = """
    DELETE FROM scheduling_slot USING unnest(%s::bigint[]) AS freed(id) WHERE holder = 'session:' || freed.id
"""


class CannotSchedule(Refused):
    """The series cannot be like that; every reason names its field."""

    code = "cannot_schedule"


class CannotWithdraw(Refused):
    """The series cannot be withdrawn."""

    code = "cannot_withdraw"


@use_case
@recorded("series.create")
def create_series(
    *,
    service_id: int,
    location_id: int,
    room_id: int | None = None,
    practitioner_id: int | None = None,
    weekdays: Sequence[int] = (),
    frequency: Frequency = "weekly",
    monthly_kind: MonthlyKind = "weekday",
    every: int = 1,
    starts_on: date,
    starts_time: time,
    duration_minutes: int | None = None,
    count: int | None = None,
    until: date | None = None,
    capacity: int | None = None,
    is_enabled: bool = True,
    public_note: str = "",
    staff_note: str = "",
    cost_minor: int | None = None,
    wage_minor: int | None = None,
    skip_on: Sequence[date] = (),
    keep_on: Sequence[date] = (),
    import_key: str | None = None,
    by: Actor,
    at: datetime,
) -> int:
    """Plan sessions that repeat; the worker makes them at once (S3-03…S3-08, X-16…X-19).

    Returns the series' id.
    Length and places are the service's unless given. ``skip_on`` are dates to leave out, ``keep_on`` closed
    days on which it is held all the same. Other closed days, and dates on which the room or the practitioner
    is in use, are left out, and it is said so. A series that is not enabled is a draft and creates nothing.

    :raises CannotSchedule: with every failing reason.
    """
    service, location = _service(service_id), _location(location_id)
    room = None if room_id is None else _room(room_id)
    practitioner = None if practitioner_id is None else _giver(practitioner_id)
    repeats = Rule(
        weekdays=tuple(sorted(set(weekdays))),
        starts_on=starts_on,
        frequency=frequency,
        monthly_kind=monthly_kind,
        every=every,
        count=count,
        until=until,
    )
    terms = SeriesTerms(
        rule=repeats,
        starts_time=starts_time,
        duration_minutes=service.duration_minutes if duration_minutes is None else duration_minutes,
        capacity=_places(service, room) if capacity is None else capacity,
        cost_minor=cost_minor,
        wage_minor=wage_minor,
        public_note=public_note.strip(),
        staff_note=staff_note.strip(),
    )
    _refuse(_why_not(terms, location, room, practitioner, by))
    series = new_series(
        terms,
        service_id=service.pk,
        location_id=location.pk,
        room_id=room_id,
        practitioner_id=practitioner_id,
        is_enabled=is_enabled,
        import_key=import_key,
    )
    decided = _decide(series, skip_on=skip_on, keep_on=keep_on)
    series.kept_on = sorted(on for on in keep_on if on in {each.on for each in decided.held})
    _save(series)
    SeriesSkip.objects.bulk_create(
        SeriesSkip(series=series, on=each.on, reason=each.reason)
        for each in decided.left_out
        if each.reason == rule.CHOSEN
    )
    _record("series.created", series, service, location, decided, at=at)
    operations.can_be_undone_by("series.withdraw", series_ids=[series.pk])
    return series.pk


@use_case
@recorded("series.enable")
def enable_series(*, series_id: int, by: Actor, at: datetime) -> int:
    """Apply a draft: its sessions are made now (S3-06, X-18). Returns the series' id.

    :raises CannotSchedule: if it is no draft, or nothing would be left of it.
    """
    series = _locked([series_id])[0]
    _refuse([*_why_not_may(series.practitioner_id, by), *_why_not_enable(series)])
    skipped = SeriesSkip.objects.filter(series=series).values_list("on", flat=True)
    decided = _decide(series, skip_on=list(skipped), keep_on=series.kept_on)
    series.is_enabled = True
    series.save(update_fields=["is_enabled"])
    _record("series.enabled", series, series.service, series.location, decided, at=at)
    operations.can_be_undone_by("series.withdraw", series_ids=[series.pk])
    return series.pk


@undoable
@use_case
@recorded("series.withdraw")
def withdraw_series(*, series_ids: Sequence[int], by: Actor, at: datetime) -> int:
    """Take series back: what is still to come and nobody has booked is deleted. Returns how many sessions.

    Sessions with people in them stay, and so does the past. There is no inverse: whoever wants the series
    again makes it again, under the eyes of the conflicts of then.

    :raises CannotWithdraw: if this actor may not.
    """
    series = _locked(series_ids)
    for each in series:
        if reasons := list(_why_not_may(each.practitioner_id, by)):
            raise CannotWithdraw(reasons)
    coming = list(
        Session.objects.select_for_update(no_key=True)
        .filter(series__in=series, starts_at__gt=at, deleted_at=None, canceled_at=None)
        .order_by("pk")
    )
    empty = {session.pk: session.series_id for session in coming if session.booked == 0}
    Session.objects.filter(pk__in=empty).update(deleted_at=at, version=F("version") + 1)
    with connection.cursor() as cursor:
        cursor.execute(_FREE_SLOTS, [list(empty)])
    deleted = Counter(empty.values())
    for each in series:
        each.is_enabled = False
        # What was withdrawn is no draft, and the same timetable may be imported again.
        each.expanded_through = recurrence.last_on(queries.rule_of(each))
        each.import_key = None
    Series.objects.bulk_update(series, ["is_enabled", "expanded_through", "import_key"])
    journal.record_many(
        "series.withdrawn",
        [(f"series:{each.pk}", None, {"sessions": deleted[each.pk]}) for each in series],
        at=at,
    )
    _tell_withdrawn(len(empty), len(coming) - len(empty))
    return len(empty)


@step
def new_series(
    terms: SeriesTerms,
    *,
    service_id: int,
    location_id: int,
    room_id: int | None,
    practitioner_id: int | None,
    is_enabled: bool = True,
    import_key: str | None = None,
) -> Series:
    """A series of these terms, not yet saved."""
    return Series(
        service_id=service_id,
        location_id=location_id,
        room_id=room_id,
        practitioner_id=practitioner_id,
        weekdays=list(terms.rule.weekdays) or [terms.rule.starts_on.weekday()],
        frequency=terms.rule.frequency,
        monthly_kind=terms.rule.monthly_kind,
        every=terms.rule.every,
        starts_on=terms.rule.starts_on,
        starts_time=terms.starts_time,
        duration_minutes=terms.duration_minutes,
        count=terms.rule.count,
        until=terms.rule.until,
        is_enabled=is_enabled,
        capacity=terms.capacity,
        public_note=terms.public_note,
        staff_note=terms.staff_note,
        cost_minor=terms.cost_minor,
        wage_minor=terms.wage_minor,
        import_key=import_key,
    )


# ------------------------------------------------------------------------------------------------- reasons


def _why_not(
    terms: SeriesTerms, location: Location, room: Room | None, giver: Person | None, by: Actor
) -> list[Reason]:
    return [
        *_why_not_may(giver.pk if giver else None, by),
        *rule.why_not_schedule(
            terms,
            room=RoomFacts(room.name, room.capacity, room.location_id == location.pk) if room else None,
            practitioner=GiverFacts(giver.name, giver.role, giver.is_active) if giver else None,
        ),
    ]


def _why_not_may(practitioner_id: int | None, by: Actor) -> Iterable[Reason]:
    is_own = practitioner_id is not None and practitioner_id == by.person_id
    if not by.may(Capability.ADD_SESSIONS, own=is_own):
        yield Reason(
            "not_yours", "Only the desk can plan sessions for others.", "Choose yourself, or ask the desk."
        )


def _why_not_enable(series: Series) -> Iterable[Reason]:
    if series.is_enabled:
        yield Reason("enabled_already", "This series is enabled already.", "See its sessions.")
    elif series.expanded_through is not None:
        yield Reason("withdrawn", "This series was withdrawn.", "Make a new one.")


def _refuse(reasons: Iterable[Reason]) -> None:
    if found := list(reasons):
        raise CannotSchedule(found)


# --------------------------------------------------------------------------------------------------- facts


def _service(service_id: int) -> Service:
    return _found(Service.objects.filter(pk=service_id).first(), "service")


def _location(location_id: int) -> Location:
    return _found(Location.objects.filter(pk=location_id).first(), "location")


def _room(room_id: int) -> Room:
    return _found(Room.objects.filter(pk=room_id).first(), "room")


def _giver(person_id: int) -> Person:
    return _found(Person.objects.filter(pk=person_id).first(), "practitioner")


def _found[Row](row: Row | None, noun: str) -> Row:
    if row is None:
        raise NotFound(noun)
    return row


def _places(service: Service, room: Room | None) -> int:
    """How many places a series has when nobody says: the service's, and no more than the room holds."""
    return min(service.capacity, room.capacity) if room and room.capacity else service.capacity


def _locked(series_ids: Sequence[int]) -> list[Series]:
    found = list(
        Series.objects.select_for_update(of=("self",), no_key=True)
        .select_related("service", "location")
        .filter(pk__in=series_ids)
        .order_by("pk")
    )
    if len(found) != len(set(series_ids)):
        raise NotFound("series")
    return found


# ------------------------------------------------------------------------------------------------ decision


def _decide(series: Series, *, skip_on: Sequence[date], keep_on: Sequence[date]) -> Decided:
    """What would become of every date now: the look that the worker takes when something is in the way."""
    dates = queries.planned_dates(
        queries.rule_of(series),
        starts_time=series.starts_time,
        duration_minutes=series.duration_minutes,
        location_id=series.location_id,
        room_id=series.room_id,
        practitioner_id=series.practitioner_id,
    )
    decided = rule.decide(dates, skip_on=skip_on, keep_on=keep_on)
    if not decided.held:
        reasons = {each.reason: each.on for each in decided.left_out}
        raise CannotSchedule(
            Reason(
                "nothing_left",
                f"No date is left: {'; '.join(list(reasons)[:3])}.",
                "Choose another time, room or practitioner, or keep some of the dates.",
                {"left_out": len(decided.left_out)},
                "starts_on",
            )
        )
    return decided


def _save(series: Series) -> None:
    try:
        series.save(force_insert=True)
    except IntegrityError as error:
        # Everything else that the table demands was checked before.
        raise CannotSchedule(
            Reason("imported_already", "This row of the timetable is there already.", "See the series.")
        ) from error


def _record(
    verb: str, series: Series, service: Service, location: Location, decided: Decided, *, at: datetime
) -> None:
    repeats = recurrence.in_words(queries.rule_of(series))
    journal.record(
        verb,
        at=at,
        subject=f"series:{series.pk}",
        service=service.name,
        location=location.name,
        repeats=repeats,
        starts_on=series.starts_on.isoformat(),
        starts_time=f"{series.starts_time:%H:%M}",
        sessions=len(decided.held),
        left_out=len(decided.left_out),
        is_enabled=series.is_enabled,
    )
    if series.is_enabled:
        nudge(EXPAND)
    if anyone_listens():
        _tell_dates(series, f"{service.name}, {repeats} {series.starts_time:%H:%M}", decided)


def _tell_dates(series: Series, what: str, decided: Decided) -> None:
    held, left_out = decided.held, decided.left_out
    first, last = localtime.spoken(held[0].on), localtime.spoken(held[-1].on)
    span = f"on {first}" if len(held) == 1 else f"from {first} to {last}"
    if not series.is_enabled:
        tell(
            "places",
            f"A draft of {_sessions(len(held))} is kept, {span}. Nothing is created until it is enabled",
        )
        return
    skipped = f", {len(left_out)} skipped" if left_out else ""
    tell("places", f"{_sessions(len(held))}{skipped}: {what}, {span}")
    for each in left_out[:_MOST_TOLD]:
        tell("places", f"{localtime.spoken(each.on)} is skipped: {each.reason}")
    if len(left_out) > _MOST_TOLD:
        tell("places", f"{len(left_out) - _MOST_TOLD} more dates are skipped")


def _tell_withdrawn(deleted: int, stay: int) -> None:
    tell("places", f"{_sessions(deleted)} to come {'is' if deleted == 1 else 'are'} deleted")
    if stay:
        tell("places", f"{_sessions(stay)} {'stays' if stay == 1 else 'stay'}: people have booked")


def _sessions(count: int) -> str:
    return "1 session" if count == 1 else f"{count} sessions"
