"""Every address of a page, who looks at it, and the bars it is held to (UX section 5)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve, reverse
from playwright.sync_api import Page

from studio.people.rules import permissions
from studio.people.rules.permissions import Role
from studio.web import routes
from studio.web.routes import Declared, Entry
from tests.browser import harness
from tests.browser.harness import LOOKS, SMALLEST, Look, Visitor
from tests.web.matrix import objects
from tests.web.matrix.objects import Things

NOT_PAGES = {
    "healthz",
    "readyz",
    "portal:session-calendar",
    "mfa_download_recovery_codes",
    "desk:import_sample",
}
"""Answered with a file or a word; everything else that can be read is a page."""

ELSEWHERE = ("admin:", "api:")
"""Django's own admin, and what programs read."""

LEADS_ON = {
    "desk:home": "/desk/today/",
    "desk:calendar": "/desk/calendar/week/",
    "desk:money-practitioner": "/desk/money/pay/",
    "portal:book-session": "/sessions/",
}
"""Addresses that are a way to another page, for everybody or for somebody."""


@dataclass(frozen=True, slots=True)
class Case:
    """One page as one kind of person sees it."""

    declared: Declared
    who: str

    def __str__(self) -> str:
        return f"{self.declared.name}-{self.who}"

    def address(self, things: Things) -> str:
        name, arguments = self.declared.name, self.declared.arguments
        return reverse(name, kwargs=objects.values(name, arguments, things))


def cases() -> list[Case]:
    """Every page that can be opened by its address, once for each kind of person who sees another page."""
    return [
        Case(declared, who)
        for declared in routes.declared()
        if is_page(declared)
        for who in _who_looks(declared)
    ]


def is_page(declared: Declared) -> bool:
    name = declared.name
    is_ours = name and (not name.startswith(ELSEWHERE) or name == "api:docs")
    return bool(is_ours) and "GET" in declared.policy.methods and name not in NOT_PAGES


def _who_looks(declared: Declared) -> Iterator[str]:
    if declared.name.startswith("desk:"):
        yield Role.ADMIN
        if set(declared.policy.any_of) & permissions.capabilities_of(Role.PRACTITIONER, []):
            yield Role.PRACTITIONER
        return
    if declared.name == "account_logout":
        yield Role.MEMBER
        return
    is_public = declared.policy.entry is Entry.ANYONE
    if is_public:
        yield "visitor"
    if declared.name.startswith("portal:") or not is_public:
        yield Role.MEMBER


def arrive(visitor: Visitor, case: Case, address: str) -> bool:
    """Open it. False when it leads on to another page, which has its own case.

    A page that refuses answers 409; anything else that is not the page asked for fails.
    """
    response = visitor.go(address)
    assert response.status < 400 or response.status == 409, f"{address} answered {response.status}"
    there = path_of(visitor.page)
    if there == address:
        return True
    way = LEADS_ON.get(case.declared.name) or LEADS_ON.get(str(case), "")
    assert way and there.startswith(way), f"{address} led to {there}"
    return False


def path_of(page: Page) -> str:
    """Where the window is, without the question behind it."""
    return urlsplit(page.url).path


def hold_to_the_bars(visitor: Visitor, looks: Sequence[Look] = LOOKS) -> None:
    """The page in every look: loaded once, then resized and darkened, as somebody at the window would."""
    page = visitor.page
    for look in looks:
        _look(page, look)
        harness.audit(page)
    _look(page, SMALLEST)
    sticks_out = harness.sideways(page)
    assert sticks_out == [], sticks_out
    _look(page, looks[0])
    assert ways_on(page) > 0, "nothing in the main part leads on"
    assert harness.unlabelled_figures(page) == []
    assert visitor.troubles.seen == [], visitor.troubles.seen


def _look(page: Page, look: Look) -> None:
    page.set_viewport_size({"width": look.width, "height": look.height})
    page.emulate_media(color_scheme="dark" if look.theme == "dark" else "light")


def ways_on(page: Page) -> int:
    """How many links and buttons the main part offers (UX Q21)."""
    return int(page.locator("main :is(a[href], button, summary):visible").count())


# --- figures and links -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figure:
    """A number on a page, and where it is explained."""

    name: str
    value: str
    href: str


def figures(page: Page) -> list[Figure]:
    """The explained numbers of the page: the first and the last of each name."""
    read = "all => all.map(e => [e.dataset.explain, e.dataset.fig, e.href])"
    found: dict[str, list[Figure]] = {}
    for name, value, href in page.locator("[data-explain]").evaluate_all(read):
        found.setdefault(name, []).append(Figure(name, value, href))
    return [each for same in found.values() for each in dict.fromkeys([same[0], same[-1]])]


def unexplained(page: Page) -> list[str]:
    """Numbers whose explanation comes to something else (UX Q20)."""
    return [why for figure in figures(page) if (why := why_unexplained(page, figure))]


def why_unexplained(page: Page, figure: Figure) -> str:
    """Nothing, if the page behind a number shows the same total under the same name (UX Q20)."""
    answer = page.request.get(figure.href)
    if answer.status != 200:
        return f"{figure} leads to {answer.status}"
    totals = dict(re.findall(r'data-total="([^"]*)" data-fig="([^"]*)"', answer.text()))
    if totals.get(figure.name) == figure.value:
        return ""
    return f"{figure} is explained as {totals.get(figure.name)}; totals there: {totals}"


def broken_links(page: Page, tried: dict[Any, int], who: str, *, of_each: int = 2) -> list[str]:
    """Links of this site that lead nowhere (UX Q27); two of every kind are tried."""
    found = []
    for href in page.locator("a[href]").evaluate_all("all => [...new Set(all.map(e => e.href))]"):
        there = urlsplit(href)
        if there.netloc != urlsplit(page.url).netloc:
            continue
        try:
            kind = (who, resolve(there.path).view_name, bool(there.query))
        except Resolver404:
            kind = (who, there.path, False)
        tried[kind] = tried.get(kind, 0) + 1
        if tried[kind] <= of_each and (status := page.request.get(href).status) >= 400:
            found.append(f"{href}: {status}")
    return found
