"""What leaves the studio on paper: an invoice and an attendance sheet, one page each (UX 3.10, Q26)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django import DjangoDbBlocker

from memberships.domain import sales
from studio.lib import codes
from studio.people.rules.permissions import SYSTEM, Role
from tests import make
from tests.browser import stages, worlds
from tests.browser.worlds import World

CROWD = 14
FRAME = [".top", ".bottom", ".crumbs", ".button", "#toasts", ".skip"]
"""What belongs to the screen."""


@pytest.fixture
def db(django_db_setup: None, django_db_blocker: DjangoDbBlocker, chromium: Browser) -> Iterator[World]:
    """A studio of this test's own, in which every commit stays."""
    with django_db_blocker.unblock(), worlds.empty(chromium, make.NOW) as world:
        yield world


def on_paper(page: Page) -> int:
    """How many sheets it takes, seen as it is printed; nothing of the screen's frame is on them."""
    page.emulate_media(media="print")
    for selector in FRAME:
        assert page.locator(selector).locator("visible=true").count() == 0, selector
    return stages.pages(page.pdf(format="A4"))


def test_an_invoice_prints_on_one_page_with_its_totals(db: World) -> None:
    member = db.people[Role.MEMBER]
    for _ in range(3):
        term = make.plan(price_minor=9000)
        sales.sell(
            person_id=member.pk, payment_term_id=term.pk, starts_on=make.NOW.date(), by=SYSTEM, at=make.NOW
        )
    for who, address in [(Role.MEMBER, "/me/invoices/"), (Role.ADMIN, "/desk/money/")]:
        page = db.window(who).page
        page.goto(db.address + address)
        page.locator("main tbody th a").first.click()
        assert on_paper(page) == 1
        expect(page.locator(".invoice")).to_contain_text(member.name)
        expect(page.locator(".invoice .is-total")).to_contain_text("£90.00")


def test_an_attendance_sheet_prints_on_one_page_with_everybody_on_it(db: World) -> None:
    session = make.session(service=make.service(capacity=CROWD))
    for _ in range(CROWD):
        make.booking(session)
    page = db.window(Role.ADMIN).page
    page.goto(f"{db.address}/desk/sessions/{codes.encode(session.pk)}/roster/?print")
    assert on_paper(page) == 1
    expect(page.locator(".sheet tbody th")).to_have_count(CROWD)
    cut = page.locator(".sheet").evaluate("each => each.scrollWidth - each.parentElement.clientWidth")
    assert cut <= 0
