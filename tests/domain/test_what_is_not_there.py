"""Verbs about what does not exist, or cannot be as it stands: a sentence for each, and nothing written."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError

from billing.domain import payments
from billing.models import Charge, Entry
from memberships.domain import credits, people, sales
from sessions_app.domain import attendance, booking, completion, kernel
from sessions_app.models import CompletionType, Session
from studio.audit.models import Operation
from studio.lib.refusals import NotFound, Refused
from studio.lib.transactions import preview
from studio.people.models import Person, User
from studio.people.rules.permissions import SYSTEM
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db
NOBODY = 10**9
BY_THE_HOUSE = {"by": SYSTEM, "at": NOW}
SALE = {"starts_on": NOW.date()} | BY_THE_HOUSE
GRANT = {"quantity": 1, "reason": "x"} | BY_THE_HOUSE


def codes(refusal):
    return [reason.code for reason in refusal.value.reasons]


@pytest.mark.parametrize(
    ("noun", "ask"),
    [
        ("session", lambda: booking.book(session_id=NOBODY, person_id=NOBODY, **BY_THE_HOUSE)),
        ("booking", lambda: booking.cancel(booking_id=NOBODY, **BY_THE_HOUSE)),
        ("booking", lambda: attendance.mark(booking_id=NOBODY, is_present=True, **BY_THE_HOUSE)),
        ("session", lambda: attendance.mark_all(session_id=NOBODY, **BY_THE_HOUSE)),
        ("session", lambda: completion.complete(session_id=NOBODY, **BY_THE_HOUSE)),
        ("session", lambda: completion.reopen(session_id=NOBODY, **BY_THE_HOUSE)),
        (
            "invoice",
            lambda: payments.record(invoice_id=NOBODY, amount_minor=1, method="cash", **BY_THE_HOUSE),
        ),
        ("person", lambda: credits.grant(person_id=NOBODY, credit_type_id=NOBODY, **GRANT)),
        (
            "credit type",
            lambda: credits.grant(person_id=make.person().pk, credit_type_id=NOBODY, **GRANT),
        ),
        ("plan", lambda: sales.sell(person_id=make.person().pk, payment_term_id=NOBODY, **SALE)),
        ("person", lambda: sales.sell(person_id=NOBODY, payment_term_id=make.plan().pk, **SALE)),
    ],
)
def test_what_does_not_exist_is_said_by_its_name(noun, ask):
    with pytest.raises(NotFound, match=f"This {noun} does not exist any more."):
        ask()
    assert Operation.objects.count() == Entry.objects.count() == 0


def test_nothing_is_sold_to_somebody_inactive():
    person, term = make.person(is_active=False), make.plan()

    with pytest.raises(sales.CannotSell) as refusal:
        sales.sell(person_id=person.pk, payment_term_id=term.pk, **SALE)

    assert codes(refusal) == ["inactive"]


def test_a_sale_of_today_is_seen_in_the_next_preview():
    """Two desks serve one person: the second sees what the first did. Yesterday's sale is no news."""
    person, term = make.person("Peter"), make.plan("Ten classes")
    ask = {"person_id": person.pk, "payment_term_id": term.pk, "starts_on": NOW.date(), "by": SYSTEM}

    def lines(at):
        return [line.text for line in preview(sales.sell, **ask, at=at).consequences]

    sales.sell(**ask, at=NOW)

    assert "Peter has already bought Ten classes today" in lines(NOW)
    assert [line for line in lines(NOW + timedelta(days=1)) if "already" in line] == []


def test_presence_is_not_noted_for_who_has_given_the_place_up():
    booked = make.booking()
    booking.cancel(booking_id=booked.pk, **BY_THE_HOUSE)

    with pytest.raises(attendance.CannotMark) as refusal:
        attendance.mark(booking_id=booked.pk, is_present=True, **BY_THE_HOUSE)

    assert codes(refusal) == ["not_live"]


@pytest.mark.parametrize(("field", "code"), [("deleted_at", "deleted"), ("canceled_at", "canceled")])
def test_a_session_that_does_not_stand_is_not_completed(field, code):
    session = make.session()
    Session.objects.filter(pk=session.pk).update(**{field: NOW})

    with pytest.raises(completion.CannotComplete) as refusal:
        completion.complete(session_id=session.pk, by=SYSTEM, at=session.ends_at)

    assert codes(refusal) == [code]


def test_a_wage_of_its_own_is_paid_for_the_session():
    coach = make.practitioner()
    session = make.session(practitioner=coach, wage_minor=777)
    make.booking(session)

    completion.complete(session_id=session.pk, by=SYSTEM, at=session.ends_at)

    assert Entry.objects.get(destination__owner=f"practitioner:{coach.pk}").amount == 777


def test_a_fee_is_charged_for_what_was_to_cost_nothing():
    """X-24: a fixed amount replaces the price, also one of nothing; opening again takes it back."""
    CompletionType.objects.filter(code="missed").update(modifier_type="fixed", client_modifier=5)
    session = make.session(cost_minor=1)
    person = make.person()
    pk = booking.book(session_id=session.pk, person_id=person.pk, unpaid_ok=True, **BY_THE_HOUSE)
    ask = {"session_id": session.pk, "by": SYSTEM, "at": session.ends_at}

    completion.complete(outcomes={pk: "missed"}, **ask)
    assert Charge.objects.get().amount_minor == 500
    completion.reopen(**ask)
    assert Charge.objects.get().amount_minor is None
    completion.complete(outcomes={pk: "canceled"}, **ask)
    assert Charge.objects.get().amount_minor == 0


def test_a_practitioner_takes_no_place_that_they_could_not_give_up():
    coach, session = make.practitioner(), make.session()
    make.lot(coach, session.service)

    with pytest.raises(booking.CannotBook) as refusal:
        booking.book(session_id=session.pk, person_id=coach.pk, by=coach.actor, at=NOW)

    assert codes(refusal) == ["not_for_self"]
    assert booking.book(session_id=session.pk, person_id=coach.pk, by=make.staff().actor, at=NOW)


def test_who_signs_up_alone_becomes_a_member():
    user = User.objects.create_user("grace@example.org")

    pk = people.join(user_id=user.pk, name=" Grace  Hopper ", **BY_THE_HOUSE)

    person = Person.objects.get(pk=pk)
    assert (person.name, person.email, person.role) == ("Grace Hopper", "grace@example.org", "member")
    assert person.joined_on == NOW.date()


@pytest.mark.parametrize(
    ("constraint", "code"),
    [
        ("one_place_per_person", "already_booked"),
        ("session_never_overbooked", "full"),
        ("account_never_overdrawn", "overdrawn"),
    ],
)
def test_the_databases_last_word_is_said_in_words(constraint, code):
    """Two people in the same instant: whoever comes second hears why (the races show that it happens)."""
    refusal = booking._refusal_for(IntegrityError(f'violates "{constraint}"'), asked())

    assert isinstance(refusal, Refused)
    assert [reason.code for reason in refusal.reasons] == [code]


def test_a_failure_that_nobody_foresaw_stays_what_it_is():
    error = IntegrityError("something else")

    assert booking._refusal_for(error, asked()) is error


def asked():
    """Somebody who asks for a place."""
    return kernel.ask(make.session().pk, make.person().pk)
