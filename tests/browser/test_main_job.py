"""The main job, from an empty calendar to an invoice, through the screens: by mouse, and by keyboard alone.

Staff plan a series, the worker makes its sessions, a member books, gives the place up and books again; the
desk adds a walk-in, notes who is there and completes the session; the walk-in's invoice explains itself.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from playwright.sync_api import Browser, Locator, expect
from pytest_django import DjangoDbBlocker

from billing import tasks as billing_tasks
from billing.models import Account, Entry, Invoice
from sessions_app import tasks as session_tasks
from sessions_app.models import Booking, Session
from tests.browser import crawl, stages, worlds
from tests.browser.hands import Hand, Keyboard, Mouse
from tests.browser.stages import (
    AFTER_CLASS,
    BEFORE_CLASS,
    MONDAY,
    Stage,
    figures_of,
    fill_in_the_series,
    pages,
)
from tests.browser.worlds import World


@pytest.fixture
def db(django_db_setup: None, django_db_blocker: DjangoDbBlocker, chromium: Browser) -> Iterator[World]:
    """A studio of this test's own, in which every commit stays."""
    with django_db_blocker.unblock(), worlds.empty(chromium, MONDAY) as world:
        yield world


@pytest.fixture(params=[Mouse, Keyboard], ids=["mouse", "keyboard"])
def stage(request: pytest.FixtureRequest, db: World) -> Stage:
    return stages.set_up(db, request.param)


def test_a_series_is_planned_booked_completed_and_invoiced(stage: Stage) -> None:
    """S1-03…S1-17, S3-03…S3-08, V-01…V-03, Q5, Q6, Q20, Q26."""
    plan_the_series(stage)
    session = stage.first_class()

    member = stage.meet(stage.amir)
    stage.sign_in(member, stage.amir, "/")
    book(stage, member, session)
    read_the_log(stage, member)
    give_up_and_book_again(stage, member, session)

    stage.at(BEFORE_CLASS)
    desk = stage.meet(stage.sam)
    stage.sign_in(desk, stage.sam, "/desk/")
    take_the_register(stage, desk, session)
    stage.at(AFTER_CLASS)
    complete(stage, desk, session)
    read_the_invoice(stage)


def plan_the_series(stage: Stage) -> None:
    """Wednesdays at six, seven times: one date is taken, one is closed, and the clocks change on the way."""
    desk = stage.meet(stage.sam)
    stage.sign_in(desk, stage.sam, "/desk/")
    expect(desk.page.get_by_role("heading", level=1)).to_have_text("Monday 2 March")

    fill_in_the_series(desk)
    dates = desk.page.locator("#dates")
    expect(dates.get_by_role("listitem")).to_have_count(7)
    expect(line(dates, "11 Mar")).to_contain_text("Spin")
    expect(line(dates, "18 Mar")).to_contain_text("Staff day")
    expect(line(dates, "1 Apr")).to_contain_text("clocks")
    desk.visitor.audit()
    assert Session.objects.filter(service=stage.reformer).count() == 0

    desk.press("button", "Create 5 sessions, skip 2")
    desk.sees("The sessions are being created.")
    session_tasks.expand_series()
    expect(desk.page.locator("#dates tbody tr")).to_have_count(7)
    desk.visitor.audit()
    held = Session.objects.filter(service=stage.reformer).order_by("starts_at")
    assert [each.starts_at.hour for each in held] == [18, 18, 17, 17, 17]


def line(dates: Locator, on: str) -> Locator:
    """The line of one date."""
    return dates.get_by_role("listitem").filter(has_text=on)


def book(stage: Stage, member: Hand, session: Session) -> None:
    """One tap; the price stands on the button."""
    member.sees("Reformer credits: 3 free")
    member.press("link", "Wed", within=".days")
    with member.at_most(1):
        member.press("button", "Book · 1 credit")
        member.sees("booked. 1 Reformer credit held, 2 free.")
    member.visitor.audit()
    assert figures_of(stage.amir) == (2, 1, 0, 0)
    assert Booking.objects.live().get(session=session).person == stage.amir


def read_the_log(stage: Stage, member: Hand) -> None:
    """How many, how many are bound, and why."""
    member.press("link", "Passes")
    for name, value in zip(("free", "held", "used", "expired"), (2, 1, 0, 0), strict=True):
        expect(member.page.locator(f"[data-explain=credits-{name}]")).to_have_text(str(value))
    assert crawl.unexplained(member.page) == []
    member.press("link", "How these numbers came about")
    member.sees("Booked Reformer", "−1", "+3")


def give_up_and_book_again(stage: Stage, member: Hand, session: Session) -> None:
    """Two interactions; the credit comes back, and the place can be booked again."""
    member.press("link", "My bookings")
    with member.at_most(2):
        member.press("link", "Cancel")
        member.sees("1 Reformer credit comes back to you")
        member.visitor.audit()
        member.press("button", "Cancel")
        member.sees("canceled")
    assert figures_of(stage.amir) == (3, 0, 0, 0)
    member.go("/schedule/2026-03-04/")
    member.press("button", "Book · 1 credit")
    member.sees("2 free")
    assert Booking.objects.live().filter(session=session).count() == 1


def take_the_register(stage: Stage, desk: Hand, session: Session) -> None:
    """A walk-in is added and somebody is checked in: presence writes nothing into the books."""
    with desk.at_most(3):
        desk.fill("Add or check in a person", "bea")
        desk.sees("No pass covers Reformer")
        desk.visitor.audit()
        desk.press("button", "Book unpaid, £12.00 held")
        desk.sees("Bea Long booked. £12.00 held")
    before = Entry.objects.count()
    with desk.at_most(1):
        desk.press("button", "Check in Amir Patel")
        desk.sees("Amir Patel checked in")
    desk.visitor.audit()
    assert Booking.objects.get(session=session, person=stage.amir, canceled_at=None).is_present is True
    assert Entry.objects.count() == before


def complete(stage: Stage, desk: Hand, session: Session) -> None:
    """What follows is shown, then done: the credit used, the cost charged, the wage posted."""
    # An hour of quiet has signed the desk out.
    stage.sign_in(desk, stage.sam, "/desk/today/")
    desk.press("link", "Reformer", within="main .session")
    desk.press("link", "Complete")
    desk.sees("1 used", "12.00", "5.00")
    desk.visitor.audit()
    desk.press("button", "Complete")
    desk.sees("Reformer completed")
    session.refresh_from_db()
    assert session.closed_at == AFTER_CLASS
    assert figures_of(stage.amir) == (2, 0, 1, 0)
    assert balance(f"practitioner:{session.practitioner_id}") == 500
    assert balance(f"person:{stage.bea.pk}") == -1200


def balance(owner: str) -> int:
    """What an account stands at, in money: what it got less what it gave."""
    account = Account.objects.exclude(unit="credit").get(owner=owner)
    return account.posted_in - account.posted_out


def read_the_invoice(stage: Stage) -> None:
    """Written a minute later by the worker; one page on paper, and every figure leads to its reason."""
    with time_machine.travel(AFTER_CLASS + billing_tasks.invoices.GRACE * 2, tick=False):
        billing_tasks.issue_due_invoices()
    invoice = Invoice.objects.get(person=stage.bea)
    assert invoice.total_minor == 1200
    bea = stage.meet(stage.bea)
    stage.sign_in(bea, stage.bea, "/me/invoices/")
    bea.press("link", invoice.number)
    bea.sees(invoice.number, "Harbour Studio Ltd", "Bea Long", "£12.00")
    assert crawl.unexplained(bea.page) == []
    assert pages(bea.page.pdf(format="A4")) == 1
    bea.press("link", "£12.00")
    bea.sees("Reformer", "What happened")
    bea.visitor.audit()
