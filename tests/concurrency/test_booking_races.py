"""Fifty people, one place; twenty bookings, one credit; one form sent ten times.

Each promise has its twin: the same race with the lock and the constraint taken away, which must go wrong. So
the race is real, and it is the lock or the constraint that wins it.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.db import connection

from billing.models import Account
from memberships.queries import lots
from sessions_app.domain import booking, kernel
from sessions_app.models import Booking, Session
from studio.audit.domain import operations
from studio.audit.models import Operation
from studio.lib.refusals import Refused
from tests import make
from tests.make import NOW


def execute(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def without_locks(monkeypatch):
    """The kernel's statements, minus the words that lock."""
    lock_if_free = kernel._LOCK_IF_FREE.replace("FOR NO KEY UPDATE OF s", "")
    lots_unlocked = kernel._LOTS.replace("FOR NO KEY UPDATE OF a", "")
    assert (lock_if_free, lots_unlocked) != (kernel._LOCK_IF_FREE, kernel._LOTS)
    monkeypatch.setattr(kernel, "_LOCK_IF_FREE", lock_if_free)
    monkeypatch.setattr(kernel, "_LOTS", lots_unlocked)


def fifty_for_one_place():
    """A session with one place, and fifty members with a credit each."""
    session = make.session(capacity=1)
    kind = make.credit_type(session.service)
    members = [make.person() for _ in range(50)]
    for member in members:
        make.lot(member, quantity=1, kind=kind)
    return session, [
        partial(booking.book, session_id=session.pk, person_id=member.pk, by=member.actor, at=NOW)
        for member in members
    ]


def twenty_for_one_credit():
    """Twenty sessions at different times, and one member with one credit."""
    member, service = make.person(), make.service()
    make.lot(member, service, quantity=1)
    sessions = [make.session(NOW + timedelta(days=day), service=service) for day in range(1, 21)]
    return member, [
        partial(booking.book, session_id=session.pk, person_id=member.pk, by=member.actor, at=NOW)
        for session in sessions
    ]


def wins(answers):
    return [answer for answer in answers if not isinstance(answer, Refused)]


def refusal_codes(answers):
    return {reason.code for answer in answers if isinstance(answer, Refused) for reason in answer.reasons}


@pytest.mark.usefixtures("books_hold")
def test_the_last_place_is_given_exactly_once(race):
    """C1, S1, S2: one of fifty, and the other forty-nine hear why."""
    session, contenders = fifty_for_one_place()

    answers = race(contenders)

    assert len(wins(answers)) == 1
    assert refusal_codes(answers) == {"full"}
    assert Session.objects.get(pk=session.pk).booked == 1


@pytest.mark.usefixtures("books_hold")
def test_the_constraint_alone_gives_the_last_place_once(race, monkeypatch):
    """The lock is taken away; the database still has the last word, in the same words."""
    without_locks(monkeypatch)
    _, contenders = fifty_for_one_place()

    answers = race(contenders)

    assert len(wins(answers)) == 1
    assert refusal_codes(answers) == {"full"}


@pytest.mark.sabotage
def test_without_lock_and_constraint_the_last_place_is_sold_again(race, monkeypatch):
    """The twin: this race is real."""
    without_locks(monkeypatch)
    execute("ALTER TABLE sessions_app_session DROP CONSTRAINT session_never_overbooked")
    session, contenders = fifty_for_one_place()

    race(contenders)

    assert session.bookings.count() > 1


@pytest.mark.usefixtures("books_hold")
def test_the_last_credit_is_spent_exactly_once(race):
    """C1, C3: twenty sessions have room, one credit pays for one of them."""
    member, contenders = twenty_for_one_credit()

    answers = race(contenders)

    assert len(wins(answers)) == 1
    assert refusal_codes(answers) == {"no_credits_left"}
    [credit] = lots.summary(member.pk, on=NOW.date())
    assert (credit.free, credit.held) == (0, 1)


@pytest.mark.usefixtures("books_hold")
def test_the_constraint_alone_spends_the_last_credit_once(race, monkeypatch):
    without_locks(monkeypatch)
    _, contenders = twenty_for_one_credit()

    answers = race(contenders)

    assert len(wins(answers)) == 1
    assert refusal_codes(answers) <= {"overdrawn", "no_credits_left"}


@pytest.mark.sabotage
def test_without_lock_and_constraint_the_last_credit_is_spent_again(race, monkeypatch):
    """The twin: this race is real."""
    without_locks(monkeypatch)
    execute("ALTER TABLE billing_account DROP CONSTRAINT account_never_overdrawn")
    member, contenders = twenty_for_one_credit()

    race(contenders)

    assert Booking.objects.filter(person=member).count() > 1
    assert min(Account.objects.filter(owner__startswith="lot:"), key=lambda lot: lot.available).available < 0


@pytest.mark.usefixtures("books_hold")
def test_one_form_sent_ten_times_books_once_and_answers_alike(race):
    """F25: the operation key, not the button, makes a double click harmless."""
    member, session = make.person(), make.session()
    make.lot(member, session.service)
    ask = partial(
        booking.book, session_id=session.pk, person_id=member.pk, by=member.actor, at=NOW, key="one-form"
    )

    answers = race([ask] * 10)

    assert len(set(answers)) == 1
    assert session.bookings.count() == 1
    assert Operation.objects.filter(key="one-form").count() == 1


@pytest.mark.sabotage
def test_without_the_unique_key_one_form_has_more_than_one_effect(race, monkeypatch):
    """The twin: the key's uniqueness and the person's one place are what hold."""
    execute("ALTER TABLE audit_operation DROP CONSTRAINT operation_key_once_per_actor")
    execute("DROP INDEX one_place_per_person")
    monkeypatch.setattr(
        operations, "_CLAIM", operations._CLAIM.replace("ON CONFLICT (actor_id, key) DO NOTHING", "")
    )
    member, session = make.person(), make.session()
    make.lot(member, session.service)
    ask = partial(
        booking.book, session_id=session.pk, person_id=member.pk, by=member.actor, at=NOW, key="one-form"
    )
    # Everyone has read "no place yet" before the first of them writes.
    without_locks(monkeypatch)

    race([ask] * 10)

    assert session.bookings.count() > 1


@pytest.mark.usefixtures("books_hold")
def test_with_eight_places_and_forty_people_exactly_eight_get_in(race):
    """S2: full is really full, and not a place less."""
    session = make.session(capacity=8)
    kind = make.credit_type(session.service)
    members = [make.person() for _ in range(40)]
    for member in members:
        make.lot(member, quantity=1, kind=kind)

    answers = race(
        [
            partial(booking.book, session_id=session.pk, person_id=member.pk, by=member.actor, at=NOW)
            for member in members
        ]
    )

    assert len(wins(answers)) == 8
    assert Session.objects.get(pk=session.pk).booked == 8


@pytest.mark.usefixtures("books_hold")
def test_canceling_and_booking_at_once_loses_no_place_and_no_credit(race):
    """C5: half give their place up while as many others want one."""
    session = make.session(capacity=10)
    kind = make.credit_type(session.service)
    inside, outside = ([make.person() for _ in range(10)] for _ in range(2))
    for member in (*inside, *outside):
        make.lot(member, quantity=1, kind=kind)
    booked = [make.booking(session, member) for member in inside]

    race(
        [partial(booking.cancel, booking_id=each.pk, by=each.person.actor, at=NOW) for each in booked]
        + [
            partial(booking.book, session_id=session.pk, person_id=member.pk, by=member.actor, at=NOW)
            for member in outside
        ]
    )

    taken = Session.objects.get(pk=session.pk).booked
    assert taken == session.bookings.live().count()
    free = sum(
        credit.free for member in (*inside, *outside) for credit in lots.summary(member.pk, on=NOW.date())
    )
    assert free + taken == 20
