"""Every page of the product in a real browser: light and dark, wide and narrow (UX section 5).

The list is the table of addresses itself. A new address joins by itself, and fails until
tests/web/matrix/objects.py says what to put into its arguments.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import resolve, reverse
from playwright.sync_api import Browser
from pytest_django import DjangoDbBlocker

from studio.people.rules.permissions import Role
from tests import logins
from tests.browser import crawl, harness, worlds
from tests.browser.arrivals import ARRIVALS
from tests.browser.crawl import Case
from tests.browser.harness import Look
from tests.browser.worlds import Found, Given, World
from tests.web.matrix.objects import Things

ALL = crawl.cases()
DIRECT = [pytest.param(case, id=str(case)) for case in ALL if case.declared.name not in ARRIVALS]
SAMPLES = "desk:styleguide"
"""Its numbers are made up, so nothing explains them."""


@pytest.fixture(scope="module")
def world(chromium: Browser, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    with django_db_blocker.unblock(), worlds.filled(chromium) as opened:
        yield opened


@pytest.fixture(autouse=True)
def db(world: World) -> None:
    """The world's own database, in which every commit stays."""


@pytest.fixture(scope="module")
def things(world: World) -> dict[str, Things]:
    found = Found(world.people[Role.MEMBER])
    return {Role.PRACTITIONER: Given(world.people[Role.PRACTITIONER])} | dict.fromkeys(
        [Role.ADMIN, Role.MEMBER, "visitor"], found
    )


@pytest.fixture(scope="module")
def tried() -> dict[object, int]:
    """The links that were followed already, by kind."""
    return {}


@pytest.mark.parametrize("case", DIRECT)
def test_every_page_is_accessible_and_explains_its_numbers(
    case: Case, world: World, things: dict[str, Things], tried: dict[object, int]
) -> None:
    """Q1, Q3, Q20, Q21, Q24, Q25, Q27."""
    visitor = world.window(case.who)
    if not crawl.arrive(visitor, case, case.address(things[case.who])):
        return
    crawl.hold_to_the_bars(visitor)
    assert crawl.broken_links(visitor.page, tried, case.who) == []
    if case.declared.name != SAMPLES:
        assert crawl.unexplained(visitor.page) == []


@pytest.mark.parametrize("name", sorted(ARRIVALS))
def test_every_page_on_the_way_in_is_accessible(name: str, world: World) -> None:
    """Q1, Q3, Q21, Q24, Q25: pages that only show themselves after a step before."""
    visitor = ARRIVALS[name](world)
    assert resolve(crawl.path_of(visitor.page)).view_name == name
    crawl.hold_to_the_bars(visitor)


@pytest.mark.parametrize("look", harness.LOOKS, ids=str)
def test_the_menu_of_a_place_on_the_list_is_accessible(
    world: World, things: dict[str, Things], look: Look
) -> None:
    """Q2."""
    address = reverse("desk:roster", args=[things[Role.ADMIN].booking.session_id])
    with harness.window(world.browser, world.address, look) as visitor:
        visitor.become(logins.browser(world.people[Role.ADMIN]))
        visitor.go(address)
        visitor.page.locator(".roster-row summary").first.click()
        assert harness.violations(visitor.page, ".menu[open]") == []
        assert harness.sideways(visitor.page) == []
        visitor.page.keyboard.press("Escape")
        visitor.page.get_by_label("Add or check in a person").fill("an")
        visitor.page.locator("#found li").first.wait_for()
        visitor.audit()


@pytest.mark.parametrize("look", [harness.PHONE, Look("dark", 360, 740)], ids=str)
def test_filters_opened_on_a_phone_are_accessible(world: World, look: Look) -> None:
    """Q2."""
    with harness.window(world.browser, world.address, look) as visitor:
        visitor.become(logins.browser(world.people[Role.ADMIN]))
        for address in ("/desk/sessions/", "/desk/calendar/"):
            visitor.go(address)
            visitor.page.locator("[data-filters] > summary").first.click()
            visitor.audit()
