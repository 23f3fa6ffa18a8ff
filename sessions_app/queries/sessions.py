"""Sessions for lists, for their own page, and how they can end."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Prefetch, Q, QuerySet

from sessions_app.models import Booking, CompletionType, Outcome, Session
from sessions_app.rules import completion, states
from studio.people.rules.permissions import Actor

STATES = ("open", "full", "now", "unsaved", "completed", "canceled")
_PARTS = ("service", "location", "room", "practitioner", "series")


@dataclass(frozen=True, slots=True)
class PlaceMove:
    """One change of the places of a session: a booking takes one, its cancellation gives one back."""

    at: datetime
    person: str
    person_id: int
    actor: str
    move: int
    left: int


def one(session_id: int, *, by: Actor) -> Session | None:
    """One session as this actor may see it, with its service, place and practitioner."""
    return Session.objects.visible_to(by).select_related(*_PARTS).filter(pk=session_id).first()


def listed(
    *,
    by: Actor,
    at: datetime,
    earliest: datetime | None = None,
    latest: datetime | None = None,
    service_id: int | None = None,
    location_id: int | None = None,
    practitioner_id: int | None = None,
    state: str = "",
) -> QuerySet[Session]:
    """Sessions that are not deleted, in the order of their start, narrowed by what is given (S3-20)."""
    sessions = Session.objects.visible_to(by).filter(deleted_at=None)
    if earliest is not None:
        sessions = sessions.filter(starts_at__gte=earliest)
    if latest is not None:
        sessions = sessions.filter(starts_at__lt=latest)
    if service_id is not None:
        sessions = sessions.filter(service_id=service_id)
    if location_id is not None:
        sessions = sessions.filter(location_id=location_id)
    if practitioner_id is not None:
        sessions = sessions.filter(practitioner_id=practitioner_id)
    if state:
        sessions = sessions.filter(_in_state(state, at))
    return sessions.select_related(*_PARTS).order_by("starts_at", "pk")


def state_of(session: Session, *, at: datetime) -> str:
    """The session's state in the word that its tag shows."""
    return states.state_of(
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        is_canceled=session.canceled_at is not None,
        is_closed=session.closed_at is not None,
        at=at,
        is_full=session.booked >= session.capacity,
    )


def completion_types() -> list[CompletionType]:
    """The ways in which a session can end now, in the order completed, missed, canceled."""
    types = CompletionType.objects.filter(is_enabled=True, archived_at=None, code__isnull=False)
    order = ("completed", "missed", "canceled")
    return sorted(types, key=lambda kind: (order.index(kind.mapped_status), kind.label))


def upcoming_for(person_id: int, *, by: Actor, at: datetime) -> QuerySet[Session]:
    """Sessions that are still to come and that this person is not booked into, soonest first."""
    booked = Booking.objects.live().filter(person_id=person_id).values("session_id")
    return (
        Session.objects.visible_to(by)
        .filter(starts_at__gt=at, canceled_at=None, closed_at=None, deleted_at=None)
        .exclude(pk__in=booked)
        .select_related(*_PARTS)
        .order_by("starts_at", "pk")
    )


def bookings_of(person_id: int, *, by: Actor) -> QuerySet[Booking]:
    """A person's bookings with their sessions, how they are paid and how they ended."""
    ended = Outcome.objects.filter(reversed_at=None)
    return (
        Booking.objects.visible_to(by)
        .filter(person_id=person_id, session__deleted_at=None)
        .select_related(
            "session__service", "session__location", "session__practitioner", "lot__credit_type", "charge"
        )
        .prefetch_related(Prefetch("outcomes", queryset=ended, to_attr="ended"))
    )


def places(session: Session, *, until: datetime | None = None) -> list[PlaceMove]:
    """How the places of a session came to be what they are, oldest first, up to an instant."""
    bookings = Booking.objects.filter(session=session).select_related("person", "booked_by", "canceled_by")
    told = []
    for booking in bookings:
        who = (booking.person.name, booking.person_id)
        by, undone_by = booking.booked_by, booking.canceled_by
        told.append((booking.booked_at, 0, booking.pk, *who, by.name if by else "", -1))
        if booking.canceled_at is not None:
            told.append((booking.canceled_at, 1, booking.pk, *who, undone_by.name if undone_by else "", +1))
    left = session.capacity
    moves = []
    for at, _, _, person, person_id, actor, move in sorted(told):
        if until is None or at <= until:
            left += move
            moves.append(PlaceMove(at, person, person_id, actor, move, left))
    return moves


def named(session_ids: Collection[int]) -> dict[int, Session]:
    """These sessions with their service, by id."""
    return Session.objects.select_related("service").in_bulk(list(session_ids))


def full_wage_minor(session: Session) -> int:
    """What the session pays its practitioner in full: its own wage, or its service's for its length."""
    if session.wage_minor is not None:
        return session.wage_minor
    return completion.price_minor(
        session.service.wage_minor,
        is_hourly=session.service.pricing == "hourly",
        lasts=session.ends_at - session.starts_at,
    )


def price_minor(session: Session) -> int:
    """What a place costs without a credit: its own price, or its service's for its length."""
    if session.cost_minor is not None:
        return session.cost_minor
    return completion.price_minor(
        session.service.cost_minor,
        is_hourly=session.service.pricing == "hourly",
        lasts=session.ends_at - session.starts_at,
    )


def _in_state(state: str, at: datetime) -> Q:
    stands = Q(canceled_at=None, closed_at=None)
    return {
        "canceled": Q(canceled_at__isnull=False),
        "completed": Q(canceled_at=None, closed_at__isnull=False),
        "unsaved": stands & Q(ends_at__lte=at),
        "now": stands & Q(starts_at__lte=at, ends_at__gt=at),
        "full": stands & Q(starts_at__gt=at, booked__gte=F("capacity")),
        "open": stands & Q(starts_at__gt=at, booked__lt=F("capacity")),
    }[state]
