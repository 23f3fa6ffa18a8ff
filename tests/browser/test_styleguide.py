"""The gallery of components in a real browser: what is right here is right wherever a page uses it."""

import gzip
import re

import pytest
from playwright.sync_api import expect

from tests.browser import harness
from tests.browser.conftest import OpenWindow
from tests.browser.harness import Look, Visitor

GALLERY = "/desk/styleguide/"


@pytest.mark.parametrize("path", [GALLERY, f"{GALLERY}?form=wrong"], ids=["filled", "mistakes"])
@pytest.mark.parametrize("look", harness.LOOKS, ids=str)
def test_every_component_is_accessible(open_window: OpenWindow, look: Look, path: str) -> None:
    """Q1, Q3, Q24, Q25."""
    visitor = open_window(look)
    assert visitor.go(path).status == 200
    visitor.audit()


@pytest.mark.parametrize("width", [320, 560, 768, 1000, 1600])
def test_no_width_scrolls_sideways(open_window: OpenWindow, width: int) -> None:
    """Q3."""
    visitor = open_window(Look(width=width))
    visitor.go(GALLERY)
    assert harness.sideways(visitor.page) == []


@pytest.mark.parametrize("look", harness.LOOKS, ids=str)
def test_open_sheets_and_menus_are_accessible(open_window: OpenWindow, look: Look) -> None:
    """Q2."""
    visitor = open_window(look)
    visitor.go(GALLERY)
    visitor.page.get_by_label("More for Bea Long").click()
    visitor.audit()
    visitor.page.keyboard.press("Escape")
    visitor.page.get_by_role("link", name="Open a sheet").click()
    expect(visitor.page.locator("#sheet").get_by_role("button", name="Keep my place")).to_be_focused()
    visitor.audit()


def test_a_sheet_closes_with_escape_and_gives_the_focus_back(visitor: Visitor) -> None:
    visitor.go(GALLERY)
    opener = visitor.page.get_by_role("link", name="Open a sheet")
    opener.click()
    visitor.page.keyboard.press("Escape")
    expect(visitor.page.locator("#sheet")).to_be_hidden()
    expect(opener).to_be_focused()


def test_the_theme_changes_at_once_and_stays(visitor: Visitor) -> None:
    visitor.go("/accounts/login/")
    visitor.page.get_by_role("button", name="Dark").click()
    expect(visitor.page.locator("html")).to_have_attribute("data-theme", "dark")
    with visitor.page.expect_response(lambda response: "/theme/" in response.url) as kept:
        visitor.page.get_by_role("button", name="Light").click()
    assert kept.value.status in (0, 302)
    visitor.page.reload()
    expect(visitor.page.locator("html")).to_have_attribute("data-theme", "light")


def test_the_theme_changes_without_javascript(open_window: OpenWindow) -> None:
    """Q7."""
    visitor = open_window(javascript=False)
    visitor.go("/accounts/login/")
    visitor.page.get_by_role("button", name="Dark").click()
    expect(visitor.page.locator("html")).to_have_attribute("data-theme", "dark")
    assert visitor.page.url.endswith("/accounts/login/")


def test_every_stop_of_the_tab_key_can_be_seen(open_window: OpenWindow) -> None:
    """Q4, Q5: also at 200 % zoom, where bars that stick would cover what has focus."""
    for look in (harness.DESKTOP, harness.PHONE, harness.ZOOMED):
        visitor = open_window(look)
        visitor.go(GALLERY)
        for _ in range(60):
            visitor.page.keyboard.press("Tab")
            assert harness.hidden_focus(visitor.page) == "", look


def test_the_first_tab_leads_past_the_navigation(visitor: Visitor) -> None:
    visitor.go(GALLERY)
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.press("Enter")
    assert visitor.page.evaluate("document.activeElement.id") == "main"


def test_mistakes_are_listed_on_top_and_lead_to_their_fields(visitor: Visitor) -> None:
    visitor.go(f"{GALLERY}?form=wrong")
    expect(visitor.page).to_have_title(re.compile("^Error: "))
    summary = visitor.page.get_by_role("alert").filter(has_text="Have another look")
    expect(summary).to_be_focused()
    summary.get_by_role("link").first.click()
    expect(visitor.page.get_by_label("Name", exact=True)).to_be_focused()


def test_a_question_mark_lists_the_shortcuts_but_not_while_typing(visitor: Visitor) -> None:
    visitor.go(GALLERY)
    visitor.page.get_by_label("Name", exact=True).press("?")
    expect(visitor.page.locator("#shortcuts")).to_be_hidden()
    visitor.page.get_by_label("Name", exact=True).blur()
    visitor.page.keyboard.press("?")
    expect(visitor.page.locator("#shortcuts")).to_be_visible()
    visitor.audit()


def test_picking_all_says_how_many(visitor: Visitor) -> None:
    visitor.go(GALLERY)
    visitor.page.get_by_label("Select all on this page").check()
    expect(visitor.page.locator("[data-bulk-count]")).to_have_text("4")


def test_nothing_moves_for_those_who_asked_for_no_motion(visitor: Visitor) -> None:
    """Q8."""
    visitor.go(GALLERY)
    visitor.page.get_by_role("link", name="Open a sheet").click()
    assert harness.motions(visitor.page) == 0


def test_forced_colours_keep_every_state_apart(visitor: Visitor) -> None:
    """Q9."""
    visitor.page.emulate_media(forced_colors="active")
    visitor.go(GALLERY)
    assert harness.violations(visitor.page) == []


def test_an_invoice_prints_without_the_frame(visitor: Visitor) -> None:
    """UX 3.10."""
    visitor.go(GALLERY)
    visitor.page.emulate_media(media="print")
    for selector in (".top", ".tabs", "#toasts", ".button.primary"):
        expect(visitor.page.locator(selector).first).to_be_hidden()
    expect(visitor.page.locator(".invoice")).to_be_visible()


def test_a_page_is_light_to_load(visitor: Visitor) -> None:
    """Q10, Q11, Q12: scripts at most 40 kB, styles at most 20 kB (gzipped), at most 8 requests."""
    sizes: dict[str, int] = {"script": 0, "stylesheet": 0}
    requests: list[str] = []

    def weigh(response: object) -> None:
        kind = response.request.resource_type  # type: ignore[attr-defined]
        requests.append(response.url)  # type: ignore[attr-defined]
        if kind in sizes:
            sizes[kind] += len(gzip.compress(response.body()))  # type: ignore[attr-defined]

    visitor.page.on("response", weigh)
    visitor.go(GALLERY)
    visitor.page.wait_for_load_state("networkidle")
    assert sizes["script"] <= 40_000
    assert sizes["stylesheet"] <= 20_000
    assert len(requests) <= 8, requests
