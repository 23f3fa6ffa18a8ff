"""Every page of the product in a real browser: light and dark, wide and narrow (UX section 5).

The list is the table of addresses itself. A new address joins by itself, and fails until
tests/web/matrix/objects.py says what to put into its arguments.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from pytest_django import DjangoDbBlocker

from tests.browser import crawl, worlds
from tests.browser.crawl import Case
from tests.browser.worlds import Found, World

CASES = [pytest.param(case, id=str(case)) for case in crawl.cases()]


@pytest.fixture(scope="module")
def world(chromium: Browser, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    with django_db_blocker.unblock(), worlds.filled(chromium) as opened:
        yield opened


@pytest.fixture(autouse=True)
def db(world: World) -> None:
    """The world's own database, in which every commit stays."""


@pytest.fixture(scope="module")
def things(world: World) -> Found:
    return Found(world.people["member"])


@pytest.mark.parametrize("case", CASES)
def test_every_page_is_accessible_and_explains_its_numbers(case: Case, world: World, things: Found) -> None:
    """Q1, Q3, Q20, Q21, Q24, Q25."""
    visitor = world.window(case.who)
    if not crawl.arrive(visitor, case, case.address(things)):
        return
    crawl.hold_to_the_bars(visitor)
    assert [
        why for figure in crawl.figures(visitor.page) if (why := crawl.why_unexplained(visitor.page, figure))
    ] == []
