"""The same work done by several workers at once: each effect happens once."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from billing.domain import invoices, payments
from billing.models import Invoice
from memberships.domain import credits, sales
from memberships.models import CreditLot
from memberships.queries import lots
from sessions_app.domain import booking, completion
from studio.lib.refusals import Refused
from studio.people.rules.permissions import SYSTEM
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.usefixtures("books_hold")


def test_settled_dues_are_granted_once_by_many_workers(race):
    """C5: twelve settled periods, eight workers, twelve lots."""
    term = make.plan(price_minor=1000, quantity=4)
    for _ in range(12):
        sales.sell(
            person_id=make.person().pk, payment_term_id=term.pk, starts_on=NOW.date(), by=SYSTEM, at=NOW
        )
    for invoice in Invoice.objects.all():
        payments.record(invoice_id=invoice.pk, amount_minor=1000, method="cash", by=SYSTEM, at=NOW)

    granted = race([partial(credits.grant_settled_dues, by=SYSTEM, at=NOW)] * 8)

    assert sum(granted) == 12
    assert CreditLot.objects.count() == 12


def test_a_session_is_completed_once_by_many_hands(race):
    """K2: one wage, one outcome each, and everyone else hears that it is done."""
    session = make.session(practitioner=make.practitioner())
    for _ in range(4):
        make.booking(session)

    answers = race([partial(completion.complete, session_id=session.pk, by=SYSTEM, at=session.ends_at)] * 8)

    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert len(refused) == 7
    assert {reason.code for refusal in refused for reason in refusal.reasons} == {"closed"}


def test_invoices_issued_at_once_are_numbered_without_a_gap(race):
    """I6: twenty people are invoiced in the same instant; one sweep more finds nothing."""
    staff, session = make.staff(), make.session(service=make.service(capacity=20))
    members = [make.person() for _ in range(20)]
    for member in members:
        booking.book(session_id=session.pk, person_id=member.pk, unpaid_ok=True, by=staff.actor, at=NOW)
    completion.complete(session_id=session.pk, by=staff.actor, at=session.ends_at)
    due = session.ends_at + timedelta(minutes=5)
    issue = [partial(invoices.issue_due, person_id=member.pk, by=SYSTEM, at=due) for member in members]

    race(issue + issue)

    numbers = sorted(Invoice.objects.values_list("number", flat=True))
    assert numbers == [f"INV-2026-{number:05d}" for number in range(1, 21)]


def test_expiry_and_booking_share_a_lot_without_losing_a_credit(race):
    """C8: whoever comes first, every credit ends as held or as expired."""
    member, service = make.person(), make.service()
    make.lot(member, service, quantity=5, days=1)
    last_day = NOW + timedelta(days=1)
    sessions = [make.session(last_day + timedelta(hours=hour), service=service) for hour in range(1, 6)]

    race(
        [
            partial(booking.book, session_id=each.pk, person_id=member.pk, by=member.actor, at=NOW)
            for each in sessions
        ]
        + [partial(credits.expire_due, by=SYSTEM, at=last_day + timedelta(days=1))] * 3
    )

    [credit] = lots.summary(member.pk, on=last_day.date() + timedelta(days=1))
    assert credit.free == 0
    assert credit.held + credit.expired == 5
