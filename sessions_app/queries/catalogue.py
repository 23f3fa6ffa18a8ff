"""Sessions as programs ask for them: all that one actor may see, and of these what can be booked."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, TruncDate

from scheduling.models import Closure, Series
from sessions_app.models import Booking, Outcome, Session
from studio.people.rules.permissions import Actor, Capability

# A local day reaches from 14 hours before to 12 hours after the same day in UTC.
_AHEAD, _BEHIND = timedelta(hours=14), timedelta(hours=12)


def visible(actor: Actor) -> QuerySet[Session]:
    """Sessions that stand, with their names: all at the desk, else what is offered or their own."""
    sessions = Session.objects.visible_to(actor).filter(deleted_at=None)
    if not actor.may(Capability.USE_DESK):
        own = Booking.objects.filter(session=OuterRef("pk"), person=actor.person_id or 0)
        offered = Q(service__members_may_book=True, location__members_may_book=True)
        sessions = sessions.filter(offered | Exists(own))
    return sessions.select_related("service", "location", "room", "practitioner")


def bookable(sessions: QuerySet[Session], *, at: datetime) -> QuerySet[Session]:
    """Of these, what members could book now: to come, open to them, not closed for, with a free place."""
    closed = Closure.objects.filter(Q(location=OuterRef("location")) | Q(location=None)).filter(
        starts_on__lte=OuterRef("local_on"), ends_on__gte=OuterRef("local_on")
    )
    return (
        sessions.filter(
            starts_at__gt=at,
            canceled_at=None,
            closed_at=None,
            is_listed=True,
            booked__lt=F("capacity"),
            service__members_may_book=True,
            location__members_may_book=True,
        )
        .alias(local_on=TruncDate("local_start", tzinfo=UTC))
        .filter(~Exists(closed))
    )


def from_day(sessions: QuerySet[Session], on: date) -> QuerySet[Session]:
    """Of these, what starts on this date at its location, or later."""
    midnight = datetime.combine(on, time(), UTC)
    return sessions.filter(starts_at__gte=midnight - _AHEAD, local_start__gte=midnight)


def to_day(sessions: QuerySet[Session], on: date) -> QuerySet[Session]:
    """Of these, what starts on this date at its location, or earlier."""
    midnight = datetime.combine(on + timedelta(days=1), time(), UTC)
    return sessions.filter(starts_at__lt=midnight + _BEHIND, local_start__lt=midnight)


def bookings(actor: Actor) -> QuerySet[Booking]:
    """Bookings this actor may see, with their session, what pays for them, and how they ended (``ended``)."""
    ended = Outcome.objects.filter(reversed_at=None)
    return (
        Booking.objects.visible_to(actor)
        .filter(session__deleted_at=None)
        .select_related("person", "session__service", "session__location", "lot__credit_type", "charge")
        .prefetch_related(Prefetch("outcomes", queryset=ended, to_attr="ended"))
    )


def series() -> QuerySet[Series]:
    """Every series with its names, and how many of its sessions stand (``standing``)."""
    stand = Session.objects.filter(series=OuterRef("pk"), deleted_at=None).order_by().values("series")
    counted = Subquery(stand.annotate(count=Count("pk")).values("count"))
    return Series.objects.select_related("service", "location", "room", "practitioner").annotate(
        standing=Coalesce(counted, 0)
    )
