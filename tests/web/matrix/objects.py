"""What to put into the arguments of an address: one builder per argument name.

A builder makes the thing *of one person* and returns the value for the address. ``"route name:argument"``
goes before ``"argument"``. Things that everybody may see (a session on the schedule) are listed in
``FOR_EVERYONE``; all others must look to a stranger exactly like something that does not exist.
"""

from collections.abc import Callable
from datetime import time
from functools import cached_property
from typing import Any

from billing.models import Invoice
from memberships.domain import sales
from memberships.models import CreditLot
from scheduling.models import Closure, Series
from sessions_app.models import Booking
from studio.audit.models import Event, Operation
from studio.notifications.models import Message
from studio.people.models import Person
from studio.people.rules.permissions import SYSTEM, Role
from tests import logins, make


class Things:
    """What one person has, made when first asked for, so that one address speaks of one booking."""

    def __init__(self, person: Person) -> None:
        self.person = person

    @cached_property
    def practitioner(self) -> Person:
        """Who gives the session they booked."""
        return logins.person(Role.PRACTITIONER, sign_in=True)

    @cached_property
    def booking(self) -> Booking:
        """For tomorrow, in a session that somebody gives."""
        return make.booking(make.session(practitioner=self.practitioner), self.person)

    @cached_property
    def lot(self) -> CreditLot:
        assert self.booking.lot is not None
        return self.booking.lot

    @cached_property
    def series(self) -> Series:
        """A draft: Mondays at six, given by the same practitioner."""
        session = self.booking.session
        return Series.objects.create(
            service=session.service,
            location=session.location,
            practitioner=self.practitioner,
            weekdays=[0],
            starts_on=make.NOW.date(),
            starts_time=time(18),
            duration_minutes=60,
            count=4,
            is_enabled=False,
            capacity=8,
        )

    @cached_property
    def closure(self) -> Closure:
        """Everybody's: a day in May."""
        return Closure.objects.create(starts_on="2026-05-04", ends_on="2026-05-04", name="May Day")

    @cached_property
    def invoice(self) -> Invoice:
        """For a plan that they bought and have not paid."""
        term, day = make.plan(), make.NOW.date()
        sales.sell(person_id=self.person.pk, payment_term_id=term.pk, starts_on=day, by=SYSTEM, at=make.NOW)
        return Invoice.objects.filter(person=self.person).latest("pk")

    @cached_property
    def operation(self) -> Operation:
        """What they did: they booked."""
        return Event.objects.get(subject=f"booking:{self.booking.pk}", verb="booking.made").operation

    @cached_property
    def message(self) -> Message:
        """To them, about their booking."""
        return Message.objects.create(
            event=self.operation.events.latest("pk"),
            person=self.person,
            to=self.person.email,
            template="booking.made",
            written_at=make.NOW,
            hold_until=make.NOW,
            next_try_at=make.NOW,
        )


Builder = Callable[[Things], Any]

BUILDERS: dict[str, Builder] = {
    "on": lambda things: "2026-03-02",
    "day": lambda things: "2026-03-02",
    "session_id": lambda things: things.booking.session_id,
    "booking_id": lambda things: things.booking.pk,
    "invoice_id": lambda things: things.invoice.pk,
    "series_id": lambda things: things.series.pk,
    "closure_id": lambda things: things.closure.pk,
    "location_id": lambda things: things.series.location_id,
    "room_id": lambda things: make.room(at=things.series.location).pk,
    "service_id": lambda things: things.series.service_id,
    "week_name": lambda things: "2026-W10",
    "position": lambda things: 1,
    "operation_id": lambda things: things.operation.pk,
    "credit_type_id": lambda things: things.lot.credit_type_id,
    "lot_id": lambda things: things.lot.pk,
    "message_id": lambda things: things.message.pk,
    "person_id": lambda things: things.person.pk,
    "token": lambda things: "made-up",
    # The second half of a reset link: nobody's, so the page says that it is used up.
    "uidb36": lambda things: "1",
    "key": lambda things: "made-up",
}

FOR_EVERYONE: set[str] = {"on", "day", "week_name", "session_id", "position", "token", "uidb36", "key"}

MISSING: dict[str, Any] = {}
"""A value that nothing has, where 999999999 does not fit the address."""


def values(name: str, arguments: tuple[str, ...], things: Things) -> dict[str, Any]:
    """The arguments of an address, filled in with these things."""
    return {argument: _builder(name, argument)(things) for argument in arguments}


def missing(name: str, arguments: tuple[str, ...], things: Things) -> dict[str, Any]:
    """The arguments of an address, for something that does not exist."""
    return {
        argument: _builder(name, argument)(things)
        if is_for_everyone(name, argument)
        else MISSING.get(argument, 999_999_999)
        for argument in arguments
    }


def is_for_everyone(name: str, argument: str) -> bool:
    return argument in FOR_EVERYONE or f"{name}:{argument}" in FOR_EVERYONE


def _builder(name: str, argument: str) -> Builder:
    builder = BUILDERS.get(f"{name}:{argument}") or BUILDERS.get(argument)
    if builder is None:
        raise AssertionError(
            f"{name} has the argument {argument!r}: add a builder for it to tests/web/matrix/objects.py, "
            "so that the authorization matrix can try the address."
        )
    return builder
