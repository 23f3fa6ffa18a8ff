"""Who is on the list of a session, how each place is paid, and who could be added."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import Lower

from billing.queries import statements
from memberships.queries import paying
from memberships.rules import lots as lot_rule
from memberships.rules.lots import LotFacts
from sessions_app.models import Booking, Outcome, Session
from studio.people.models import Person
from studio.people.rules.permissions import Actor, Capability


@dataclass(frozen=True, slots=True)
class Place:
    """One person on the list.

    A place is paid by a credit (``credit_type`` with what is left of its lot), by money (``held_minor``), or
    costs nothing. ``outcome`` is how it ended, once the session is completed.
    """

    booking_id: int
    person_id: int
    name: str
    contact: str
    is_live: bool
    is_present: bool | None
    present_at: datetime | None
    booked_at: datetime
    credit_type: str
    credits_left: int
    last_valid_on: date | None
    held_minor: int
    owes_minor: int
    is_first_visit: bool
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """Someone who could be added: their usable credits in the order in which the rule takes them.

    ``covering`` are all credits that are good for the service, also those that are gone or end too soon.
    """

    person: Person
    booking: Booking | None
    lots: tuple[LotFacts, ...]
    covering: tuple[LotFacts, ...]
    owes_minor: int


def of_session(session: Session) -> list[Place]:
    """The list by name: live places, and those that ended as canceled when the session was completed."""
    bookings = list(_listed(session))
    owes = statements.open_minor_of({booking.person_id for booking in bookings})
    return [_place(booking, owes.get(booking.person_id, 0)) for booking in bookings]


def candidates(text: str, *, session: Session, by: Actor, limit: int = 8) -> list[Candidate]:
    """Active people whose name (at the desk also address or phone) has every word of the text.

    A practitioner adds walk-ins to their own sessions and finds people by name alone; nobody is offered
    before two characters.
    """
    words = text.lower().split()
    if len(text.strip()) < 2:
        return []
    found = Person.objects.filter(is_active=True)
    for word in words:
        found = found.filter(
            Q(search_text__contains=word) if by.may(Capability.SEE_PEOPLE) else Q(name__icontains=word)
        )
    return _as_candidates(list(found.order_by(Lower("name"), "pk")[:limit]), session)


def candidate(person_id: int, *, session: Session) -> Candidate | None:
    """One active person as someone who could be added."""
    person = Person.objects.filter(pk=person_id, is_active=True).first()
    return _as_candidates([person], session)[0] if person else None


def _as_candidates(people: Collection[Person], session: Session) -> list[Candidate]:
    ids = [person.pk for person in people]
    booked = {
        booking.person_id: booking
        for booking in Booking.objects.live().filter(session=session, person__in=ids)
    }
    covering = paying.covering_of(ids, service_id=session.service_id)
    on = session.local_start.date()
    owes = statements.open_minor_of(ids)
    return [
        Candidate(
            person=person,
            booking=booked.get(person.pk),
            lots=tuple(lot_rule.usable(covering.get(person.pk, ()), session_on=on)),
            covering=tuple(covering.get(person.pk, ())),
            owes_minor=owes.get(person.pk, 0),
        )
        for person in people
    ]


def _listed(session: Session) -> QuerySet[Booking]:
    ended = Outcome.objects.filter(reversed_at=None).select_related("decided_by")
    earlier = Booking.objects.live().filter(
        person=OuterRef("person"), session__starts_at__lt=session.starts_at, session__canceled_at=None
    )
    return (
        Booking.objects.filter(session=session)
        .filter(Q(canceled_at=None) | Exists(ended.filter(booking=OuterRef("pk"))))
        .select_related("person", "lot__credit_type", "lot__account", "charge")
        .prefetch_related(Prefetch("outcomes", queryset=ended, to_attr="ended"))
        .annotate(was_here_before=Exists(earlier))
        .order_by(Lower("person__name"), "pk")
    )


def _place(booking: Booking, owes_minor: int) -> Place:
    lot, charge = booking.lot, booking.charge
    ended: list[Outcome] = booking.ended  # type: ignore[attr-defined]
    return Place(
        booking_id=booking.pk,
        person_id=booking.person_id,
        name=booking.person.name,
        contact=booking.person.phone or booking.person.email,
        is_live=booking.canceled_at is None,
        is_present=booking.is_present,
        present_at=booking.present_at,
        booked_at=booking.booked_at,
        credit_type=lot.credit_type.name if lot else "",
        credits_left=lot.account.available if lot else 0,
        last_valid_on=lot.last_valid_on if lot else None,
        held_minor=charge.expected_minor if charge else 0,
        owes_minor=owes_minor,
        is_first_visit=not booking.was_here_before,  # type: ignore[attr-defined]
        outcome=ended[0] if ended else None,
    )
