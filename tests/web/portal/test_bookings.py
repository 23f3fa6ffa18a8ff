"""What is booked, what was, and giving a place up with the consequences in view."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from memberships.queries import lots
from sessions_app.domain import booking as booking_verbs
from sessions_app.domain import completion
from sessions_app.models import Booking, CompletionType
from studio.audit.models import Operation
from studio.lib import codes
from studio.people.models import Person, Studio
from studio.people.rules.permissions import SYSTEM
from tests import logins, make
from tests.make import NOW
from tests.web.portal.conftest import count, figures, words

pytestmark = pytest.mark.django_db

MINE = "/me/bookings/"
PAST = f"{MINE}?show=past"


def cancel_page(booking: Booking) -> str:
    return f"/me/bookings/{codes.encode(booking.pk)}/cancel/"


def confirmation(response: HttpResponse) -> dict[str, str]:
    """The hidden fields of the form that confirms."""
    fields = re.findall(r'name="(key|fingerprint)" value="([^"]*)"', main(response))
    return dict(fields)


def main(response: HttpResponse) -> str:
    return response.content.decode().partition("<main")[2].partition("</main>")[0]


def free(person: Person) -> int:
    return sum(credit.free for credit in lots.summary(person.pk, on=NOW.date()))


@pytest.fixture
def yoga(peter: Person) -> Booking:
    """Peter's place in tomorrow's yoga, held by one of four credits."""
    session = make.session(service=make.service("Yoga"))
    make.lot(peter, session.service, quantity=4, kind=make.credit_type(session.service, name="Yoga"))
    return make.booking(session, peter, by=peter.actor)


# --- the list ----------------------------------------------------------------------------------------


def test_upcoming_bookings_say_until_when_they_can_be_given_up(browser: Client, yoga: Booking) -> None:
    response = browser.get(MINE)

    assert words(response).has("Yoga", "Booked", "Free to cancel until Tue 3 Mar, 18:00.", "1 ahead of you")
    assert figures(response, "total") == {"active-bookings": "1"}


def test_nobody_elses_bookings_are_listed(browser: Client, yoga: Booking) -> None:
    make.booking(make.session(service=make.service("Spin")))
    sam = logins.browser(logins.person("staff", sign_in=True))

    assert "Spin" not in words(browser.get(MINE))
    # Whoever sees everybody's bookings at the desk sees only theirs here.
    assert words(sam.get(MINE)).has("Nothing booked.", "Book a session")


def test_nothing_booked_leads_to_the_timetable(browser: Client) -> None:
    assert words(browser.get(MINE)).has("Nothing booked.", "Your next session is one tap away.")
    assert words(browser.get(PAST)).has("Nothing here yet.", "See what is on")


def test_past_bookings_show_how_they_ended(browser: Client, peter: Person, settings: Any) -> None:
    """Completed and missed use the credit, canceled returns it; own types keep their label."""
    CompletionType.objects.create(
        label="Swapped",
        mapped_status="missed",
        client_modifier=0,
        practitioner_modifier=0,
        returns_credit=True,
    )
    service = make.service("Yoga")
    make.lot(peter, service, quantity=9, kind=make.credit_type(service, name="Yoga"))
    made = [
        make.booking(make.session(NOW + timedelta(hours=hour), service=service), peter, by=peter.actor)
        for hour in (1, 2, 3, 4)
    ]
    booking_verbs.cancel(booking_id=made[3].pk, by=peter.actor, at=NOW)
    over = NOW + timedelta(days=1)
    for each, ending in zip(made[:2], ("completed", "missed"), strict=True):
        completion.complete(session_id=each.session_id, outcomes={each.pk: ending}, by=SYSTEM, at=over)
    settings.STUDIO_NOW = over

    shown = words(browser.get(PAST))

    assert shown.has(
        "Completed", "Missed", "1 Yoga credit used.", "The studio has yet to close this session.",
        "Canceled by you on Mon 2 Mar.",
    )  # fmt: skip
    assert words(browser.get(MINE)).has("Nothing booked.")


def test_a_session_canceled_by_the_studio_stays_in_view(browser: Client, yoga: Booking) -> None:
    yoga.session.canceled_at = NOW
    yoga.session.save(update_fields=["canceled_at"])

    shown = words(browser.get(MINE))

    assert shown.has("Yoga", "Canceled by the studio.")
    assert "Free to cancel" not in shown


def test_long_lists_come_in_pages(browser: Client, peter: Person) -> None:
    service = make.service("Yoga")
    make.lot(peter, service, quantity=30)
    for hour in range(21):
        make.booking(
            make.session(NOW + timedelta(days=1, hours=hour), service=service), peter, by=peter.actor
        )

    first, second = browser.get(MINE), browser.get(f"{MINE}?page=2")

    assert [main(each).count('class="session-name"') for each in (first, second)] == [20, 1]
    assert words(first).has("1–20 of 21 bookings")


# --- giving it up ------------------------------------------------------------------------------------


def test_the_cancel_page_says_what_would_happen_and_does_nothing(
    browser: Client, peter: Person, yoga: Booking
) -> None:
    shown = words(browser.get(cancel_page(yoga)))

    assert shown.has(
        "Cancel Yoga, Tue 3 Mar, 18:00?", "It is 09:00.", "Your place is free for somebody else",
        "1 Yoga credit comes back to you", "No charge", "Keep my place", "Cancel and get 1 credit back",
    )  # fmt: skip
    assert free(peter) == 3


def test_canceling_gives_the_credit_back(browser: Client, peter: Person, yoga: Booking) -> None:
    """S1-05: at the moment of cancellation."""
    page = browser.get(cancel_page(yoga))

    answer = browser.post(cancel_page(yoga), confirmation(page), follow=True)

    assert answer.redirect_chain == [(MINE, 302)]
    assert "Yoga, Tue 3 Mar, 18:00 canceled. 1 Yoga credit is back." in answer.content.decode()
    assert free(peter) == 4
    assert not peter.bookings.live().exists()


def test_what_was_confirmed_is_what_the_page_said(browser: Client, peter: Person, yoga: Booking) -> None:
    """Preview and effect are one: without the fingerprint of what is so now, nothing is done."""
    said = ["1 Yoga credit comes back to you", "£5.00 late fee"]
    answer = browser.post(cancel_page(yoga), {"key": "k", "fingerprint": "of another day", "said": said})

    assert answer.status_code == 409
    assert words(answer).has(
        "This changed since you looked.", "Nothing was canceled.", "No longer so: £5.00 late fee.",
        "1 Yoga credit comes back to you",
    )  # fmt: skip
    assert "No longer so: 1 Yoga" not in words(answer)
    assert peter.bookings.live().count() == 1
    assert browser.post(cancel_page(yoga), confirmation(answer)).status_code == 302


def test_the_cancellation_can_be_undone(browser: Client, peter: Person, yoga: Booking) -> None:
    page = browser.get(cancel_page(yoga))
    html = browser.post(cancel_page(yoga), confirmation(page), follow=True).content.decode()
    address = re.findall(r'action="(/me/undo/[^"]+)"', html)[0]

    response = browser.post(address, follow=True)

    assert "You have your place again." in response.content.decode()
    assert (peter.bookings.live().count(), free(peter)) == (1, 3)


def test_an_undo_that_came_too_late_says_why(browser: Client, peter: Person) -> None:
    session = make.session(service=make.service("Yoga", capacity=1))
    booking = make.booking(session, peter, by=peter.actor)
    page = browser.get(cancel_page(booking))
    html = browser.post(cancel_page(booking), confirmation(page), follow=True).content.decode()
    make.booking(session)

    response = browser.post(re.findall(r'action="(/me/undo/[^"]+)"', html)[0], follow=True)

    assert words(response).has("Yoga is full: 1 of 1 places are taken. Choose another time.")
    assert not peter.bookings.live().exists()


def test_a_credit_that_ended_meanwhile_is_said_to_be_lost(
    browser: Client, peter: Person, settings: Any
) -> None:
    """X-10: released to the same lot, and forfeited visibly."""
    service = make.service("Yoga")
    make.lot(peter, service, quantity=1, days=5, kind=make.credit_type(service, name="Yoga"))
    booking = make.booking(make.session(NOW + timedelta(days=4), service=service), peter, by=peter.actor)
    times = ["starts_at", "ends_at", "local_start"]
    for each in times:
        setattr(booking.session, each, getattr(booking.session, each) + timedelta(days=5))
    booking.session.save(update_fields=times)
    settings.STUDIO_NOW = NOW + timedelta(days=6)

    page = browser.get(cancel_page(booking))
    assert words(page).has(
        "1 Yoga credit is lost: the credits it belongs to ended on 7 March", "Cancel and lose 1 credit"
    )
    answer = browser.post(cancel_page(booking), confirmation(page), follow=True)

    html = answer.content.decode()
    assert "1 Yoga credit has ended." in html
    assert "/me/undo/" not in html


def test_where_cancellation_is_off_the_page_says_what_to_do(
    browser: Client, peter: Person, yoga: Booking, studio: Studio
) -> None:
    """S3-66: both the studio's switch and the person's permission."""
    reason = "Online cancellation is off. Call or write to the desk; they cancel it for you."
    fields = confirmation(browser.get(cancel_page(yoga)))

    for switch, owner in (("member_cancellation_enabled", studio), ("may_cancel", peter)):
        setattr(owner, switch, False)
        owner.save(update_fields=[switch])
        assert words(browser.get(MINE)).has(reason)
        assert words(browser.get(cancel_page(yoga))).has("This booking stays", reason)
        assert browser.post(cancel_page(yoga), fields).status_code == 409
        setattr(owner, switch, True)
        owner.save(update_fields=[switch])

    assert browser.post(cancel_page(yoga), fields).status_code == 302


def test_a_session_that_began_cannot_be_given_up(browser: Client, yoga: Booking, settings: Any) -> None:
    fields = confirmation(browser.get(cancel_page(yoga)))
    settings.STUDIO_NOW = yoga.session.starts_at

    answer = browser.post(cancel_page(yoga), fields)

    assert answer.status_code == 409
    assert words(answer).has("The session has already started. Ask the desk.", "Back to my bookings")


def test_canceling_twice_says_that_it_is_canceled(browser: Client, yoga: Booking) -> None:
    fields = confirmation(browser.get(cancel_page(yoga)))

    again = [browser.post(cancel_page(yoga), fields).status_code for _ in range(2)]
    another = browser.post(cancel_page(yoga), fields | {"key": "another"})

    assert again == [302, 302]
    assert another.status_code == 409
    assert words(another).has("This booking is already canceled.")


def test_somebody_elses_booking_looks_like_none(browser: Client, yoga: Booking) -> None:
    other = logins.browser(logins.person("member", sign_in=True))
    missing = f"/me/bookings/{codes.encode(987_654)}/cancel/"

    assert [each.get(cancel_page(yoga)).status_code for each in (browser, other)] == [200, 404]
    assert words(other.get(cancel_page(yoga))) == words(other.get(missing))
    assert other.post(cancel_page(yoga), {"fingerprint": "x"}).status_code == 404
    assert Booking.objects.live().count() == 1


def test_only_bookings_are_taken_back_here(browser: Client, peter: Person) -> None:
    """What somebody did at the desk for another person is undone at the desk."""
    sam = logins.person("staff", sign_in=True)
    desk = logins.browser(sam)
    make.booking(who=peter, by=sam.actor)
    operation = Operation.objects.get(verb="booking.book")

    address = f"/me/undo/{codes.encode(operation.pk)}/"

    assert [each.post(address).status_code for each in (desk, browser)] == [404, 404]
    assert peter.bookings.live().count() == 1


# --- statements --------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [MINE, PAST])
def test_the_lists_take_as_many_statements_for_three_rows_as_for_one(
    browser: Client, peter: Person, address: str
) -> None:
    def a_row(hour: int) -> None:
        ahead = make.session(NOW + timedelta(hours=hour), practitioner=make.practitioner())
        make.booking(ahead, peter, by=peter.actor)
        before = make.booking(make.session(NOW + timedelta(hours=hour)), peter, by=peter.actor)
        booking_verbs.cancel(booking_id=before.pk, by=peter.actor, at=NOW)

    a_row(1)
    one = count(browser, address)
    a_row(2)
    a_row(3)

    assert count(browser, address) == one <= 15


def test_the_cancel_page_takes_at_most_fifteen_statements(browser: Client, yoga: Booking) -> None:
    assert count(browser, cancel_page(yoga)) <= 15
