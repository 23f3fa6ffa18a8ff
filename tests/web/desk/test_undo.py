"""Undo: from the toast or from the history, once, by whoever may, and written down like everything else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from memberships.queries import lots
from sessions_app.domain import attendance, booking, completion
from sessions_app.models import Booking
from studio.audit.models import Operation
from studio.people.rules.permissions import Role
from tests import logins, make
from tests.make import NOW
from tests.web.desk import pages

pytestmark = pytest.mark.django_db

HISTORY = "/desk/undo/"


def of(verb):
    return Operation.objects.filter(verb=verb).latest("pk")


def undo(browser, operation):
    return browser.post(pages.at("undo", operation.pk), {"key": "undo"})


def booked_by(somebody, **fields):
    session = make.session(service=make.service("Reformer"), **fields)
    bea = make.person("Bea Long")
    make.lot(bea, session.service, quantity=3)
    return make.booking(session, bea, by=somebody.person.actor)


def test_a_booking_is_taken_back_with_its_credit(desk):
    booked = booked_by(desk)

    answer = undo(desk, of("booking.book"))

    booked.refresh_from_db()
    [credit] = lots.summary(booked.person_id, on=NOW.date())
    assert answer["Location"] == HISTORY
    assert "Undone: Bea Long booked into Reformer" in pages.toasts(desk.get(HISTORY))
    assert (booked.canceled_at, credit.free, credit.held) == (NOW, 3, 0)


def test_undo_returns_to_the_page_the_toast_stood_on(desk):
    booked = booked_by(desk)
    page = pages.at("session", booked.session_id)

    answer = desk.post(
        pages.at("undo", of("booking.book").pk), {"key": "u"}, headers={"Referer": f"http://testserver{page}"}
    )

    assert answer["Location"] == page


def test_undoing_twice_undoes_once(desk):
    booked_by(desk)
    operation = of("booking.book")

    answers = [undo(desk, operation).status_code for _ in range(2)]

    assert answers == [302, 302]
    assert Operation.objects.filter(verb="booking.cancel").count() == 1


def test_what_became_impossible_is_refused_with_the_reason(desk):
    session = make.session(service=make.service("Reformer"), capacity=1)
    bea, amir = make.person("Bea Long"), make.person("Amir Patel")
    for person in (bea, amir):
        make.lot(person, session.service)
    first = make.booking(session, bea)
    booking.cancel(booking_id=first.pk, by=desk.person.actor, at=NOW)
    make.booking(session, amir)

    answer = undo(desk, of("booking.cancel"))

    assert answer.status_code == 409
    assert "Reformer is full: 1 of 1 places are taken." in pages.text(answer)
    assert [each.person for each in Booking.objects.live()] == [amir]


def test_the_history_says_who_did_what_and_why_some_of_it_stays(desk, owner):
    booked = booked_by(desk)
    attendance.mark(booking_id=booked.pk, is_present=True, by=owner.person.actor, at=NOW)
    desk.post(
        pages.at("grant", booked.person_id),
        {"key": "g", "credit_type": booked.lot.credit_type_id, "quantity": "1", "reason": "Sorry"},
    )
    undo(desk, of("attendance.mark"))

    words = pages.text(desk.get(HISTORY))

    assert "Booking Bea Long booked into Reformer, Tue 3 Mar 2026 18:00 Mon 2 Mar, 09:00 Sam Desk" in words
    assert "Register Reformer: Bea Long checked in Mon 2 Mar, 09:00 Ada Owner Undone by Sam Desk" in words
    assert "Credits Bea Long received 1 ×" in words
    assert "Stays; correct it with a new entry" in words


def test_what_has_no_way_back_is_refused_in_words(desk):
    bea, kind = make.person("Bea Long"), make.credit_type(make.service())
    desk.post(
        pages.at("grant", bea.pk), {"key": "g", "credit_type": kind.pk, "quantity": "1", "reason": "Sorry"}
    )

    answer = undo(desk, of("credits.grant"))

    assert answer.status_code == 409
    assert "This cannot be taken back. Correct it with a new entry that says why." in pages.text(answer)


def test_only_the_last_thirty_days_are_listed(desk, moment):
    booked_by(desk)

    moment(NOW + timedelta(days=31))

    assert "Nothing was done in the last 30 days." in pages.text(desk.get(HISTORY))


def test_a_practitioner_takes_back_what_they_just_did_and_nothing_of_others(coach, moment):
    theirs = booked_by(make_browser := logins.browser(Role.STAFF), practitioner=coach.person)
    of_the_desk = of("booking.book")
    attendance.mark(booking_id=theirs.pk, is_present=True, by=coach.person.actor, at=NOW)
    mark = of("attendance.mark")

    assert undo(coach, of_the_desk).status_code == 404
    assert "Bea Long booked" not in pages.text(coach.get(HISTORY))
    undo(coach, mark)

    theirs.refresh_from_db()
    assert (theirs.is_present, theirs.canceled_at) == (None, None)
    assert make_browser.person.role == "staff"


def test_giving_a_place_up_is_for_the_desk_and_not_offered_to_a_practitioner(coach):
    """A practitioner adds walk-ins to their own session; canceling bookings is for the desk."""
    booked_by(coach, practitioner=coach.person)
    operation = of("booking.book")

    answer = undo(coach, operation)

    assert answer.status_code == 403
    assert "For the desk" in pages.text(coach.get(HISTORY))
    assert pages.at("undo", operation.pk) not in coach.get(HISTORY).content.decode()
    assert Booking.objects.live().count() == 1


def test_a_practitioner_opens_their_own_saved_session_again_later(coach, moment):
    mine = make.session(NOW - timedelta(hours=2), practitioner=coach.person)
    completion.complete(session_id=mine.pk, by=coach.person.actor, at=NOW)

    moment(NOW + timedelta(hours=2))
    undo(coach, of("session.complete"))

    mine.refresh_from_db()
    assert mine.closed_at is None


def test_members_do_not_come_in(desk):
    booked_by(desk)
    member = logins.browser(Role.MEMBER)

    assert member.get(HISTORY).status_code == 403
    assert undo(member, of("booking.book")).status_code == 403
    assert Booking.objects.live().count() == 1


def test_the_history_costs_the_same_for_one_row_and_for_three(desk):
    booked_by(desk)
    one = pages.statements(desk, HISTORY)
    booked_again = make.booking(make.session(), by=desk.person.actor)
    attendance.mark(booking_id=booked_again.pk, is_present=True, by=desk.person.actor, at=NOW)

    assert pages.statements(desk, HISTORY) == one <= 15
