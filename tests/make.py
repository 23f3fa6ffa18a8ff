"""Builders: boring defaults, so that a test says only what matters to it."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import Any

from memberships.domain import credits
from memberships.models import CreditLot, CreditType, PaymentTerm, PaymentTermBucket, Plan, PlanBucket
from scheduling.models import Location, Room, Service
from sessions_app.domain import booking as booking_verbs
from sessions_app.models import Booking, Session
from studio.lib import localtime
from studio.people.models import Person, User
from studio.people.rules.permissions import SYSTEM, Actor

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""The moment at which tests happen unless they say otherwise: a Monday morning."""

_number = itertools.count(1)


def person(name: str = "", role: str = "member", **fields: Any) -> Person:
    """A person; with ``email`` and ``password`` they get a login."""
    number = next(_number)
    password = fields.pop("password", None)
    made = Person.objects.create(name=name or f"Person {number}", role=role, **fields)
    if password is not None:
        made.user = User.objects.create_user(made.email or f"person{number}@example.org", password)
        made.save(update_fields=["user"])
    return made


def staff(name: str = "Sam Desk", **fields: Any) -> Person:
    """Somebody at the desk."""
    return person(name, role="staff", **fields)


def admin(name: str = "Ada Owner", **fields: Any) -> Person:
    """The owner."""
    return person(name, role="admin", **fields)


def practitioner(name: str = "Pat Coach", **fields: Any) -> Person:
    """Somebody who gives sessions."""
    return person(name, role="practitioner", **fields)


def location(name: str = "", time_zone: str = "Europe/London", **fields: Any) -> Location:
    return Location.objects.create(name=name or f"Location {next(_number)}", time_zone=time_zone, **fields)


def room(name: str = "", at: Location | None = None, **fields: Any) -> Room:
    return Room.objects.create(name=name or f"Room {next(_number)}", location=at or location(), **fields)


def service(name: str = "", **fields: Any) -> Service:
    """A service that costs 12.00 and pays 5.00 unless said otherwise."""
    fields = {"cost_minor": 1200, "wage_minor": 500, "capacity": 8, "duration_minutes": 60} | fields
    return Service.objects.create(name=name or f"Service {next(_number)}", **fields)


def session(starts_at: datetime | None = None, **fields: Any) -> Session:
    """A session tomorrow at 18:00 London time, for eight, unless said otherwise."""
    place = fields.pop("location", None) or location()
    what = fields.pop("service", None) or service()
    lasts = fields.pop("lasts", timedelta(minutes=what.duration_minutes))
    starts_at = starts_at or NOW + timedelta(days=1, hours=9)
    local = localtime.local_time(starts_at, place.time_zone).replace(tzinfo=None)
    return Session.objects.create(
        **{
            "service": what,
            "location": place,
            "starts_at": starts_at,
            "ends_at": starts_at + lasts,
            "local_start": local.replace(tzinfo=UTC),
            "time_zone": place.time_zone,
            "occurrence_on": local.date(),
            "capacity": what.capacity,
        }
        | fields
    )


def credit_type(*services: Service, name: str = "") -> CreditType:
    made = CreditType.objects.create(name=name or f"Credit {next(_number)}")
    made.services.set(services)
    return made


def lot(
    owner: Person,
    *services: Service,
    quantity: int = 10,
    days: int = 0,
    kind: CreditType | None = None,
    at: datetime = NOW,
) -> CreditLot:
    """Credits given to a person, good for these services."""
    kind = kind or credit_type(*services)
    lot_id = credits.grant(
        person_id=owner.pk,
        credit_type_id=kind.pk,
        quantity=quantity,
        days_to_expire=days,
        reason="Given by a test",
        by=SYSTEM,
        at=at,
    )
    return CreditLot.objects.select_related("account").get(pk=lot_id)


def booking(
    of: Session | None = None, who: Person | None = None, *, by: Actor | None = None, at: datetime = NOW
) -> Booking:
    """A booking made by the product's own verb; the person gets a credit for it when they have none."""
    of = of or session()
    who = who or person()
    if not who.lots.filter(credit_type__services=of.service_id).exists():
        lot(who, of.service, quantity=1, at=at)
    return Booking.objects.get(
        pk=booking_verbs.book(session_id=of.pk, person_id=who.pk, by=by or who.actor, at=at)
    )


def plan(
    name: str = "", price_minor: int = 9000, quantity: int = 10, days: int = 0, kind: CreditType | None = None
) -> PaymentTerm:
    """A plan on sale with one bucket, and the one payment term it is sold by."""
    kind = kind or credit_type(service())
    sold = Plan.objects.create(name=name or f"Plan {next(_number)}", is_on_sale=True)
    PlanBucket.objects.create(plan=sold, credit_type=kind)
    term = PaymentTerm.objects.create(plan=sold, name="paid once", price_minor=price_minor)
    PaymentTermBucket.objects.create(
        payment_term=term, credit_type=kind, quantity=quantity, days_to_expire=days
    )
    return term


def on(text: str) -> date:
    """A date from its ISO form."""
    return date.fromisoformat(text)
