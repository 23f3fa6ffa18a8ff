"""Members and visitors in a real browser: one tap to book, two to cancel, with and without JavaScript."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import expect

from billing.domain import invoices
from scheduling.models import Closure
from sessions_app.domain import booking as booking_verbs
from sessions_app.domain import completion
from sessions_app.models import Booking, Session
from studio.lib import codes
from studio.people.models import Person, Studio
from studio.people.rules.permissions import SYSTEM
from tests import logins, make
from tests.browser import harness
from tests.browser.conftest import OpenWindow
from tests.browser.harness import Look
from tests.make import NOW

TOMORROW = "/schedule/2026-03-03/"
# Every address is tried in every look by test_every_page; here it is the states that differ.
SOME = [harness.SMALLEST, Look("dark")]


@pytest.fixture(autouse=True)
def at_the_moment_of_the_builders(settings: Any) -> None:
    settings.STUDIO_NOW = make.NOW


@pytest.fixture
def yoga(live_server: object) -> Session:
    """Tomorrow at six, with somebody to give it."""
    Studio.objects.current()
    service, ana = make.service("Yoga", description="Slow and low."), make.practitioner("Ana Silva")
    return make.session(service=service, practitioner=ana, public_note="Bring a mat.")


@pytest.fixture
def peter(yoga: Session) -> Person:
    """A member with four credits for yoga."""
    person = logins.person("member", name="Peter Novak", sign_in=True)
    make.lot(person, yoga.service, quantity=4, kind=make.credit_type(yoga.service, name="Yoga"))
    return person


@pytest.fixture
def browser(peter: Person) -> Client:
    return logins.browser(peter)


def test_one_tap_books_and_the_toast_takes_it_back(
    open_window: OpenWindow, browser: Client, peter: Person
) -> None:
    """UX 1.4: one tap; the row says so, focus stays with it, and the list does not reload the page."""
    visitor = open_window(harness.PHONE)
    visitor.become(browser)
    visitor.go(TOMORROW)
    page = visitor.page
    page.evaluate("window.isSamePage = true")

    page.get_by_role("button", name="Book · 1 credit").click()

    expect(page.locator("#timetable")).to_contain_text("Booked")
    expect(page.locator("#timetable")).to_contain_text("3 free, 1 held")
    expect(page.get_by_role("status")).to_contain_text("Yoga, Tue 3 Mar, 18:00 booked.")
    assert page.evaluate("window.isSamePage") is True
    assert page.evaluate("document.activeElement.textContent").startswith("Cancel")
    visitor.audit()

    page.get_by_role("button", name="Undo").click()

    expect(page.get_by_role("status")).to_contain_text("The booking is undone.")
    assert not peter.bookings.live().exists()


def test_a_place_taken_meanwhile_is_said_in_the_row(
    open_window: OpenWindow, browser: Client, yoga: Session
) -> None:
    visitor = open_window()
    visitor.become(browser)
    visitor.go(TOMORROW)
    yoga.capacity = 1
    yoga.save(update_fields=["capacity"])
    make.booking(yoga)

    visitor.page.get_by_role("button", name="Book · 1 credit").click()

    row = visitor.page.locator(f"#session-{codes.encode(yoga.pk)}")
    expect(row).to_contain_text("Yoga is full: 1 of 1 places are taken.")
    expect(row.get_by_role("link", name="Other times of Yoga")).to_be_visible()
    visitor.audit()


def test_everything_works_without_javascript(open_window: OpenWindow, peter: Person, yoga: Session) -> None:
    """Q7: sign in from the row, book, cancel."""
    visitor = open_window(harness.PHONE, javascript=False)
    visitor.go(TOMORROW)
    page = visitor.page
    page.get_by_role("link", name="Sign in to book").click()
    page.get_by_label("E-mail address").fill(peter.email)
    page.get_by_label("Password").fill(logins.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{visitor.address}/sessions/{codes.encode(yoga.pk)}/")

    page.get_by_role("button", name="Book · 1 credit").click()
    expect(page.get_by_role("main")).to_contain_text("Booked")
    assert peter.bookings.live().count() == 1

    page.goto(f"{visitor.address}/me/bookings/")
    page.get_by_role("link", name="Cancel Yoga").click()
    page.get_by_role("button", name="Cancel and get 1 credit back").click()
    expect(page.get_by_role("main")).to_contain_text("Nothing booked.")
    assert not peter.bookings.live().exists()
    assert visitor.troubles.seen == []


def test_booking_and_canceling_by_keyboard(open_window: OpenWindow, browser: Client, peter: Person) -> None:
    """Q5."""
    visitor = open_window()
    visitor.become(browser)
    visitor.go(TOMORROW)
    page = visitor.page

    harness.tab_to(page, "[id^='do-']")
    page.keyboard.press("Enter")
    expect(page.locator("#timetable")).to_contain_text("Booked")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Cancel Yoga")
    harness.tab_to(page, "form[method=post] .button.wide")
    page.keyboard.press("Enter")

    expect(page.get_by_role("main")).to_contain_text("Nothing booked.")
    assert not peter.bookings.live().exists()


@pytest.fixture
def filled(peter: Person, yoga: Session) -> dict[str, str]:
    """Every page of the portal with something on it, by name."""
    sam = make.staff("Sam Desk").actor
    spin = make.service("Spin")
    make.booking(yoga, peter, by=peter.actor)
    make.session(NOW + timedelta(days=1, hours=2), service=spin)
    make.session(NOW + timedelta(days=1, hours=3), service=spin, canceled_at=NOW)
    full = make.session(NOW + timedelta(days=1, hours=4), service=make.service("Mat", capacity=1))
    make.booking(full)
    before = make.session(NOW - timedelta(days=3), service=spin)
    came = booking_verbs.book(
        session_id=before.pk, person_id=peter.pk, unpaid_ok=True, by=sam, at=NOW - timedelta(days=4)
    )
    completion.complete(session_id=before.pk, outcomes={came: "missed"}, by=sam, at=NOW - timedelta(days=2))
    invoice = invoices.issue(person_id=peter.pk, by=SYSTEM, at=NOW - timedelta(hours=1))
    make.plan("10-class pack")
    Closure.objects.create(starts_on="2026-03-04", ends_on="2026-03-04", name="Floor repair")
    booking = Booking.objects.get(person=peter, session=yoga)
    document = f"/me/invoices/{codes.encode(invoice)}/"
    return {
        "book": "/",
        "day": TOMORROW,
        "closed": "/schedule/2026-03-04/",
        "session": f"/sessions/{codes.encode(yoga.pk)}/",
        "full": f"/sessions/{codes.encode(full.pk)}/",
        "over": f"/sessions/{codes.encode(before.pk)}/",
        "bookings": "/me/bookings/",
        "past": "/me/bookings/?show=past",
        "cancel": f"/me/bookings/{codes.encode(booking.pk)}/cancel/",
        "passes": "/me/passes/",
        "credits": f"/me/passes/{codes.encode(peter.lots.get().credit_type_id)}/",
        "invoices": "/me/invoices/",
        "invoice": document,
        "line": f"{document}lines/1/",
        "account": "/me/",
        "details": "/me/details/",
        "prices": "/prices/",
    }


@pytest.mark.parametrize("look", SOME, ids=str)
def test_every_page_is_accessible(
    open_window: OpenWindow, browser: Client, filled: dict[str, str], look: Look
) -> None:
    """Q1, Q3, Q20, Q24, Q25: as a member with something on every page."""
    visitor = open_window(look)
    visitor.become(browser)
    for name, path in filled.items():
        assert visitor.go(path).status == 200, name
        assert harness.violations(visitor.page) == [], name
        assert harness.sideways(visitor.page) == [], name
        assert harness.ill_formed(visitor.page) == [], name
        assert harness.unlabelled_figures(visitor.page) == [], name
    assert visitor.troubles.seen == []


@pytest.mark.parametrize("look", SOME, ids=str)
def test_every_empty_page_is_accessible(open_window: OpenWindow, yoga: Session, look: Look) -> None:
    """Q1, Q21: as somebody new, and as a visitor; every page leads on."""
    newcomer = logins.browser(logins.person("member", sign_in=True))
    mine = ["/me/bookings/", "/me/bookings/?show=past", "/me/passes/", "/me/invoices/"]
    for client, paths in ((newcomer, ["/", TOMORROW, *mine]), (None, ["/", TOMORROW, "/prices/"])):
        visitor = open_window(look)
        if client is not None:
            visitor.become(client)
        for path in paths:
            visitor.go(path)
            visitor.audit()
            assert visitor.page.locator("main a, main button").count() > 0


def test_every_figure_leads_to_the_same_number(
    open_window: OpenWindow, browser: Client, filled: dict[str, str]
) -> None:
    """Q20: the page that explains a number shows that number as its total."""
    visitor = open_window()
    visitor.become(browser)
    page = visitor.page
    followed = 0
    for path in filled.values():
        visitor.go(path)
        links = page.eval_on_selector_all(
            "[data-explain]", "all => all.map(e => [e.href, e.dataset.explain, e.dataset.fig])"
        )
        for href, name, figure in links:
            page.goto(href)
            total = page.locator(f'[data-total="{name}"]').first
            assert total.get_attribute("data-fig") == figure, (path, href, name)
            followed += 1
    assert followed > 12


def test_an_invoice_prints_on_one_page(
    open_window: OpenWindow, browser: Client, filled: dict[str, str]
) -> None:
    """Q26."""
    visitor = open_window()
    visitor.become(browser)
    visitor.go(filled["invoice"])

    paper = visitor.page.pdf(format="A4")

    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1
