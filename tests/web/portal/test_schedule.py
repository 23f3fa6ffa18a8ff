"""The timetable: what is on, for whom the button works, and what stands in its place."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.http import HttpResponse
from django.test import Client

from scheduling.models import Closure
from sessions_app.domain import booking as booking_verbs
from sessions_app.models import Booking, Session
from studio.lib import codes
from studio.people.models import Person, Studio
from tests import logins, make
from tests.make import NOW
from tests.web.portal.conftest import count, figures, words

pytestmark = pytest.mark.django_db

TOMORROW = "/schedule/2026-03-03/"


def page_of(session: Session) -> str:
    return f"/sessions/{codes.encode(session.pk)}/"


def book_at(session: Session) -> str:
    return f"{page_of(session)}book/"


def page_rows(response: HttpResponse) -> list[str]:
    """The titles of the rows."""
    return re.findall(r'class="session-name"><a [^>]*>([^<]+)', response.content.decode())


# --- what is on --------------------------------------------------------------------------------------


def test_a_visitor_sees_the_day_with_prices_and_is_asked_to_sign_in(visitor: Client) -> None:
    session = make.session(service=make.service("Yoga"))

    response = visitor.get(TOMORROW)

    assert words(response).has("Tuesday 3 March", "18:00 to 19:00 Yoga", "8 places left", "£12.00")
    assert f'href="/accounts/login/?next=%2Fsessions%2F{codes.encode(session.pk)}%2F"' in (
        response.content.decode()
    )
    assert "Book ·" not in words(response)


@pytest.mark.parametrize("address", ["/", "/schedule/"])
def test_the_front_page_is_today_without_what_is_over(visitor: Client, address: str) -> None:
    make.session(NOW - timedelta(hours=3), service=make.service("Dawn"))
    make.session(NOW + timedelta(hours=3), service=make.service("Noon"))

    response = visitor.get(address)

    assert words(response).has("Monday 2 March today")
    assert page_rows(response) == ["Noon"]


def test_only_what_is_open_to_members_is_an_option(browser: Client, peter: Person) -> None:
    """S3-84: a service or location without Client Booking is not shown; its open twin is."""
    open_to_all = make.session(service=make.service("Open"))
    closed_service = make.session(service=make.service("Team only", members_may_book=False))
    closed_place = make.session(
        service=make.service("Elsewhere"), location=make.location("Annex", members_may_book=False)
    )
    unlisted = make.session(service=make.service("Unlisted"), is_listed=False)

    shown = words(browser.get(TOMORROW))

    assert [name for name in ("Open", "Team only", "Elsewhere", "Unlisted") if name in shown] == ["Open"]
    assert [
        browser.get(page_of(each)).status_code
        for each in (open_to_all, closed_service, closed_place, unlisted)
    ] == [200, 404, 404, 404]


def test_someone_with_a_place_still_finds_a_session_that_is_not_offered(
    browser: Client, peter: Person
) -> None:
    session = make.session(is_listed=False)
    assert browser.get(page_of(session)).status_code == 404

    make.booking(session, peter, by=make.staff().actor)

    assert browser.get(page_of(session)).status_code == 200


def test_a_deleted_session_is_not_there_even_for_the_desk(visitor: Client) -> None:
    session = make.session(deleted_at=NOW)
    sam = logins.browser(logins.person("staff", sign_in=True))

    assert [each.get(page_of(session)).status_code for each in (visitor, sam)] == [404, 404]


def test_a_closure_is_shown_to_everybody_and_stops_booking(
    visitor: Client, browser: Client, peter: Person
) -> None:
    """S3-48, X-51."""
    session = make.session(service=make.service("Yoga"))
    make.lot(peter, session.service)
    Closure.objects.create(starts_on=date(2026, 3, 3), ends_on=date(2026, 3, 4), name="Inventory")

    assert words(visitor.get(TOMORROW)).has("Closed: Inventory", "3–4 Mar")
    assert words(visitor.get("/")).has("Closed 3–4 Mar: Inventory")
    assert words(browser.get(TOMORROW)).has("Closed that day: Inventory.")


def test_the_strip_shows_seven_days_and_which_have_nothing(visitor: Client) -> None:
    make.session(service=make.service("Yoga"))

    html = visitor.get("/").content.decode()

    assert [day for day in range(2, 10) if f'href="/schedule/2026-03-0{day}/"' in html] == list(range(2, 10))
    assert html.count("nothing on") == 6


def test_an_empty_day_leads_to_the_next_session(visitor: Client) -> None:
    make.session(NOW + timedelta(days=7, hours=-1, minutes=-30))

    response = visitor.get("/schedule/2026-03-08/")

    assert words(response).has("Nothing on Sunday.", "Next: Mon 9 Mar, 07:30")
    assert 'href="/schedule/2026-03-09/"' in response.content.decode()


def test_an_empty_timetable_still_leads_somewhere(visitor: Client) -> None:
    assert words(visitor.get("/")).has("Nothing more today.", "Nothing later is planned yet.", "See prices")


def test_the_filters_are_in_the_address_and_stay_there(visitor: Client) -> None:
    yoga, spin = make.service("Yoga"), make.service("Spin")
    place = make.location()
    make.session(service=yoga, location=place)
    make.session(NOW + timedelta(days=1), service=spin, location=place)
    code = codes.encode(yoga.pk)

    by_service = visitor.get(TOMORROW, {"service": code})
    by_time = visitor.get(TOMORROW, {"time": "morning"})

    assert page_rows(by_service) == ["Yoga"]
    assert page_rows(by_time) == ["Spin"]
    assert f"/schedule/2026-03-04/?service={code}" in by_service.content.decode()
    assert words(visitor.get(TOMORROW, {"service": code, "time": "morning"})).has(
        "Nothing on Tuesday that fits.", "Show everything"
    )


@pytest.mark.parametrize("day", ["2026-02-30", "tomorrow", "2036-03-02"])
def test_a_day_that_is_none_is_not_found(visitor: Client, day: str) -> None:
    assert visitor.get(f"/schedule/{day}/").status_code == 404


@pytest.mark.parametrize("query", ["service=zzzzzz", "service=!", "location=abc", "time=noon"])
def test_an_unknown_filter_is_no_error(visitor: Client, query: str) -> None:
    make.session(NOW + timedelta(hours=3))

    assert visitor.get(f"/?{query}").status_code == 200


def test_the_time_zone_is_named_where_it_differs(visitor: Client) -> None:
    make.session(service=make.service("Yoga"), location=make.location("Loft", time_zone="America/New_York"))

    assert words(visitor.get(TOMORROW)).has("13:00 to 14:00 Yoga", "New York time")


def test_the_day_is_the_day_at_the_location(visitor: Client) -> None:
    make.session(
        NOW.replace(day=3, hour=13),
        service=make.service("Sunrise"),
        location=make.location("Auckland", time_zone="Pacific/Auckland"),
    )

    assert page_rows(visitor.get("/schedule/2026-03-04/")) == ["Sunrise"]
    assert page_rows(visitor.get(TOMORROW)) == []


# --- what stands on top ------------------------------------------------------------------------------


def test_credits_left_their_end_and_the_next_booking_stand_on_top(browser: Client, peter: Person) -> None:
    """S1-06, S1-07, S1-08, V-02: six until 8 December; one booking leaves five, and one is ahead."""
    service = make.service("Yoga")
    lot = make.lot(peter, service, quantity=6, days=281, kind=make.credit_type(service, name="Yoga credit"))
    make.booking(make.session(service=service), peter, by=peter.actor)

    response = browser.get("/")

    assert words(response).has(
        "Next: Yoga, Tue 3 Mar, 18:00", "Yoga credits: 5 free, 1 held, ends 8 December"
    )
    assert figures(response, "explain") == {"credits-free": "5", "credits-held": "1"}
    explained = browser.get(f"/me/passes/{codes.encode(lot.credit_type_id)}/")
    totals = figures(explained, "total")
    assert (totals["credits-free"], totals["credits-held"]) == ("5", "1")


def test_a_member_without_a_pass_is_led_to_the_prices(browser: Client) -> None:
    assert words(browser.get("/")).has("You have no pass yet. See prices")


# --- one tap -----------------------------------------------------------------------------------------


def test_one_tap_books_and_takes_the_credit(browser: Client, peter: Person) -> None:
    """S1-03, S1-04: the credit is gone at the moment of booking, a week ahead or not."""
    session = make.session(NOW + timedelta(days=7), service=make.service("Yoga"))
    make.lot(peter, session.service, quantity=4, kind=make.credit_type(session.service, name="Yoga"))
    timetable = "/schedule/2026-03-09/"
    assert words(browser.get(timetable)).has("Book · 1 credit")

    response = browser.post(book_at(session), {"key": "one", "next": timetable}, follow=True)

    assert response.redirect_chain == [(timetable, 302)]
    assert words(response).has(
        "Booked", "Free to cancel until Mon 9 Mar, 09:00.", "Yoga credits: 3 free, 1 held"
    )
    assert "Yoga, Mon 9 Mar, 09:00 booked. 1 Yoga credit held, 3 free." in response.content.decode()
    assert peter.bookings.get().session == session


def test_the_same_form_sent_twice_books_once(browser: Client, peter: Person) -> None:
    session = make.session()
    make.lot(peter, session.service)

    answers = [browser.post(book_at(session), {"key": "same"}).status_code for _ in range(2)]

    assert answers == [302, 302]
    assert Booking.objects.count() == 1


def test_a_fragment_request_gets_the_timetable_and_the_toast(browser: Client, peter: Person) -> None:
    session = make.session(service=make.service("Yoga"))
    make.lot(peter, session.service)

    response = browser.post(
        book_at(session), {"key": "k", "next": TOMORROW}, headers={"HX-Request": "true"}, follow=True
    )

    html = response.content.decode()
    assert html.lstrip().startswith('<div id="timetable"')
    assert "<html" not in html
    assert 'hx-swap-oob="true"' in html
    assert "Booked" in html


def test_a_free_session_needs_no_credit(browser: Client, peter: Person) -> None:
    session = make.session(service=make.service("Open day", cost_minor=0))
    assert words(browser.get(TOMORROW)).has("Book · free")

    browser.post(book_at(session), {"key": "k"})

    assert peter.bookings.get().lot is None


def test_staff_book_for_themselves_like_members(peter: Person) -> None:
    sam = logins.person("staff", sign_in=True)
    session = make.session(service=make.service("Yoga"))
    browser = logins.browser(sam)
    assert words(browser.get(TOMORROW)).has("No pass covers Yoga.")
    make.lot(sam, session.service)

    browser.post(book_at(session), {"key": "k"})

    assert sam.bookings.get().session == session


def test_undo_gives_the_credit_back_and_the_next_undo_is_not_somebody_elses(
    browser: Client, peter: Person
) -> None:
    session = make.session()
    make.lot(peter, session.service, quantity=2)
    html = browser.post(book_at(session), {"key": "k", "next": TOMORROW}, follow=True).content.decode()
    address = "/me/undo/" + html.partition('action="/me/undo/')[2].partition('"')[0]
    other = logins.browser(logins.person("member", sign_in=True))

    assert other.post(address).status_code == 404
    assert peter.bookings.live().count() == 1
    response = browser.post(address, follow=True)

    assert peter.bookings.live().count() == 0
    assert "The booking is undone. You have your credit back." in response.content.decode()


# --- no ----------------------------------------------------------------------------------------------


def full(peter: Person) -> tuple[Session, str]:
    session = make.session(service=make.service("Yoga", capacity=1))
    make.lot(peter, session.service)
    make.booking(session)
    return session, "Yoga is full: 1 of 1 places are taken."


def not_covered(peter: Person) -> tuple[Session, str]:
    make.lot(peter, make.service("Spin"))
    return make.session(service=make.service("Yoga")), "No pass covers Yoga."


def no_credits_left(peter: Person) -> tuple[Session, str]:
    service = make.service("Yoga")
    make.lot(peter, service, quantity=1, kind=make.credit_type(service, name="Mat"))
    make.booking(make.session(NOW + timedelta(days=3), service=service), peter, by=peter.actor)
    return make.session(service=service), "No Mat credit is left for Yoga."


def credits_end_before(peter: Person) -> tuple[Session, str]:
    service = make.service("Yoga")
    make.lot(peter, service, days=1, at=NOW - timedelta(days=1))
    return make.session(service=service), "The credits for Yoga end on 2 March, before this session."


@pytest.mark.parametrize("situation", [full, not_covered, no_credits_left, credits_end_before])
def test_the_reason_shown_is_the_reason_that_refuses(
    browser: Client, peter: Person, situation: object
) -> None:
    session, reason = situation(peter)  # type: ignore[operator]

    before = browser.get(TOMORROW)
    page = browser.get(page_of(session))
    answer = browser.post(book_at(session), {"key": "k"})

    assert words(before).has(reason)
    assert words(page).has(reason)
    assert answer.status_code == 409
    assert words(answer).has(reason)
    assert book_at(session) not in before.content.decode()
    assert not peter.bookings.filter(session=session).exists()


def test_a_place_just_taken_leaves_its_reason_in_the_row(browser: Client, peter: Person) -> None:
    session, reason = full(peter)

    answer = browser.post(book_at(session), {"key": "k", "next": "/"}, headers={"HX-Request": "true"})

    assert answer["HX-Retarget"] == f"#session-{codes.encode(session.pk)}"
    assert words(answer).has(reason, "Other times of Yoga")
    assert answer.content.decode().lstrip().startswith("<li")


def test_a_full_session_says_so_to_visitors(visitor: Client, peter: Person) -> None:
    full(peter)

    assert words(visitor.get(TOMORROW)).has("Full", "Yoga is full: 1 of 1 places are taken.")


def test_a_session_under_way_cannot_be_booked(browser: Client, peter: Person) -> None:
    session = make.session(NOW - timedelta(minutes=10), service=make.service("Yoga"))
    make.lot(peter, session.service)

    assert words(browser.get("/")).has("Yoga", "On now")
    answer = browser.post(book_at(session), {"key": "k"})

    assert (answer.status_code, peter.bookings.count()) == (409, 0)


def test_booking_asks_a_visitor_to_sign_in(visitor: Client) -> None:
    session = make.session()

    assert visitor.post(book_at(session))["Location"].startswith("/accounts/login/")
    assert Booking.objects.count() == 0


def test_the_way_back_is_never_somebody_elses_site(browser: Client, peter: Person) -> None:
    session = make.session()
    make.lot(peter, session.service)

    answer = browser.post(book_at(session), {"key": "k", "next": "https://elsewhere.example/"})

    assert answer["Location"] == page_of(session)


def test_reading_the_address_of_the_button_leads_to_the_session(browser: Client) -> None:
    session = make.session()

    assert browser.get(book_at(session))["Location"] == page_of(session)


# --- the page of one session -------------------------------------------------------------------------


def test_a_session_page_has_the_facts_and_the_button(browser: Client, peter: Person) -> None:
    session = make.session(
        service=make.service("Yoga", description="Slow and low."),
        practitioner=make.practitioner("Ana"),
        public_note="Bring a mat.",
        staff_note="Peter owes a towel.",
    )
    make.lot(peter, session.service)

    shown = words(browser.get(page_of(session)))

    assert shown.has(
        "Tue 3 Mar, 18:00–19:00", "Ana", "£12.00 without a pass", "8 places left of 8", "Bring a mat.",
        "Slow and low.", "Book · 1 credit", "Add to calendar",
    )  # fmt: skip
    assert "towel" not in shown


def test_a_canceled_session_says_so_and_shows_the_next_dates(visitor: Client) -> None:
    yoga = make.service("Yoga")
    place = make.location()
    canceled = make.session(service=yoga, location=place, canceled_at=NOW)
    make.session(NOW + timedelta(days=2), service=yoga, location=place)

    shown = words(visitor.get(page_of(canceled)))

    assert shown.has("This session is canceled.", "Next dates", "Wed 4 Mar, 09:00")
    assert "Sign in to book" not in shown
    assert words(visitor.get(TOMORROW)).has("Canceled")


def test_a_past_session_shows_the_next_dates_or_that_there_are_none(visitor: Client) -> None:
    assert words(visitor.get(page_of(make.session(NOW - timedelta(days=2))))).has("Over.", "No dates yet.")


def test_the_calendar_file_is_right(visitor: Client) -> None:
    session = make.session(
        service=make.service("Yoga; slow, low"), public_note="Bring a mat.\nAnd a towel " + "é" * 60
    )

    answer = visitor.get(f"{page_of(session)}session.ics")

    lines = answer.content.split(b"\r\n")
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert all(len(line) <= 75 for line in lines)
    unfolded = answer.content.replace(b"\r\n ", b"").decode().split("\r\n")
    assert {"DTSTART:20260303T180000Z", "DTEND:20260303T190000Z", "SUMMARY:Yoga\\; slow\\, low"} < set(
        unfolded
    )
    assert "DESCRIPTION:Bring a mat.\\nAnd a towel " + "é" * 60 in unfolded
    assert f"UID:session-{codes.encode(session.pk)}@testserver" in unfolded
    assert (unfolded[0], unfolded[-2]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")


# --- statements --------------------------------------------------------------------------------------


def test_the_timetable_takes_as_many_statements_for_three_rows_as_for_one(
    browser: Client, peter: Person, visitor: Client
) -> None:
    def a_row(hour: int) -> None:
        session = make.session(NOW + timedelta(days=1, hours=hour), practitioner=make.practitioner())
        make.lot(peter, session.service)
        make.booking(
            make.session(NOW + timedelta(days=1, hours=hour), service=session.service),
            peter,
            by=peter.actor,
        )
        Closure.objects.create(
            location=session.location, starts_on=date(2026, 3, 4), ends_on=date(2026, 3, 4), name="Paint"
        )

    a_row(1)
    one = [count(each, TOMORROW) for each in (browser, visitor)]
    a_row(2), a_row(3)
    three = [count(each, TOMORROW) for each in (browser, visitor)]

    assert one == three
    assert max(three) <= 15


def test_a_session_page_takes_at_most_fifteen_statements(browser: Client, peter: Person) -> None:
    yoga = make.service()
    session = make.session(NOW - timedelta(days=1), service=yoga)
    make.lot(peter, yoga)
    one = count(browser, page_of(session))
    for days in (1, 2, 3):
        make.session(NOW + timedelta(days=days), service=yoga)
        make.lot(peter, yoga)

    assert count(browser, page_of(session)) == one <= 15


def test_the_books_hold_after_booking_by_verb_and_by_page(
    browser: Client, peter: Person, studio: Studio
) -> None:
    """The page calls the verb: what it writes is what the verb writes."""
    first, second = make.session(), make.session()
    for session in (first, second):
        make.lot(peter, session.service, quantity=1)

    by_verb = booking_verbs.book(session_id=first.pk, person_id=peter.pk, by=peter.actor, at=NOW)
    browser.post(book_at(second), {"key": "k"})

    [verb_made, page_made] = peter.bookings.order_by("pk")
    assert verb_made.pk == by_verb
    assert (verb_made.booked_by, verb_made.hold.amount, verb_made.booked_at) == (
        page_made.booked_by,
        page_made.hold.amount,
        page_made.booked_at,
    )


def test_a_practitioner_is_told_before_the_tap_that_the_desk_books_them_in(client: Client) -> None:
    """What the row says is what the verb would say: no button leads to a refusal."""
    coach = make.practitioner(email="pat@example.org", password="a-long-password")
    session = make.session()
    make.lot(coach, session.service)
    client.force_login(coach.user)

    shown = words(client.get(TOMORROW))

    assert "Your role takes no places by itself. Ask the desk to book you in." in shown
    assert "Book · 1 credit" not in shown
