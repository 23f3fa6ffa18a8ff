"""What every page's frame shows: the sections this person may open, the theme, the studio's name.

A section whose page does not exist yet, or that its own policy would refuse, is absent rather than dead.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, resolve, reverse
from django.utils.functional import SimpleLazyObject

from studio.web import toasts

THEMES = ("auto", "light", "dark")
THEME_COOKIE = "theme"


@dataclass(frozen=True, slots=True)
class Entry:
    """One section: what it is called, the route it opens, its icon.

    ``key`` goes there after g; ``also`` are other places in the site that belong to it.
    """

    label: str
    route: str
    icon: str
    key: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as shown to one person on one page."""

    label: str
    href: str
    icon: str
    is_current: bool
    key: str = ""


DESK = (
    Entry("Today", "desk:today", "house", "t"),
    Entry("Calendar", "desk:calendar", "calendar-days", "c"),
    Entry("People", "desk:people", "users", "p"),
    Entry("Sessions", "desk:sessions", "list-checks", "s"),
    Entry("Money", "desk:money", "receipt", "m"),
    Entry("Settings", "desk:settings", "settings", "e"),
)
ON_THE_BOTTOM_BAR = 4
"""How many desk sections a phone shows beside More."""

_BOOK = Entry("Book", "portal:book", "calendar-plus", also=("/schedule/", "/sessions/"))

PORTAL = (
    _BOOK,
    Entry("My bookings", "portal:bookings", "calendar-check"),
    Entry("Passes", "portal:passes", "ticket"),
    Entry("Account", "portal:account", "circle-user"),
)
VISITOR = (_BOOK, Entry("Prices", "portal:prices", "ticket"))
"""The portal's sections before signing in."""


def shell(request: HttpRequest) -> dict[str, object]:
    """Context processor: sections, theme, and the news, which only a page that says it takes off the pile."""
    is_known = getattr(request, "person", None) is not None
    desk, portal = links(request, DESK), links(request, PORTAL if is_known else VISITOR)
    news = SimpleLazyObject(lambda: toasts.take(request))
    return {
        "desk_nav": desk,
        "desk_bottom": desk[:ON_THE_BOTTOM_BAR],
        "desk_more": desk[ON_THE_BOTTOM_BAR:],
        "desk_home": desk[0].href if desk else "",
        "portal_nav": portal,
        "portal_home": address("portal:book") or "/",
        "toasts": SimpleLazyObject(lambda: news.toasts),
        "notices": SimpleLazyObject(lambda: news.notices),
        "my_bookings": address("portal:bookings"),
        "theme": theme(request),
        "themes": THEMES,
        "theme_address": address("theme"),
        "sign_in_address": address("account_login"),
        "sign_out_address": address("account_logout"),
    }


def links(request: HttpRequest, entries: Iterable[Entry]) -> list[Link]:
    """The entries whose page exists and lets this person in, the current one marked."""
    if not hasattr(request, "actor"):  # it failed before anybody knew who asks
        return []
    found = [
        (entry, href) for entry in entries if (href := address(entry.route)) and _may_open(request, href)
    ]
    current = _current(request.path, found)
    return [Link(entry.label, href, entry.icon, href == current, entry.key) for entry, href in found]


def theme(request: HttpRequest) -> str:
    """``auto``, ``light`` or ``dark``, from a cookie: the first byte of the page already knows it."""
    chosen = request.COOKIES.get(THEME_COOKIE, "auto")
    return chosen if chosen in THEMES else "auto"


def address(route: str) -> str:
    """The address of a route, or nothing while it does not exist."""
    try:
        return reverse(route)
    except NoReverseMatch:
        return ""


def _may_open(request: HttpRequest, href: str) -> bool:
    policy = getattr(resolve(href).func, "policy", None)
    return policy is None or policy.admits(request, "GET")


def _current(path: str, found: list[tuple[Entry, str]]) -> str:
    """The address of the section this page lies in: the longest beginning that fits; ``/`` only as itself."""
    under = [
        (len(start), href)
        for entry, href in found
        for start in (href, *entry.also)
        if path == start or (start != "/" and path.startswith(start))
    ]
    return max(under, default=(0, ""))[1]
