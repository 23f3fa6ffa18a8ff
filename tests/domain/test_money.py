"""Plans, dues, invoices, payments: from a sale to the credits it grants."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from billing.domain import invoices, payments
from billing.models import Account, Invoice, InvoiceLine, Payment
from billing.queries import charges as charge_queries
from billing.queries import invoices as invoice_queries
from memberships.domain import credits, sales
from memberships.models import CreditLot, DuesPeriod, Plan
from memberships.queries import lots
from sessions_app.domain import booking, completion
from studio.lib.transactions import preview
from studio.people.rules.permissions import SYSTEM
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


def sell(person, term, paid_by=None, at=NOW):
    return sales.sell(
        person_id=person.pk, payment_term_id=term.pk, starts_on=at.date(), paid_by=paid_by, by=SYSTEM, at=at
    )


def balance(person):
    return Account.objects.get(owner=f"person:{person.pk}").balance


def test_a_plan_paid_at_once_grants_at_once():
    """S2-03, V-06: quantity 4, days 30, paid on 1 January: one lot of 4, good until 31 January."""
    member = make.person()
    at = NOW.replace(month=1, day=1)

    sell(member, make.plan(price_minor=9000, quantity=4, days=30), paid_by="card", at=at)

    lot = CreditLot.objects.get()
    assert (lot.granted, lot.last_valid_on) == (4, make.on("2026-01-31"))
    assert balance(member) == 0
    assert Invoice.objects.get().number == "INV-2026-00001"


def test_zero_days_means_that_credits_never_expire():
    """S2-16, V-07."""
    member = make.person()

    sell(member, make.plan(days=0), paid_by="cash")

    assert CreditLot.objects.get().last_valid_on is None


def test_credits_follow_the_payment_and_not_before():
    """S2-03, X-13: nothing at the sale, nothing after a part, the whole grant once it is settled."""
    member, term = make.person(), make.plan(price_minor=9000, quantity=4)
    sell(member, term)
    invoice = Invoice.objects.get()
    assert (CreditLot.objects.count(), balance(member)) == (0, -9000)

    payments.record(invoice_id=invoice.pk, amount_minor=4000, method="cash", by=SYSTEM, at=NOW)
    assert credits.grant_settled_dues(by=SYSTEM, at=NOW) == 0

    payments.record(invoice_id=invoice.pk, amount_minor=5000, method="card", by=SYSTEM, at=NOW)
    assert credits.grant_settled_dues(by=SYSTEM, at=NOW) == 1
    assert credits.grant_settled_dues(by=SYSTEM, at=NOW) == 0
    assert CreditLot.objects.get().granted == 4
    assert balance(member) == 0


def test_a_free_plan_is_settled_from_the_start():
    """X-13: dues of zero are settled dues."""
    member = make.person()

    sell(member, make.plan(price_minor=0, quantity=1))

    assert CreditLot.objects.get().granted == 1
    assert Invoice.objects.count() == 0


def test_many_settled_periods_are_granted_in_a_constant_number_of_statements():
    term = make.plan(price_minor=1000)
    counts = []
    for people in (2, 7):
        for _ in range(people):
            sell(make.person(), term)
        for invoice in invoice_queries.open_invoices():
            payments.record(invoice_id=invoice.pk, amount_minor=1000, method="cash", by=SYSTEM, at=NOW)
        with CaptureQueriesContext(connection) as seen:
            assert credits.grant_settled_dues(by=SYSTEM, at=NOW) == people
        counts.append(len(seen))

    assert counts[0] == counts[1]
    assert CreditLot.objects.count() == DuesPeriod.objects.count() == 9


def test_a_plan_that_is_not_on_sale_is_not_sold():
    member, term = make.person(), make.plan()
    Plan.objects.update(is_on_sale=False)

    with pytest.raises(sales.CannotSell) as refusal:
        sell(member, term)

    assert [reason.code for reason in refusal.value.reasons] == ["not_on_sale"]
    assert Invoice.objects.count() == 0


def test_a_completed_walk_in_is_invoiced_by_the_sweep_after_the_time_to_undo():
    staff, member, session = make.staff(), make.person(), make.session()
    booking.book(session_id=session.pk, person_id=member.pk, unpaid_ok=True, by=staff.actor, at=NOW)
    saved_at = session.ends_at
    completion.complete(session_id=session.pk, by=staff.actor, at=saved_at)

    assert invoices.issue_due(person_id=member.pk, by=SYSTEM, at=saved_at + timedelta(seconds=59)) is None
    waiting = charge_queries.people_with_uninvoiced(final_before=saved_at)
    issued = invoices.issue_due(person_id=member.pk, by=SYSTEM, at=saved_at + timedelta(seconds=60))

    assert waiting == [member.pk]
    invoice = Invoice.objects.get(pk=issued)
    assert (invoice.person, invoice.total_minor) == (member, 1200)
    assert [line.service_on for line in invoice.lines.all()] == [session.occurrence_on]
    assert charge_queries.people_with_uninvoiced(final_before=saved_at) == []


def test_there_is_nothing_to_invoice_twice():
    member = make.person()
    sell(member, make.plan())

    with pytest.raises(invoices.CannotInvoice):
        invoices.issue(person_id=member.pk, by=SYSTEM, at=NOW)


def test_a_number_that_was_not_used_is_given_out_again():
    """I6: a sale that is rolled back leaves no gap."""
    member, term = make.person(), make.plan()
    ask = {
        "person_id": member.pk,
        "payment_term_id": term.pk,
        "starts_on": NOW.date(),
        "by": SYSTEM,
        "at": NOW,
    }
    sell(member, term)

    preview(sales.sell, **ask)
    sell(member, term)

    numbers = list(Invoice.objects.order_by("pk").values_list("number", flat=True))
    assert numbers == ["INV-2026-00001", "INV-2026-00002"]


@pytest.mark.parametrize(
    ("amount", "method", "code"), [(0, "cash", "amount"), (9001, "cash", "amount"), (100, "shells", "method")]
)
def test_a_payment_that_does_not_fit_is_refused(amount, method, code):
    member = make.person()
    sell(member, make.plan(price_minor=9000))

    with pytest.raises(payments.CannotTakePayment) as refusal:
        payments.record(
            invoice_id=Invoice.objects.get().pk, amount_minor=amount, method=method, by=SYSTEM, at=NOW
        )

    assert [reason.code for reason in refusal.value.reasons] == [code]
    assert Payment.objects.count() == 0


@pytest.mark.parametrize(
    ("model", "field"), [(Invoice, "total_minor"), (InvoiceLine, "amount_minor"), (Payment, "amount_minor")]
)
def test_documents_are_never_changed_or_removed(model, field):
    """I5: the database refuses, whoever asks."""
    sell(make.person(), make.plan(), paid_by="cash")

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        model.objects.update(**{field: F(field)})
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        model.objects.all()._raw_delete(using="default")


def test_credits_expire_the_day_after_their_last_and_only_what_is_free():
    """S4-02, X-12, C8: held credits stay with their booking, and a second sweep finds nothing."""
    member, service = make.person(), make.service()
    make.lot(member, service, quantity=3, days=2)
    session = make.session(NOW + timedelta(days=2, hours=9), service=service)
    booking.book(session_id=session.pk, person_id=member.pk, by=member.actor, at=NOW)
    last_moment = NOW.replace(hour=23, minute=59) + timedelta(days=2)

    assert credits.expire_due(by=SYSTEM, at=last_moment) == 0
    assert credits.expire_due(by=SYSTEM, at=last_moment + timedelta(minutes=1)) == 1
    assert credits.expire_due(by=SYSTEM, at=last_moment + timedelta(days=1)) == 0

    [credit] = lots.summary(member.pk, on=NOW.date() + timedelta(days=3))
    assert (credit.free, credit.held, credit.used, credit.expired) == (0, 1, 0, 2)


@pytest.mark.parametrize(
    ("changed", "code"),
    [({"quantity": 0}, "quantity"), ({"days_to_expire": -1}, "days"), ({"reason": " "}, "reason")],
)
def test_a_grant_that_says_nothing_sensible_is_refused(changed, code):
    member, kind = make.person(), make.credit_type(make.service())
    ask = {"quantity": 1, "days_to_expire": 0, "reason": "Sorry for the noise"} | changed

    with pytest.raises(credits.CannotGrant) as refusal:
        credits.grant(person_id=member.pk, credit_type_id=kind.pk, by=SYSTEM, at=NOW, **ask)

    assert [reason.code for reason in refusal.value.reasons] == [code]
    assert CreditLot.objects.count() == 0
