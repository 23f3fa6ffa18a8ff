"""The main job with JavaScript switched off: every step is a link or a form (UX Q7)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from pytest_django import DjangoDbBlocker

from sessions_app import tasks as session_tasks
from sessions_app.models import Booking
from tests.browser import stages, worlds
from tests.browser.hands import Hand, Mouse
from tests.browser.stages import AFTER_CLASS, BEFORE_CLASS, MONDAY, Stage, figures_of, fill_in_the_series
from tests.browser.worlds import World


@pytest.fixture
def db(django_db_setup: None, django_db_blocker: DjangoDbBlocker, chromium: Browser) -> Iterator[World]:
    """A studio of this test's own, in which every commit stays."""
    with django_db_blocker.unblock(), worlds.empty(chromium, MONDAY) as world:
        yield world


def test_series_booking_roster_and_outcome_need_no_javascript(db: World) -> None:
    """S1-03…S1-17, S3-03…S3-08."""
    stage = stages.set_up(db, Mouse, javascript=False)
    desk = stage.meet(stage.sam)
    stage.sign_in(desk, stage.sam, "/desk/")
    plan_the_series(desk)

    member = stage.meet(stage.amir)
    stage.sign_in(member, stage.amir, "/")
    book_cancel_and_book(stage, member)

    stage.at(BEFORE_CLASS)
    stage.sign_in(desk, stage.sam, "/desk/")
    take_the_register(stage, desk)
    stage.at(AFTER_CLASS)
    stage.sign_in(desk, stage.sam, "/desk/today/")
    complete(stage, desk)


def plan_the_series(desk: Hand) -> None:
    """The button Preview shows the dates on the page itself."""
    fill_in_the_series(desk)
    desk.press("button", "Preview the dates")
    expect(desk.page.locator("#dates").get_by_role("listitem")).to_have_count(7)
    desk.sees("Spin", "Staff day")
    desk.press("button", "Create 5 sessions, skip 2")
    desk.sees("The sessions are being created.")
    session_tasks.expand_series()
    desk.press("link", "Show how far it is")
    expect(desk.page.locator("#dates tbody tr")).to_have_count(7)


def book_cancel_and_book(stage: Stage, member: Hand) -> None:
    member.press("link", "Wed", within=".days")
    member.press("button", "Book · 1 credit")
    member.sees("booked. 1 Reformer credit held, 2 free.")
    member.press("link", "Bookings")
    member.press("link", "Cancel")
    member.press("button", "Cancel")
    member.sees("canceled")
    assert figures_of(stage.amir) == (3, 0, 0, 0)
    member.go("/schedule/2026-03-04/")
    member.press("button", "Book · 1 credit")
    assert figures_of(stage.amir) == (2, 1, 0, 0)


def take_the_register(stage: Stage, desk: Hand) -> None:
    """Typing a name and pressing Enter leads to who was found."""
    desk.fill("Add or check in a person", "bea", then_enter=True)
    desk.sees("No pass covers Reformer")
    desk.press("button", "Book unpaid, £12.00 held")
    desk.sees("Bea Long booked. £12.00 held")
    desk.press("button", "Check in Amir Patel")
    desk.sees("Amir Patel checked in")
    here = Booking.objects.live().filter(session=stage.first_class(), is_present=True)
    assert [each.person for each in here] == [stage.amir]


def complete(stage: Stage, desk: Hand) -> None:
    """A button shows what follows before anything is saved."""
    desk.press("link", "Reformer", within="main .session")
    desk.press("link", "Complete")
    desk.press("button", "Show what follows")
    desk.sees("1 used")
    desk.press("button", "Complete")
    desk.sees("Reformer completed")
    assert stage.first_class().closed_at == AFTER_CLASS
    assert figures_of(stage.amir) == (2, 0, 1, 0)
