"""The tasks that the worker's clock calls: each does what is due, once, and nothing the second time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from billing.domain import payments
from billing.models import Invoice
from billing.tasks import issue_due_invoices
from memberships.domain import sales
from memberships.models import CreditLot
from memberships.tasks import expire_credits, grant_settled_dues
from scheduling.models import Series
from sessions_app.domain import booking, completion
from sessions_app.models import Session
from sessions_app.tasks import expand_series
from studio.people.models import Studio
from studio.people.rules.permissions import SYSTEM
from tests import make

pytestmark = pytest.mark.django_db


def test_final_charges_are_invoiced_a_minute_later(clock):
    session = make.session(clock.now + timedelta(hours=1))
    for person in (make.person(), make.person()):
        booking.book(session_id=session.pk, person_id=person.pk, unpaid_ok=True, by=SYSTEM, at=clock.now)
    clock.forward(hours=2)
    completion.complete(session_id=session.pk, by=SYSTEM, at=clock.now)

    early = issue_due_invoices()
    clock.forward(seconds=60)

    assert (early, issue_due_invoices(), issue_due_invoices()) == (0, 2, 0)
    assert Invoice.objects.count() == 2


def test_paid_dues_are_granted(clock):
    term = make.plan(price_minor=1000)
    sales.sell(
        person_id=make.person().pk,
        payment_term_id=term.pk,
        starts_on=clock.now.date(),
        by=SYSTEM,
        at=clock.now,
    )
    unpaid = grant_settled_dues()
    invoice = Invoice.objects.get()
    payments.record(invoice_id=invoice.pk, amount_minor=1000, method="cash", by=SYSTEM, at=clock.now)

    assert (unpaid, grant_settled_dues(), grant_settled_dues()) == (0, 1, 0)


@pytest.mark.parametrize(
    ("zone", "hours"),
    [("Europe/London", 36), ("Pacific/Kiritimati", 36 - 14), ("Pacific/Pago_Pago", 36 + 11)],
)
def test_credits_end_with_the_last_day_at_the_studio(clock, zone, hours):
    """X-12, RELIABILITY 6.1: given on a Wednesday noon for one day; Thursday ends by the studio's clock.

    In Kiritimati it is Thursday already when they are given, so they are good until Friday ends there.
    """
    Studio.objects.update_or_create(pk=Studio.ONLY, defaults={"time_zone": zone})
    given_on_next_day = 24 if zone == "Pacific/Kiritimati" else 0
    make.lot(make.person(), make.service(), quantity=3, days=1, at=clock.now)

    clock.forward(hours=hours + given_on_next_day, seconds=-1)
    before = expire_credits()
    clock.forward(seconds=1)

    assert (before, expire_credits(), expire_credits()) == (0, 1, 0)
    assert CreditLot.objects.get().account.available == 0


def test_planned_series_are_made_real(clock):
    service, location = make.service(), make.location()
    Series.objects.create(
        service=service,
        location=location,
        weekdays=[2],
        starts_on=clock.now.date(),
        starts_time=clock.now.time(),
        duration_minutes=60,
        capacity=8,
        count=3,
    )

    assert (expand_series(), expand_series()) == (3, 0)
    assert Session.objects.count() == 3


def test_one_person_who_cannot_be_invoiced_keeps_nobody_waiting(clock, caplog):
    """F22: the first of two fails, the second has an invoice, and the log says who."""
    session = make.session(clock.now - timedelta(hours=2))
    poor, other = make.person(), make.person()
    for person in (poor, other):
        booking.book(session_id=session.pk, person_id=person.pk, unpaid_ok=True, by=SYSTEM, at=clock.now)
    completion.complete(session_id=session.pk, by=SYSTEM, at=clock.now)
    clock.forward(minutes=2)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE billing_invoice ADD CONSTRAINT poison CHECK (person_id <> {poor.pk})")

    assert issue_due_invoices() == 1

    assert Invoice.objects.get().person == other
    assert [record.getMessage() for record in caplog.records] == [f"Person {poor.pk} cannot be invoiced."]
