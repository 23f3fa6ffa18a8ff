"""Two verbs meet on the same rows in an order that is set up, not hoped for.

A third connection holds a row until both have come as far as they can: the first is stopped in its middle,
the second behind it. What the second one read before it waited is old by then.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction

from billing.domain import charges, invoices, payments
from billing.models import Invoice, Payment
from memberships.domain import credits, sales
from memberships.models import CreditLot, Membership
from memberships.queries import lots
from sessions_app.domain import attendance, booking, completion, kernel
from sessions_app.models import Booking, Session
from studio.audit.domain import operations
from studio.lib import statements, transactions
from studio.lib.refusals import Refused
from studio.lib.transactions import WorldMoved, preview
from studio.people.rules.permissions import SYSTEM
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.usefixtures("books_hold")

EVERY_BOOKING = "SELECT FROM sessions_app_booking FOR UPDATE"
EVERY_ACCOUNT = "SELECT FROM billing_account FOR UPDATE"
EVERY_COUNTER = "SELECT FROM billing_invoicecounter FOR UPDATE"


def free_sessions():
    """The sessions that nobody holds."""
    with transaction.atomic():
        return list(Session.objects.select_for_update(no_key=True, skip_locked=True))


def codes(answer):
    assert isinstance(answer, Refused), answer
    return [reason.code for reason in answer.reasons]


def walk_in(session):
    """Somebody who pays in money."""
    person = make.person()
    return Booking.objects.get(
        pk=booking.book(session_id=session.pk, person_id=person.pk, unpaid_ok=True, by=SYSTEM, at=NOW)
    )


@pytest.mark.parametrize("pays", ["credit", "money", "nothing"])
def test_a_cancel_that_waited_for_the_completion_hears_that_it_is_done(meet, pays):
    """K2: what was over a moment ago is not given up, whatever had paid for it."""
    session = make.session(service=make.service(cost_minor=0 if pays == "nothing" else 1200))
    booked = make.booking(session) if pays == "credit" else walk_in(session)

    completed, canceled = meet(
        partial(completion.complete, session_id=session.pk, by=SYSTEM, at=session.ends_at),
        partial(booking.cancel, booking_id=booked.pk, by=SYSTEM, at=session.ends_at),
        held=EVERY_BOOKING,
    )

    assert completed == session.pk
    assert codes(canceled) == ["has_outcome"]
    assert Booking.objects.live().count() == 1


def test_a_cancel_that_waited_for_the_reopening_goes_through(meet):
    session = make.session()
    booked = make.booking(session)
    completion.complete(session_id=session.pk, by=SYSTEM, at=session.ends_at)

    _, canceled = meet(
        partial(completion.reopen, session_id=session.pk, by=SYSTEM, at=session.ends_at),
        partial(booking.cancel, booking_id=booked.pk, by=SYSTEM, at=session.ends_at),
        held=EVERY_ACCOUNT,
    )

    assert canceled == booked.pk
    assert Booking.objects.live().count() == 0


def test_a_session_whose_charge_is_just_being_invoiced_is_not_opened_again(meet):
    """I5: the invoice keeps what it says, and the charge stays final."""
    session = make.session()
    booked = walk_in(session)
    completion.complete(session_id=session.pk, by=SYSTEM, at=session.ends_at)
    sales.sell(
        person_id=make.person().pk,
        payment_term_id=make.plan().pk,
        starts_on=NOW.date(),
        by=SYSTEM,
        at=NOW,
    )

    issued, reopened = meet(
        partial(invoices.issue, person_id=booked.person_id, by=SYSTEM, at=session.ends_at),
        partial(completion.reopen, session_id=session.pk, by=SYSTEM, at=session.ends_at),
        held=EVERY_COUNTER,
    )

    assert Invoice.objects.get(pk=issued).total_minor == 1200
    assert codes(reopened) == ["already_invoiced"]


def test_two_desks_invoicing_one_person_write_one_invoice(meet):
    """I2: the second hears that there is nothing left."""
    session = make.session()
    booked = walk_in(session)
    completion.complete(session_id=session.pk, by=SYSTEM, at=session.ends_at)
    term = make.plan()
    sales.sell(person_id=make.person().pk, payment_term_id=term.pk, starts_on=NOW.date(), by=SYSTEM, at=NOW)
    issue = partial(invoices.issue, person_id=booked.person_id, by=SYSTEM, at=session.ends_at)

    _, second = meet(issue, issue, held=EVERY_COUNTER)

    assert codes(second) == ["nothing_to_invoice"]
    assert Invoice.objects.count() == 2


def test_two_completions_lock_the_same_people_in_the_same_order(meet, monkeypatch):
    """ARCHITECTURE 8.3: not saved by trying again, there is nothing to be saved from."""
    monkeypatch.setattr(transactions, "RETRIES", 1)
    first, second = make.session(), make.session()
    ada, bob = make.person(), make.person()
    for session, people in ((first, (ada, bob)), (second, (bob, ada))):
        for person in people:
            booking.book(session_id=session.pk, person_id=person.pk, unpaid_ok=True, by=SYSTEM, at=NOW)

    answers = meet(
        partial(completion.complete, session_id=first.pk, by=SYSTEM, at=first.ends_at),
        partial(completion.complete, session_id=second.pk, by=SYSTEM, at=second.ends_at),
        held=EVERY_ACCOUNT,
    )

    assert answers == (first.pk, second.pk)


def test_a_credit_that_comes_free_while_somebody_books_is_no_reason_to_book_unpaid(meanwhile, monkeypatch):
    """A member without credits is refused, or pays with the credit; never with money nobody agreed to."""
    member, service = make.person(), make.service()
    make.lot(member, service, quantity=1)
    other = make.booking(make.session(service=service), member)
    session = make.session(service=service)
    covering = kernel.covering_lots

    def after_a_cancel(*args):
        meanwhile(partial(booking.cancel, booking_id=other.pk, by=SYSTEM, at=NOW))
        return covering(*args)

    monkeypatch.setattr(kernel, "covering_lots", after_a_cancel)

    with pytest.raises(Refused) as refusal:
        booking.book(session_id=session.pk, person_id=member.pk, by=member.actor, at=NOW)

    assert codes(refusal.value) == ["credits_moved"]
    assert session.bookings.count() == 0


def test_a_place_that_comes_free_during_the_look_is_taken_under_lock(meanwhile, monkeypatch):
    """Full at the first look, free at the second: the session is locked before anything is written."""
    session = make.session(capacity=1)
    leaving, coming = make.booking(session), make.person()
    make.lot(coming, session.service)
    look, locked = statements.row, []

    def after_a_cancel(statement, values):
        if statement == kernel._FACTS:
            meanwhile(partial(booking.cancel, booking_id=leaving.pk, by=SYSTEM, at=NOW))
        if statement == kernel._BOOK:
            locked.append(not meanwhile(free_sessions))
        return look(statement, values)

    monkeypatch.setattr(statements, "row", after_a_cancel)

    booking.book(session_id=session.pk, person_id=coming.pk, by=coming.actor, at=NOW)

    assert locked == [True]
    assert session.bookings.live().get().person == coming


def test_one_invoice_is_not_paid_twice_by_two_desks(race):
    """I7: eight hands with the whole amount, one payment."""
    member, term = make.person(), make.plan(price_minor=9000)
    sales.sell(person_id=member.pk, payment_term_id=term.pk, starts_on=NOW.date(), by=SYSTEM, at=NOW)
    pay = partial(
        payments.record,
        invoice_id=Invoice.objects.get().pk,
        amount_minor=9000,
        method="cash",
        by=SYSTEM,
        at=NOW,
    )

    answers = race([pay] * 8)

    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert [codes(each) for each in refused] == [["amount"]] * 7
    assert Payment.objects.count() == 1


def test_selling_paying_and_granting_at_once_grants_each_period_once(race):
    """C5: the sweep runs while invoices are paid and plans are sold."""
    term = make.plan(price_minor=1000, quantity=4)
    for _ in range(6):
        sales.sell(
            person_id=make.person().pk, payment_term_id=term.pk, starts_on=NOW.date(), by=SYSTEM, at=NOW
        )
    pay = [
        partial(payments.record, invoice_id=pk, amount_minor=1000, method="cash", by=SYSTEM, at=NOW)
        for pk in Invoice.objects.values_list("pk", flat=True)
    ]
    sell = [
        partial(
            sales.sell,
            person_id=make.person().pk,
            payment_term_id=term.pk,
            starts_on=NOW.date(),
            paid_by="card",
            by=SYSTEM,
            at=NOW,
        )
        for _ in range(4)
    ]

    race([*pay, *sell, *[partial(credits.grant_settled_dues, by=SYSTEM, at=NOW)] * 6])
    credits.grant_settled_dues(by=SYSTEM, at=NOW)

    assert CreditLot.objects.count() == Membership.objects.count() == 10


def test_two_desks_that_saw_the_same_do_not_both_do_it(race):
    """F26: each confirms what it saw; the second hears what is so now."""
    session = make.session()
    booked = make.booking(session)
    seen = preview(booking.cancel, booking_id=booked.pk, by=SYSTEM, at=NOW).fingerprint
    cancel = partial(booking.cancel, booking_id=booked.pk, by=SYSTEM, at=NOW, expecting=seen)

    answers = race([cancel, cancel])

    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert [codes(each) for each in refused] == [["not_live"]]


def test_two_desks_that_saw_the_same_sale_do_not_both_make_it(race):
    """The second is shown that the person bought the plan a moment ago."""
    person, term = make.person(), make.plan()
    ask = {
        "person_id": person.pk,
        "payment_term_id": term.pk,
        "starts_on": NOW.date(),
        "paid_by": "card",
        "by": SYSTEM,
        "at": NOW,
    }
    seen = preview(sales.sell, **ask).fingerprint

    answers = race([partial(sales.sell, **ask, expecting=seen)] * 2)

    [moved] = [answer for answer in answers if isinstance(answer, WorldMoved)]
    assert any("already" in line.text for line in moved.consequences)
    assert Membership.objects.count() == 1


def test_a_sale_to_somebody_else_does_not_move_the_world(committed):
    """The number of the invoice is nobody's business before it is written."""
    first, second, term = make.person(), make.person(), make.plan()
    ask = {
        "payment_term_id": term.pk,
        "starts_on": NOW.date(),
        "paid_by": "card",
        "by": SYSTEM,
        "at": NOW,
    }
    seen = preview(sales.sell, person_id=first.pk, **ask).fingerprint
    sales.sell(person_id=second.pk, **ask)

    assert sales.sell(person_id=first.pk, expecting=seen, **ask)


def test_one_booking_is_undone_once_by_two_desks(race):
    """The second press hears that it was undone, and nothing else."""
    booked = make.booking(make.session())
    made = booked.hold.operation
    undo = [
        partial(
            operations.verb_named(made.inverse["verb"]),
            **made.inverse["kwargs"],
            by=make.staff().actor,
            at=NOW,
            key=f"undo:{made.pk}",
            undoes=made.pk,
        )
        for _ in range(2)
    ]

    answers = race(undo)

    assert [codes(each) for each in answers if isinstance(each, Refused)] == [["already_undone"]]
    [credit] = lots.summary(booked.person_id, on=NOW.date())
    assert (credit.free, credit.held) == (1, 0)


@pytest.mark.parametrize("turn", range(4))
def test_completing_opening_canceling_booking_and_marking_at_once_leaves_right_books(race, turn):
    """Whoever comes first: refusals in words, no failure, and every invariant holds."""
    session = make.session(capacity=6, practitioner=make.practitioner())
    inside = [make.booking(session) for _ in range(2)] + [walk_in(session) for _ in range(2)]
    outside = [make.person() for _ in range(4)]
    for person in outside[:2]:
        make.lot(person, session.service, quantity=1)
    ask = {"by": SYSTEM, "at": session.ends_at}
    verbs = [
        partial(completion.complete, session_id=session.pk, **ask),
        partial(completion.reopen, session_id=session.pk, **ask),
        partial(completion.complete, session_id=session.pk, outcomes={inside[0].pk: "canceled"}, **ask),
        partial(attendance.mark_all, session_id=session.pk, **ask),
        *[partial(booking.cancel, booking_id=each.pk, **ask) for each in inside[1:3]],
        *[
            partial(booking.book, session_id=session.pk, person_id=each.pk, unpaid_ok=True, **ask)
            for each in outside
        ],
        *[partial(invoices.issue, person_id=each.person_id, **ask) for each in inside],
    ]

    answers = race(verbs[turn:] + verbs[:turn])

    assert Session.objects.get().booked == Booking.objects.live().count()
    assert {type(answer) for answer in answers if isinstance(answer, Refused)} <= {
        completion.CannotComplete,
        completion.CannotReopen,
        charges.AlreadyInvoiced,
        booking.CannotBook,
        booking.CannotCancel,
        invoices.CannotInvoice,
    }


def test_canceling_and_expiring_at_once_gives_each_credit_one_end(race):
    """C8, X-10: released and expired, or forfeited and given anew; never both and never neither."""
    member, service = make.person(), make.service()
    make.lot(member, service, quantity=6, days=1)
    booked = [make.booking(make.session(service=service), member) for _ in range(5)]
    late = NOW + timedelta(days=3)

    race(
        [partial(booking.cancel, booking_id=each.pk, by=SYSTEM, at=late) for each in booked]
        + [partial(credits.expire_due, by=SYSTEM, at=late)] * 3
    )

    [credit] = lots.summary(member.pk, on=late.date())
    assert (credit.free, credit.held, credit.used, credit.expired) == (5, 0, 0, 6)


def test_charges_lock_in_ascending_order(committed):
    """A step of the verbs that take final amounts back."""
    with pytest.raises(RuntimeError, match="is a step"):
        charges.lock([1])
