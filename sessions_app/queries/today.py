"""The figures of one day at the desk, and the people behind each of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from billing.queries import invoices
from sessions_app.models import Booking, Session

EXPECTED, CHECKED_IN, OWING = "expected", "in", "owing"


@dataclass(frozen=True, slots=True)
class Figures:
    """What the tiles of Today say. ``need_payment`` counts people with open invoices among today's."""

    expected: int
    checked_in: int
    need_payment: int
    not_saved: int


def figures(
    earliest: datetime, latest: datetime, *, at: datetime, practitioner_id: int | None = None
) -> Figures:
    """The figures of the sessions that start in the half-open span; one practitioner's, or everybody's."""
    counted = (
        _bookings(earliest, latest, practitioner_id)
        .annotate(owes=_owes())
        .aggregate(
            expected=Count("pk"),
            checked_in=Count("pk", filter=Q(is_present=True)),
            need_payment=Count("person", distinct=True, filter=Q(owes=True)),
        )
    )
    return Figures(**counted, not_saved=not_saved(at, practitioner_id=practitioner_id).count())


def people(
    earliest: datetime, latest: datetime, show: str, *, practitioner_id: int | None = None
) -> QuerySet[Booking]:
    """The bookings behind a figure in the order of their sessions; for ``owing`` one row per person."""
    bookings = _bookings(earliest, latest, practitioner_id)
    if show == CHECKED_IN:
        bookings = bookings.filter(is_present=True)
    if show == OWING:
        first = bookings.annotate(owes=_owes()).filter(owes=True).order_by("person", "pk").distinct("person")
        bookings = bookings.filter(pk__in=first.values("pk"))
    return bookings.select_related("person", "session__service", "session__location").order_by(
        "session__starts_at", "person__name", "pk"
    )


def not_saved(at: datetime, *, practitioner_id: int | None = None) -> QuerySet[Session]:
    """Sessions that are over without an outcome, the longest waiting first."""
    sessions = Session.objects.not_saved(at)
    if practitioner_id is not None:
        sessions = sessions.filter(practitioner_id=practitioner_id)
    return sessions.select_related("service", "location", "room", "practitioner").order_by("ends_at", "pk")


def next_after(at: datetime, *, practitioner_id: int | None = None) -> Session | None:
    """The next session that starts after this moment."""
    sessions = Session.objects.filter(starts_at__gt=at, canceled_at=None, deleted_at=None)
    if practitioner_id is not None:
        sessions = sessions.filter(practitioner_id=practitioner_id)
    return sessions.select_related("service").order_by("starts_at", "pk").first()


def _bookings(earliest: datetime, latest: datetime, practitioner_id: int | None) -> QuerySet[Booking]:
    bookings = Booking.objects.live().filter(
        session__starts_at__gte=earliest,
        session__starts_at__lt=latest,
        session__canceled_at=None,
        session__deleted_at=None,
    )
    return bookings if practitioner_id is None else bookings.filter(session__practitioner_id=practitioner_id)


def _owes() -> Exists:
    return Exists(invoices.open_invoices().filter(person=OuterRef("person")).order_by())
