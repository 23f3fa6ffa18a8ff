"""One person: the user log on top, credits in four states, bookings, memberships, balance."""

from __future__ import annotations

from datetime import timedelta

import pytest

from memberships.domain import sales
from memberships.queries import log
from sessions_app.domain import booking, completion
from sessions_app.models import Booking
from studio.lib import codes
from tests import make
from tests.make import NOW
from tests.web.desk import pages

pytestmark = pytest.mark.django_db


@pytest.fixture
def peter(moment):
    return make.person("Peter")


def person(of):
    return pages.at("person", of.pk)


def test_the_log_shows_4_3_4_3_2_with_who_did_it(desk, peter):
    """S1-10…S1-13, V-01: buy 4; staff sign-up; sign-out; sign-up; the member's own sign-up."""
    staff, service = desk.person.actor, make.service("Reformer")
    kind = make.credit_type(service, name="Class")
    term = make.plan("4-class card", quantity=4, kind=kind)
    sales.sell(
        person_id=peter.pk, payment_term_id=term.pk, starts_on=NOW.date(), paid_by="cash", by=staff, at=NOW
    )
    week = [make.session(NOW + timedelta(days=day), service=service) for day in (7, 8, 9)]
    first = booking.book(session_id=week[0].pk, person_id=peter.pk, by=staff, at=NOW)
    booking.cancel(booking_id=first, by=staff, at=NOW)
    booking.book(session_id=week[1].pk, person_id=peter.pk, by=staff, at=NOW)
    booking.book(session_id=week[2].pk, person_id=peter.pk, by=peter.actor, at=NOW)

    lines = log.credit_log(peter.pk)

    assert [line.available for line in lines] == [4, 3, 4, 3, 2]
    assert [line.by for line in lines] == ["employee"] * 4 + ["member"]
    assert [line.actor for line in lines] == ["Sam Desk"] * 4 + ["Peter"]
    assert [line.words.partition(",")[0] for line in lines] == [
        "Bought 4-class card",
        "Booked Reformer",
        "Canceled Reformer",
        "Booked Reformer",
        "Booked Reformer",
    ]
    words = pages.text(desk.get(person(peter)))
    assert words.index("User log") < words.index("Active bookings")
    assert "Booked Reformer, Wed 11 Mar 2026 09:00 Mon 2 Mar · by Peter, member held −1 leaves 2" in words
    assert "Bought 4-class card Mon 2 Mar · by Sam Desk, employee bought +4 leaves 4" in words
    whole = pages.text(desk.get(pages.at("person_log", peter.pk)))
    assert [whole.count("leaves 4"), whole.count("leaves 3"), whole.count("leaves 2")] == [2, 2, 1]


def test_credits_left_their_last_day_and_one_active_booking(desk, peter):
    """S1-06…S1-09, V-02: 6 left until 8 December; one sign-up leaves 5 and 1 active, same date."""
    service = make.service("Reformer")
    make.lot(peter, quantity=6, days=281, kind=make.credit_type(service, name="Class"))
    booking.book(
        session_id=make.session(service=service).pk, person_id=peter.pk, by=desk.person.actor, at=NOW
    )

    page = desk.get(person(peter))

    shown = pages.figures(page, "explain")
    assert (shown["credits-free"], shown["credits-held"], shown["active-bookings"]) == ("5", "1", "1")
    assert "Class credits: 5 free, first to end 8 Dec" in pages.text(page)
    behind = desk.get(pages.at("person_bookings", peter.pk))
    assert pages.figures(behind, "total") == {"active-bookings": "1"}


def test_a_booking_is_active_until_the_session_starts(desk, peter, moment):
    session = make.session()
    make.booking(session, peter)

    moment(session.starts_at)

    assert pages.figures(desk.get(person(peter)), "explain")["active-bookings"] == "0"


def test_past_bookings_say_how_they_ended(desk, peter):
    session = make.session(NOW - timedelta(hours=2), service=make.service("Reformer"))
    booked = make.booking(session, peter, by=desk.person.actor)
    completion.complete(session_id=session.pk, outcomes={booked.pk: "missed"}, by=desk.person.actor, at=NOW)

    assert "Reformer Missed Mon 2 Mar, 07:00–08:00" in pages.text(desk.get(person(peter)))
    past = pages.text(desk.get(f"{pages.at('person_bookings', peter.pk)}?show=past"))
    assert "Reformer Missed" in past


def test_memberships_and_the_balance_say_what_is_owed(desk, peter):
    term = make.plan("10-class card")
    sales.sell(
        person_id=peter.pk, payment_term_id=term.pk, starts_on=NOW.date(), by=desk.person.actor, at=NOW
    )

    page = desk.get(person(peter))

    words = pages.text(page)
    assert "Owes £90.00" in words
    assert "10-class card Not paid From Mon 2 Mar · paid once, £90.00" in words
    assert "INV-2026-00001" in words and "£90.00 open" in words
    assert pages.figures(page, "explain")["balance"] == "9000"


def test_the_whole_story_stands_under_everything(desk, peter):
    make.booking(make.session(service=make.service("Reformer")), peter)

    words = pages.text(desk.get(f"{pages.at('person_log', peter.pk)}?show=all"))

    assert "Booked into Reformer, Tue 3 Mar 2026 18:00" in words
    assert "Received 1 ×" in words


def test_booking_for_someone_starts_at_their_page(desk, peter):
    session = make.session(service=make.service("Reformer"))
    make.lot(peter, session.service, quantity=2)
    offered = desk.get(pages.at("person_book", peter.pk))

    answer = desk.post(
        pages.at("add_to_roster", session.pk),
        {"key": "book", "person": codes.encode(peter.pk), "next": pages.hidden(offered, "next")},
    )

    assert "Reformer" in pages.text(offered)
    assert answer["Location"] == person(peter)
    assert Booking.objects.get().person == peter
    assert "Nothing to book." in pages.text(desk.get(pages.at("person_book", peter.pk)))


def test_someone_new_has_an_empty_page_with_ways_on(desk, peter):
    page = desk.get(person(peter))

    words = pages.text(page)
    for phrase in ("No credits yet.", "Nothing is booked.", "Nothing owed", "No login yet"):
        assert phrase in words
    assert pages.at("sell", peter.pk) in page.content.decode()


def test_a_closed_account_is_not_booked_or_sold_to(desk):
    cho = make.person("Cho Min", is_active=False)

    html = desk.get(person(cho)).content.decode()

    assert [pages.at("person_book", cho.pk) in html, pages.at("sell", cho.pk) in html] == [False, False]
    assert pages.at("reopen_person", cho.pk) in html


def test_someone_who_does_not_exist_is_not_found(desk):
    assert desk.get(pages.at("person", 999_999)).status_code == 404


def test_a_persons_pages_cost_the_same_for_one_row_and_for_three(desk, peter):
    service = make.service()
    kind = make.credit_type(service)

    def one_more(day):
        term = make.plan(quantity=4, kind=kind)
        by = desk.person.actor
        starts = NOW.date()
        sales.sell(
            person_id=peter.pk, payment_term_id=term.pk, starts_on=starts, paid_by="card", by=by, at=NOW
        )
        over = make.session(NOW - timedelta(hours=2 * day), service=service)
        make.booking(over, peter, by=by)
        completion.complete(session_id=over.pk, by=by, at=NOW)
        make.booking(make.session(NOW + timedelta(days=day), service=service), peter)
        make.session(NOW + timedelta(days=day, hours=2), service=service)

    names = ("person", "person_log", "person_bookings", "person_book")
    addresses = [pages.at(name, peter.pk) for name in names]
    addresses += [f"{pages.at('person_log', peter.pk)}?show=all"]
    addresses += [f"{pages.at('person_bookings', peter.pk)}?show=past"]
    one_more(1)
    one = [pages.statements(desk, address) for address in addresses]
    one_more(2)
    one_more(3)

    three = [pages.statements(desk, address) for address in addresses]

    assert three == one
    assert max(three) <= 15
