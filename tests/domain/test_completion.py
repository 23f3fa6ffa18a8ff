"""Completing sessions: what is consumed, charged and paid, and how it is taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.domain import charges, invoices
from billing.models import Account, Charge, Entry
from memberships.domain import credits
from memberships.queries import lots
from sessions_app.domain import booking, completion
from sessions_app.models import Booking, CompletionType, Outcome, Session
from studio.lib.transactions import WorldMoved, preview
from studio.people.rules.permissions import SYSTEM
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db

AFTER = NOW + timedelta(days=2)


def credit(person):
    [summary] = lots.summary(person.pk, on=NOW.date())
    return (summary.free, summary.held, summary.used)


def earned(practitioner):
    account = Account.objects.filter(owner=f"practitioner:{practitioner.pk}").first()
    return account.balance if account else 0


def walk_in(session, staff):
    person = make.person()
    return Booking.objects.get(
        pk=booking.book(session_id=session.pk, person_id=person.pk, unpaid_ok=True, by=staff.actor, at=NOW)
    )


def codes(refusal):
    return [reason.code for reason in refusal.value.reasons]


def test_completed_and_missed_take_all_and_canceled_takes_nothing():
    """S3-24, S3-25, S3-26: one credit booking of each ending, and one money booking of each ending."""
    staff, coach = make.staff(), make.practitioner()
    session = make.session(practitioner=coach)
    with_credit = [make.booking(session) for _ in range(3)]
    with_money = [walk_in(session, staff) for _ in range(3)]
    endings = ["completed", "missed", "canceled"]
    outcomes = {
        booked.pk: ending
        for bookings in (with_credit, with_money)
        for booked, ending in zip(bookings, endings, strict=True)
    }

    completion.complete(session_id=session.pk, outcomes=outcomes, by=staff.actor, at=AFTER)

    assert [credit(booked.person) for booked in with_credit] == [(0, 0, 1), (0, 0, 1), (1, 0, 0)]
    amounts = list(Charge.objects.order_by("pk").values_list("amount_minor", flat=True))
    assert amounts == [1200, 1200, 0]
    assert earned(coach) == 500
    session.refresh_from_db()
    assert (session.booked, session.closed_at) == (4, AFTER)


def test_an_open_session_moves_no_money():
    """S3-23: until it is saved neither the balance nor the wage changes."""
    staff, coach = make.staff(), make.practitioner()
    session = make.session(practitioner=coach)
    booked = walk_in(session, staff)

    account = booked.charge.hold.source
    assert (account.balance, earned(coach)) == (0, 0)

    completion.complete(session_id=session.pk, by=staff.actor, at=AFTER)
    account.refresh_from_db()
    assert (account.balance, account.held, earned(coach)) == (-1200, 0, 500)


def test_people_on_the_list_are_assumed_present():
    """S1-16: nobody is named, so everyone completes."""
    session = make.session()
    make.booking(session)
    make.booking(session)

    completion.complete(session_id=session.pk, by=make.staff().actor, at=AFTER)

    assert list(Outcome.objects.values_list("label", flat=True)) == ["Completed", "Completed"]


def test_a_group_session_pays_one_wage_the_greatest():
    """X-47: two people, one missed and one canceled: one full wage."""
    coach = make.practitioner()
    session = make.session(practitioner=coach)
    one, other = make.booking(session), make.booking(session)

    completion.complete(
        session_id=session.pk, outcomes={one.pk: "canceled", other.pk: "missed"}, by=SYSTEM, at=AFTER
    )

    assert earned(coach) == 500


def test_an_hourly_service_costs_by_elapsed_time():
    """S3-99: 75 minutes at 12.00 an hour."""
    staff = make.staff()
    session = make.session(service=make.service(pricing="hourly"), lasts=timedelta(minutes=75))
    booked = walk_in(session, staff)

    completion.complete(session_id=session.pk, by=staff.actor, at=AFTER)

    assert Charge.objects.get(pk=booked.charge_id).amount_minor == 1500


def test_editing_a_completion_type_leaves_saved_sessions_alone():
    """S3-42, V-12, K1: and the database refuses to change what was frozen."""
    staff, session = make.staff(), make.session()
    walk_in(session, staff)
    completion.complete(session_id=session.pk, by=staff.actor, at=AFTER)

    CompletionType.objects.filter(code="completed").update(client_modifier=25, label="Done")

    outcome = Outcome.objects.get()
    assert (outcome.label, outcome.client_modifier, outcome.cost_minor) == ("Completed", 100, 1200)


@pytest.mark.parametrize(("percent", "cost", "wage"), [(50, 4000, 1500), (0, 0, 0), (100, 8000, 3000)])
def test_a_percentage_ending_takes_that_share(percent, cost, wage):
    """S3-36, S3-37, V-11: Late Cancel 50/50 of cost 80 and wage 30 is 40 and 15."""
    coach, staff = make.practitioner(), make.staff()
    CompletionType.objects.create(
        code="late",
        label="Late Cancel",
        mapped_status="missed",
        client_modifier=percent,
        practitioner_modifier=percent,
        returns_credit=False,
    )
    session = make.session(service=make.service(cost_minor=8000, wage_minor=3000), practitioner=coach)
    booked = walk_in(session, staff)

    completion.complete(session_id=session.pk, outcomes={booked.pk: "late"}, by=staff.actor, at=AFTER)

    outcome = Outcome.objects.get()
    assert (outcome.cost_minor, outcome.wage_minor, earned(coach)) == (cost, wage, wage)


def test_a_session_is_completed_once():
    session = make.booking().session
    completion.complete(session_id=session.pk, by=SYSTEM, at=AFTER)
    entries = Entry.objects.count()

    with pytest.raises(completion.CannotComplete) as refusal:
        completion.complete(session_id=session.pk, by=SYSTEM, at=AFTER)

    assert codes(refusal) == ["closed"]
    assert Entry.objects.count() == entries


def test_a_session_that_has_not_started_cannot_be_completed():
    session = make.booking().session

    with pytest.raises(completion.CannotComplete) as refusal:
        completion.complete(session_id=session.pk, by=SYSTEM, at=NOW)

    assert codes(refusal) == ["not_started"]


def test_an_unknown_ending_is_refused_and_changes_nothing():
    booked = make.booking()

    with pytest.raises(completion.CannotComplete) as refusal:
        completion.complete(
            session_id=booked.session_id, outcomes={booked.pk: "vanished"}, by=SYSTEM, at=AFTER
        )

    assert codes(refusal) == ["unknown_type"]
    assert Outcome.objects.count() == 0


def test_reopening_puts_everything_back_as_it_was():
    """X-21: entries are answered by their opposite, holds stand again, and it can be completed anew."""
    staff, coach = make.staff(), make.practitioner()
    session = make.session(practitioner=coach)
    by_credit, by_money, canceled = make.booking(session), walk_in(session, staff), make.booking(session)
    outcomes = {canceled.pk: "canceled"}
    completion.complete(session_id=session.pk, outcomes=outcomes, by=staff.actor, at=AFTER)

    completion.reopen(session_id=session.pk, by=staff.actor, at=AFTER)

    session.refresh_from_db()
    assert (session.closed_at, session.booked) == (None, 3)
    assert credit(by_credit.person) == credit(canceled.person) == (0, 1, 0)
    account = Account.objects.get(owner=f"person:{by_money.person_id}")
    assert (account.balance, account.held) == (0, 1200)
    assert earned(coach) == 0

    completion.complete(session_id=session.pk, by=staff.actor, at=AFTER)
    assert credit(by_credit.person) == (0, 0, 1)
    assert earned(coach) == 500
    assert Outcome.objects.filter(reversed_at=None).count() == 3


def test_a_session_on_an_invoice_is_not_reopened():
    staff, session = make.staff(), make.session()
    booked = walk_in(session, staff)
    completion.complete(session_id=session.pk, by=staff.actor, at=AFTER)
    invoices.issue(person_id=booked.person_id, by=staff.actor, at=AFTER)

    with pytest.raises(charges.AlreadyInvoiced) as refusal:
        completion.reopen(session_id=session.pk, by=staff.actor, at=AFTER)

    assert "INV-2026-00001" in str(refusal.value)
    assert Session.objects.get(pk=session.pk).closed_at == AFTER


def test_what_was_previewed_is_what_happens_or_nothing_does():
    """D5: a booking made after the look changes the consequences, so the confirmation is refused."""
    staff, session = make.staff(), make.session()
    make.booking(session)
    seen = preview(completion.complete, session_id=session.pk, by=staff.actor, at=AFTER)
    assert [line.kind for line in seen.consequences] == ["places", "credits", "money", "pay"]
    make.booking(session)

    with pytest.raises(WorldMoved) as moved:
        completion.complete(session_id=session.pk, by=staff.actor, at=AFTER, expecting=seen.fingerprint)

    assert [line.text for line in moved.value.consequences if line.kind == "credits"] == [
        "2 used, 0 returned"
    ]
    assert Session.objects.get(pk=session.pk).closed_at is None


def test_completing_ten_people_takes_as_many_statements_as_completing_three():
    """Set-based: the number of statements does not grow with people who hold credits."""
    counts = []
    for people in (3, 10):
        session = make.session(service=make.service(capacity=10))
        for _ in range(people):
            make.booking(session)
        with CaptureQueriesContext(connection) as seen:
            completion.complete(session_id=session.pk, by=SYSTEM, at=AFTER)
        counts.append(len(seen))

    assert counts[0] == counts[1]


def test_a_credit_that_the_studio_gives_back_after_its_lot_has_ended_is_given_anew():
    """X-10, X-52: saved late as canceled, the credit is not lost with its lot."""
    member, service = make.person(), make.service()
    kind = make.credit_type(service)
    make.lot(member, kind=kind, quantity=1, days=1)
    booked = make.booking(make.session(service=service), member)
    late = AFTER + timedelta(days=3)

    completion.complete(session_id=booked.session_id, outcomes={booked.pk: "canceled"}, by=SYSTEM, at=late)
    credits.expire_due(by=SYSTEM, at=late)

    [credit] = lots.summary(member.pk, on=late.date())
    assert (credit.free, credit.held, credit.used, credit.expired) == (1, 0, 0, 1)
    assert credit.next_end_on == late.date() + timedelta(days=30)


def test_a_session_whose_returned_credit_was_used_is_not_opened_again():
    """The person has spent it elsewhere: what is held twice would be one credit too many."""
    member, service = make.person(), make.service()
    make.lot(member, service, quantity=1)
    booked = make.booking(make.session(service=service), member)
    completion.complete(session_id=booked.session_id, outcomes={booked.pk: "canceled"}, by=SYSTEM, at=AFTER)
    later = make.session(AFTER + timedelta(days=2), service=service)
    booking.book(session_id=later.pk, person_id=member.pk, by=member.actor, at=AFTER)

    with pytest.raises(completion.CannotReopen) as refusal:
        completion.reopen(session_id=booked.session_id, by=SYSTEM, at=AFTER)

    assert [reason.code for reason in refusal.value.reasons] == ["credit_gone"]


def test_an_ending_that_is_switched_off_is_not_taken_for_granted():
    """S3-29: without “completed”, everybody's ending is chosen."""
    booked = make.booking()
    CompletionType.objects.filter(code="completed").update(is_enabled=False)

    with pytest.raises(completion.CannotComplete) as refusal:
        completion.complete(session_id=booked.session_id, by=SYSTEM, at=AFTER)
    assert [reason.code for reason in refusal.value.reasons] == ["unknown_type"]

    outcomes = {booked.pk: "missed"}
    assert completion.complete(session_id=booked.session_id, outcomes=outcomes, by=SYSTEM, at=AFTER)


def test_opening_again_takes_the_same_statements_for_few_and_for_many():
    counts = []
    for people in (3, 10):
        session = make.session(service=make.service(capacity=10))
        for _ in range(people):
            make.booking(session)
        completion.complete(session_id=session.pk, by=SYSTEM, at=AFTER)
        with CaptureQueriesContext(connection) as seen:
            completion.reopen(session_id=session.pk, by=SYSTEM, at=AFTER)
        counts.append(len(seen))

    assert counts[0] == counts[1]


def test_what_is_open_is_not_opened_again():
    session = make.session()

    with pytest.raises(completion.CannotReopen) as refusal:
        completion.reopen(session_id=session.pk, by=SYSTEM, at=AFTER)

    assert codes(refusal) == ["open"]
