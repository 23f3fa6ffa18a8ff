"""The pages nobody designs for: an empty studio, a mistake, a no, and where nothing is (UX Q21)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django import DjangoDbBlocker

from memberships.queries import plans
from studio.people.rules.permissions import Role
from tests import logins
from tests.browser import crawl, harness, worlds
from tests.browser.arrivals import ARRIVALS
from tests.browser.crawl import Case
from tests.browser.harness import DESKTOP, Look, Visitor
from tests.browser.worlds import World
from tests.web.matrix.objects import Things

LOOKS = [DESKTOP, Look("dark", 360, 740)]
KNOWN = {"on", "day", "week_name", "person_id"}
"""What an address asks for that an empty studio has."""

EMPTY = [
    pytest.param(case, id=str(case))
    for case in crawl.cases()
    if set(case.declared.arguments) <= KNOWN and case.declared.name.startswith(("desk:", "portal:"))
    if case.declared.name not in ARRIVALS
]
WITH_FORM = [
    pytest.param(case, id=str(case))
    for case in crawl.cases()
    if set(case.declared.arguments) <= KNOWN and "POST" in case.declared.policy.methods
    if case.who in (Role.ADMIN, "visitor") and case.declared.name not in ARRIVALS
]


@pytest.fixture(scope="module")
def world(chromium: Browser, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    with django_db_blocker.unblock(), worlds.empty(chromium) as opened:
        yield opened


@pytest.fixture(autouse=True)
def db(world: World) -> None:
    """The world's own database, in which every commit stays."""


@pytest.mark.parametrize("case", EMPTY)
def test_a_page_with_nothing_on_it_is_accessible_and_leads_on(case: Case, world: World) -> None:
    """Q1, Q3, Q21."""
    visitor = world.window(case.who)
    whose = Role.PRACTITIONER if case.who == Role.PRACTITIONER else Role.MEMBER
    if crawl.arrive(visitor, case, case.address(Things(world.people[whose]))):
        crawl.hold_to_the_bars(visitor, LOOKS)


@pytest.mark.parametrize("case", WITH_FORM)
def test_a_form_sent_with_nothing_in_it_says_so_accessibly(case: Case, world: World) -> None:
    """Q1, Q3: the error states."""
    visitor = world.window(case.who)
    crawl.arrive(visitor, case, case.address(Things(world.people[Role.MEMBER])))
    if not send_nothing(visitor.page):
        return
    assert visitor.page.title().startswith("Error: ")
    crawl.hold_to_the_bars(visitor, LOOKS)


def send_nothing(page: Page) -> bool:
    """Empty the page's form and send it; False when it asks for nothing."""
    form = page.locator("main form[method=post][novalidate]").filter(has=page.locator("[required]"))
    if form.count() == 0:
        return False
    with page.expect_navigation():
        form.first.evaluate(
            """form => {
              for (const each of form.elements) {
                if (each.type === 'checkbox' || each.type === 'radio') each.checked = false;
                else if (each.type !== 'hidden' && each.tagName !== 'BUTTON') each.value = '';
              }
              form.requestSubmit();
            }"""
        )
    return True


@pytest.mark.parametrize(
    ("who", "address", "status"),
    [
        ("visitor", "/nowhere/", 404),
        ("visitor", "/schedule/2026-13-01/", 404),
        (Role.MEMBER, "/me/invoices/zzzzzz/", 404),
        (Role.MEMBER, "/desk/", 403),
        (Role.PRACTITIONER, "/desk/people/new/", 403),
        (Role.STAFF, "/desk/people/zzzzzz/", 404),
        (Role.ADMIN, "/desk/calendar/week/2026-W99/", 404),
        ("visitor", "/accounts/invitation/made-up/", 410),
    ],
)
def test_where_nothing_is_there_is_a_way_on(world: World, who: str, address: str, status: int) -> None:
    """Q1, Q21."""
    visitor = world.window(who)
    assert visitor.go(address).status == status
    crawl.hold_to_the_bars(visitor)


def test_a_failure_of_ours_is_told_in_words_with_a_code(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Q1, Q21."""
    monkeypatch.setattr(plans, "on_sale", lambda: 1 / 0)
    visitor = world.window("visitor")
    assert visitor.go("/prices/").status == 500
    crawl.hold_to_the_bars(visitor)


def test_a_form_that_was_open_for_too_long_leads_back(world: World) -> None:
    """Q1, Q21."""
    visitor = world.fresh()
    visitor.go("/accounts/login/")
    visitor.page.context.clear_cookies()
    visitor.page.get_by_role("button", name="Sign in", exact=True).click()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("This form was open for too long")
    crawl.hold_to_the_bars(visitor)


def test_too_many_letters_asked_for_end_on_a_page_that_leads_on(world: World) -> None:
    """Q1, Q21."""
    visitor = world.fresh()
    for _ in range(10):
        visitor.go("/accounts/password/reset/")
        visitor.page.get_by_label("E-mail address").fill("somebody@studio.example")
        visitor.page.locator("main form button").last.click()
        if visitor.page.get_by_role("heading", level=1).inner_text() == "Too many tries":
            break
    else:
        pytest.fail("Ten letters were promised.")
    crawl.hold_to_the_bars(visitor)


Opening = Callable[[Page], None]


def of_person_menu(page: Page) -> None:
    page.locator(".top summary").first.click()


def of_shortcuts(page: Page) -> None:
    page.keyboard.press("?")


def of_more(page: Page) -> None:
    page.locator(".bottom summary").click()


@pytest.mark.parametrize(
    ("who", "address", "look", "opening"),
    [
        (Role.ADMIN, "/desk/people/", DESKTOP, of_person_menu),
        (Role.ADMIN, "/desk/people/", Look("dark", 360, 740), of_person_menu),
        (Role.ADMIN, "/desk/people/", Look("dark"), of_shortcuts),
        (Role.ADMIN, "/desk/people/", harness.PHONE, of_more),
        (Role.MEMBER, "/me/passes/", harness.PHONE, of_person_menu),
    ],
)
def test_what_opens_over_a_page_is_accessible(
    world: World, who: str, address: str, look: Look, opening: Opening
) -> None:
    """Q2."""
    with harness.window(world.browser, world.address, look) as visitor:
        visitor.become(logins.browser(world.people[who]))
        visitor.go(address)
        opening(visitor.page)
        visitor.audit()


def test_a_person_is_found_while_typing(world: World) -> None:
    """Q2."""
    visitor: Visitor = world.window(Role.ADMIN)
    visitor.go("/desk/people/?q=First")
    visitor.audit()
