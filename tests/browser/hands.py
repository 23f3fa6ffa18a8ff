"""Two ways to use a page: by mouse, and by keyboard alone. Both count what they do (UX section 1).

One click, tap or chord is one interaction; so is filling one field, whatever its length.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import harness
from tests.browser.harness import Visitor

MOST_TABS = 120


class Hand:
    """Somebody at a window. Subclasses say how a thing is pressed and filled in."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.count = 0

    @property
    def page(self) -> Page:
        return self.visitor.page

    def go(self, path: str) -> None:
        """Come by an address; not an interaction."""
        self.visitor.go(path)

    @contextmanager
    def at_most(self, budget: int) -> Iterator[None]:
        """Hold what is done inside to so many interactions (Q6)."""
        before = self.count
        yield
        assert self.count - before <= budget, f"{self.count - before} interactions, {budget} were allowed"

    def press(self, role: str, name: str, *, within: str = "body") -> None:
        """Press the button or follow the link of this name."""
        # The name as it begins: what follows it is for those who cannot see the row.
        named = self.page.locator(within).get_by_role(role, name=name)  # type: ignore[arg-type]
        self._press(named.and_(self.page.locator(":visible")).first)
        self.count += 1

    def fill(self, label: str, text: str, *, then_enter: bool = False) -> None:
        """Type into the field of this label."""
        self._fill(self.field(label), text)
        self.count += 1
        if then_enter:
            self.page.keyboard.press("Enter")
            self.count += 1

    def choose(self, label: str, option: str) -> None:
        """Choose from a list."""
        self._choose(self.field(label), option)
        self.count += 1

    def tick(self, label: str) -> None:
        """Tick or untick a box."""
        self._tick(self.field(label))
        self.count += 1

    def field(self, label: str) -> Locator:
        return self.page.get_by_label(label, exact=True)

    def sees(self, *texts: str) -> None:
        """All of this is to be read in the main part, or said in a toast."""
        for text in texts:
            expect(self.page.locator("main, #toasts").filter(has_text=text).first).to_be_visible()

    def _press(self, target: Locator) -> None:
        raise NotImplementedError

    def _fill(self, target: Locator, text: str) -> None:
        raise NotImplementedError

    def _choose(self, target: Locator, option: str) -> None:
        raise NotImplementedError

    def _tick(self, target: Locator) -> None:
        raise NotImplementedError


class Mouse(Hand):
    """Points, clicks and types."""

    def _press(self, target: Locator) -> None:
        target.click()

    def _fill(self, target: Locator, text: str) -> None:
        target.fill(text)

    def _choose(self, target: Locator, option: str) -> None:
        value = target.locator("option").filter(has_text=option).first.get_attribute("value")
        target.select_option(value)

    def _tick(self, target: Locator) -> None:
        target.click()


class Keyboard(Hand):
    """Reaches everything with Tab, and sees at every stop where it is."""

    def _press(self, target: Locator) -> None:
        self._reach(target)
        self.page.keyboard.press("Enter")

    def _fill(self, target: Locator, text: str) -> None:
        self._reach(target)
        if target.get_attribute("type") == "date":
            self._type_date(target, text)
        else:
            self.page.keyboard.press("ControlOrMeta+a")
            self.page.keyboard.type(text)

    def _type_date(self, target: Locator, text: str) -> None:
        """In the order that this browser's own language asks for."""
        year, month, day = text.split("-")
        for typed in (day + month + year, month + day + year):
            for _ in range(3):
                self.page.keyboard.press("ArrowLeft")
            self.page.keyboard.type(typed)
            if target.input_value() == text:
                return
        pytest.fail(f"{text} could not be typed; the field says {target.input_value()}.")

    def _choose(self, target: Locator, option: str) -> None:
        self._reach(target)
        self.page.keyboard.type(option)

    def _tick(self, target: Locator) -> None:
        self._reach(target)
        self.page.keyboard.press("Space")

    def _reach(self, target: Locator) -> None:
        target.wait_for()
        for _ in range(MOST_TABS):
            if target.evaluate("each => each === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
            harness.focus_shows(self.page)
        pytest.fail(f"{target} was not reached with {MOST_TABS} presses of Tab.")
