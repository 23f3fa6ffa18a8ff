"""The product in Chromium: how pages are opened, looked at and held to the quality bars (UX section 5).

``Visitor.audit()`` is the bar every page passes: no violation of any WCAG 2.2 A/AA rule or best practice, no
sideways scroll, nothing the content policy had to stop, nothing missing, one h1, no id twice.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

try:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, sync_playwright
except ModuleNotFoundError as missing:
    raise pytest.UsageError(
        "The browser tests need Playwright. Run them with `bin/test --browser`, which installs it, "
        "or leave them out with --ignore=tests/browser."
    ) from missing

AXE = Path(__file__).parents[1] / "assets" / "axe-core-4.14.1" / "axe.min.js"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CHROMIUM_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
PATIENCE = 10_000  # milliseconds


@dataclass(frozen=True, slots=True)
class Look:
    """A theme and a window."""

    theme: str = "light"
    width: int = 1280
    height: int = 800

    def __str__(self) -> str:
        return f"{self.theme}-{self.width}"


DESKTOP, PHONE, SMALLEST = Look(), Look(width=360, height=740), Look(width=320, height=640)
LOOKS = [DESKTOP, Look("dark"), PHONE, Look("dark", 360, 740)]
"""Every page is right in all of these: ``@pytest.mark.parametrize("look", harness.LOOKS, ids=str)``."""

ZOOMED = Look(width=640, height=400)
"""A laptop's window at 200 %."""


@dataclass
class Troubles:
    """What went wrong in a window without anybody asking."""

    seen: list[str] = field(default_factory=list)

    def watch(self, page: Page, *, missing_is_fine: bool = False) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.seen.append(f"script: {error}"))
        if not missing_is_fine:
            page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        # A page may answer 4xx on purpose; Chromium repeats that in its console.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.seen.append(f"console: {message.text}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.request.resource_type not in {"document", "fetch", "xhr"}:
            self.seen.append(f"{response.status}: {response.url}")


@dataclass
class Visitor:
    """One person in one window."""

    page: Page
    address: str
    troubles: Troubles

    def go(self, path: str) -> Response:
        """Open a page of this site and wait until it stands."""
        response = self.page.goto(self.address + path, wait_until="load")
        assert response is not None
        return response

    def become(self, client: Client) -> None:
        """Be whoever is signed in there (``tests.logins.browser(...)``)."""
        name = settings.SESSION_COOKIE_NAME
        cookie = {"name": name, "value": client.cookies[name].value, "url": self.address}
        self.page.context.add_cookies([cookie])  # type: ignore[list-item]

    def audit(self) -> None:
        """The bar every page passes, in the state it is in now."""
        audit(self.page)
        assert self.troubles.seen == [], self.troubles.seen


def chromium_path() -> str:
    """Where Chromium is. Fails, aloud, where there is none: these tests run only when they are asked for."""
    names = [os.environ.get("STUDIO_CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"]
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    if found is None:
        pytest.fail("The browser tests need Chromium and none was found: see bin/chromium.", pytrace=False)
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """One Chromium for the whole run."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_FLAGS.split())
        yield browser
        browser.close()


@contextmanager
def window(
    browser: Browser, address: str, look: Look = DESKTOP, *, javascript: bool = True, touch: bool = False
) -> Iterator[Visitor]:
    """A fresh window, signed out."""
    context = browser.new_context(
        viewport={"width": look.width, "height": look.height},
        color_scheme="dark" if look.theme == "dark" else "light",
        reduced_motion="reduce",
        java_script_enabled=javascript,
        has_touch=touch,
        locale="en-GB",
        timezone_id="Europe/London",
    )
    context.set_default_timeout(PATIENCE)
    with _closing(context):
        page = context.new_page()
        troubles = Troubles()
        troubles.watch(page)
        yield Visitor(page, address, troubles)


@contextmanager
def _closing(context: BrowserContext) -> Iterator[None]:
    try:
        yield
    finally:
        context.close()


# --- the bars ----------------------------------------------------------------------------------------


def audit(page: Page) -> None:
    """Accessibility, width and shape of the page as it stands now."""
    for bar in (violations, sideways, ill_formed):
        found = bar(page)
        assert found == [], f"{bar.__name__}: {found}"


def violations(page: Page, within: str = "html") -> list[str]:
    """What axe-core finds: rule, how often, the first element and why.

    ``within`` looks only at what lies open over a page: what it covers cannot be used before it is closed.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = page.evaluate(_AXE_RUN, [within, AXE_TAGS])
    return [_told(violation) for violation in found]


# Style sheets are read by none of these rules, and what passed is not brought over: half the time.
_AXE_RUN = """async ([within, tags]) => (await axe.run(within === 'html' ? document : within, {
  runOnly: tags, rules: {'target-size': {enabled: true}}, resultTypes: ['violations'], preload: false,
})).violations"""


def _told(violation: dict[str, Any]) -> str:
    node = violation["nodes"][0]
    checks = [*node["any"], *node["all"], *node["none"]]
    why = checks[0]["message"] if checks else violation["help"]
    return f"{violation['id']} ×{len(violation['nodes'])}: {node['html'][:200]} ({why})"


def sideways(page: Page) -> list[str]:
    """What sticks out of the window on the right, when the page scrolls sideways (UX Q3)."""
    return list(page.evaluate(_SIDEWAYS))


def ill_formed(page: Page) -> list[str]:
    """One h1, no id twice, no style attribute, no empty link or button."""
    return list(page.evaluate(_ILL_FORMED))


def unlabelled_figures(page: Page) -> list[str]:
    """Figures that claim to be explained but lead nowhere (UX Q20)."""
    return list(
        page.evaluate("[...document.querySelectorAll('[data-explain]:not([href])')].map(e => e.outerHTML)")
    )


def motions(page: Page) -> int:
    """How many animations run although the visitor asked for none (UX Q8)."""
    return int(page.evaluate("document.getAnimations().filter(a => a.playState === 'running').length"))


_SIDEWAYS = """() => {
  if (document.documentElement.scrollWidth <= innerWidth) return [];
  return [...document.querySelectorAll('body *')]
    .filter(each => each.getBoundingClientRect().right > innerWidth + 1)
    .slice(0, 5).map(each => each.outerHTML.slice(0, 160));
}"""

_ILL_FORMED = """() => {
  const found = [], ids = new Map();
  for (const each of document.querySelectorAll('[id]')) ids.set(each.id, (ids.get(each.id) || 0) + 1);
  for (const [id, count] of ids) if (count > 1) found.push(`id ${id} is used ${count} times`);
  const heads = document.querySelectorAll('h1').length;
  if (heads !== 1) found.push(`${heads} h1`);
  document.querySelectorAll('[style]').forEach(each => found.push(`style: ${each.outerHTML.slice(0, 99)}`));
  if (!document.title.trim()) found.push('no title');
  if (!document.documentElement.lang) found.push('no lang');
  return found;
}"""


# --- by keyboard -------------------------------------------------------------------------------------


def tab_to(page: Page, selector: str, *, at_most: int = 80) -> None:
    """Press Tab until the element has focus. Every stop on the way shows where it is and is not covered."""
    for _ in range(at_most):
        page.keyboard.press("Tab")
        focus_shows(page)
        if page.evaluate("selector => document.activeElement?.matches(selector) ?? false", selector):
            return
    pytest.fail(f"{selector} was not reached with {at_most} presses of Tab.")


def focus_shows(page: Page) -> None:
    """Fails when the focused element does not show that it has the focus."""
    hidden = hidden_focus(page)
    assert hidden == "", hidden


def hidden_focus(page: Page) -> str:
    """The focused element, if nobody could see that it has focus (SC 2.4.7, 2.4.11); else nothing."""
    return str(page.evaluate(_HIDDEN_FOCUS))


_HIDDEN_FOCUS = """() => {
  const each = document.activeElement;
  if (!each || each === document.body) return '';
  const style = getComputedStyle(each), box = each.getBoundingClientRect();
  const ringed = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  const covered = !top || !(each.contains(top) || top.contains(each));
  return ringed && !covered ? '' : `${ringed ? 'covered' : 'no ring'}: ${each.outerHTML.slice(0, 160)}`;
}"""
