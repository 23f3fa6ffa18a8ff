"""What the gallery of components shows: made up, and of every sort that the real studio has."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace as Sample
from typing import Any

from django.contrib.staticfiles.finders import find
from django.core.paginator import Paginator

from studio.lib.consequences import Consequence
from studio.web import week
from studio.web.templatetags.studio import ICONS
from studio.web.toasts import Toast

HERE = "#"
STATES = "open now completed missed canceled unsaved waiting full ok warn danger info"
MONDAY = date(2026, 3, 2)


def everything() -> dict[str, Any]:
    """What the gallery shows, by name."""
    return {
        "states": STATES.split(),
        "icons": _icons(),
        "sessions": _sessions(),
        "roster": _roster(),
        "people": _people(),
        "tabs": _tabs(),
        "strip": _strip(),
        "calendar": _calendar(),
        "consequences": _consequences(),
        "no_consequences": [],
        "ledger": _ledger(),
        "lot": Sample(
            title="Class credits",
            note="10-class pack, ends 30 March",
            free=4,
            held=2,
            used=3,
            expired=1,
            href="#ledger",
        ),
        "facts": [
            ("When", "Thu 5 March, 18:00–18:50"),
            ("Where", "Studio 3, West building"),
            ("With", "Ana Silva"),
            ("Pays", "10-class pack, 1 credit"),
        ],
        "invoice": _invoice(),
        "page": Paginator(range(412), 30).get_page(4),
        "chips": [("Last 7 days", HERE), ("Not saved", HERE)],
        "crumbs": [("People", HERE), ("Amir Patel", HERE)],
        "toasts": [Toast("Amir Patel checked in", href=HERE)],
        "reasons": [
            Sample(
                text="Reformer basics is full.",
                remedy="Join the waitlist (2 before you), or see 4 other times.",
            )
        ],
        "dues": 4500,
        "credit": -2000,
        "moment": _at(3, 18),
        "later": _at(3, 18, 50),
    }


def _icons() -> list[str]:
    """The names of all icons there are."""
    sprite = find(ICONS)
    return re.findall(r'id="([a-z0-9-]+)"', Path(sprite).read_text()) if sprite else []


def _at(days: int, hour: int, minute: int = 0) -> datetime:
    return datetime(MONDAY.year, MONDAY.month, MONDAY.day, hour, minute, tzinfo=UTC) + timedelta(days=days)


@dataclass(frozen=True, slots=True)
class _Row:
    """A session row as a view would make it."""

    title: str
    starts_at: datetime
    ends_at: datetime
    state: str
    facts: tuple[str, ...]
    taken: int = 0
    capacity: int = 0
    waiting: int = 0
    label: str = ""
    kind: str = "class"
    note: str = ""
    action: str = ""
    action_href: str = ""
    action_form: str = ""
    action_kind: str = ""
    href: str = HERE
    places_href: str = "#ledger"
    zone: str = "Europe/London"


def _sessions() -> list[_Row]:
    return [
        _Row("Sunrise yoga", _at(3, 7), _at(3, 7, 50), "completed", ("Ana Silva", "Studio 1"), 12, 14),
        _Row(
            "Reformer basics",
            _at(3, 9),
            _at(3, 9, 50),
            "now",
            ("Joe Marsh", "Studio 2"),
            8,
            8,
            2,
            action="Check in",
            action_href=HERE,
        ),
        _Row(
            "Private: Maya Lind",
            _at(3, 10),
            _at(3, 11),
            "open",
            ("Ana Silva", "Studio 1"),
            kind="private",
            note="1 credit left",
            action="Check in",
            action_href=HERE,
        ),
        _Row(
            "Beginners’ course",
            _at(3, 11, 15),
            _at(3, 12),
            "unsaved",
            ("Joe Marsh", "Studio 2"),
            6,
            10,
            kind="course",
            note="3 of 10",
            action="Complete",
            action_href=HERE,
        ),
        _Row(
            "Lunch spin",
            _at(3, 12, 10),
            _at(3, 12, 50),
            "canceled",
            ("Joe Marsh", "Hall"),
            note="Nobody was booked",
        ),
        _Row(
            "Stretch and breathe in the long afternoon",
            _at(3, 16),
            _at(3, 16, 40),
            "custom",
            ("Ana Silva",),
            4,
            20,
            label="Excused",
        ),
        _Row(
            "Evening flow",
            _at(3, 18),
            _at(3, 18, 50),
            "open",
            ("60 min", "Ana Silva"),
            3,
            14,
            action="Book · 1 credit",
            action_form=HERE,
            action_kind="primary",
        ),
    ]


def _roster() -> list[dict[str, Any]]:
    menu = [("Move to another session", HERE), ("Cancel the booking", HERE)]
    return [
        {
            "name": "Amir Patel",
            "href": HERE,
            "line": "Unlimited, pays 12 March",
            "is_present": True,
            "present_since": "8:57",
            "mark_href": HERE,
            "menu": menu,
        },
        {
            "name": "Bea Long",
            "href": HERE,
            "line": "10-class pack, 2 left",
            "flags": [("missed", "Owes £45.00")],
            "is_present": None,
            "mark_href": HERE,
            "menu": menu,
        },
        {
            "name": "Cho Min-Jung Abernathy-Featherstone",
            "href": HERE,
            "line": "No pass: unpaid",
            "flags": [("waiting", "Waiting, 1st"), ("info", "First visit")],
            "is_present": None,
            "mark_href": HERE,
            "menu": menu,
        },
    ]


def _people() -> list[dict[str, Any]]:
    return [
        {
            "name": "Amir Patel",
            "href": HERE,
            "facts": ["amir@example.org", "Unlimited"],
            "end": "",
            "action": "Book",
            "action_href": HERE,
        },
        {
            "name": "Bea Long",
            "href": HERE,
            "facts": ["07700 900123", "10-class pack, 2 left"],
            "flags": [("missed", "Owes £45.00"), ("custom", "Birthday"), ("info", "Third")],
            "more_flags": 1,
            "action": "Book",
            "action_href": HERE,
        },
        {
            "name": "Ümit Öztürk",
            "href": HERE,
            "facts": ["No contact details"],
            "action": "Book",
            "action_href": HERE,
        },
    ]


def _tabs() -> list[dict[str, Any]]:
    return [
        {"label": "List", "href": HERE, "is_current": True},
        {"label": "Not saved", "href": HERE, "count": 30},
        {"label": "Series", "href": HERE},
        {"label": "Closures", "href": HERE},
    ]


def _strip() -> list[dict[str, Any]]:
    return [
        {"on": MONDAY + timedelta(days=n), "href": HERE, "is_current": n == 3, "is_empty": n == 6}
        for n in range(9)
    ]


def _calendar() -> week.Week:
    columns = []
    for number in range(7):
        on = MONDAY + timedelta(days=number)
        blocks = [_block(on, *each.split(", ")) for each in _WEEK.get(number, "").splitlines()]
        note = "Closed: spring fair" if number == 6 else ""
        now = _at(2, 9, 20) if number == 2 else None
        columns.append(week.Column(blocks, on=on, href=HERE, note=note, is_today=number == 2, now=now))
    return week.lay_out(columns, earliest=7)


def _block(on: date, title: str, clock: str, length: str, state: str = "open", kind: str = "") -> week.Block:
    hour, minute = map(int, clock.split(":"))
    starts = _at((on - MONDAY).days, hour, minute)
    return week.Block(
        title,
        HERE,
        starts,
        starts + timedelta(minutes=int(length)),
        state,
        "Excused" if state == "custom" else "",
        kind,
        ("Studio 3", "12 of 20"),
    )


# A real week has all of it: short sessions, two and three at once, a day that is closed.
_WEEK = {
    0: """Total Body Workout, 07:30, 40, completed
Stretch Express, 08:15, 30, missed
Circuit Express, 12:10, 40, unsaved
Park Fitness, 13:10, 40, completed
Stretch 2 Harmony, 13:10, 40, completed
Total Body Workout, 18:10, 40, completed
Super Circuits, 18:25, 60, completed""",
    1: """Stretch 2 Harmony, 12:10, 40, completed
Cardio H.I.T., 12:15, 30, canceled
Core+, 17:10, 25, custom
Cardio H.I.T., 17:40, 30, unsaved
Core+, 17:45, 25, completed""",
    2: """Wake Up Workout, 07:30, 30, completed
Private: Maya Lind, 09:00, 60, now, private
Total Body Workout, 12:10, 40, full
Meta-Box, 12:15, 30
Circuit Express, 17:15, 30
Kettlebells, 17:20, 40""",
    3: """Kettlebells, 12:10, 40
Park Fitness, 12:10, 40
Spin, 12:20, 45, waiting
Super Circuits, 17:20, 60""",
    4: """Total Body Workout, 12:10, 40
Stretch 2 Harmony, 13:10, 40, open, course""",
    5: """BoxFit, 11:15, 45
F.I.T. Zone, 12:30, 25""",
}


def _consequences() -> list[Consequence]:
    return [
        Consequence("places", "14 sessions canceled, 61 places freed"),
        Consequence("credits", "61 credits returned"),
        Consequence("messages", "96 people told by email"),
        Consequence("final", "The emails cannot be taken back after 60 seconds"),
    ]


def _ledger() -> list[dict[str, Any]]:
    spin, until = "Booked Spin, Sat 28 Feb, 18:00", "free until 6 h before"
    rows = [
        (date(2026, 2, 2), "Bought 10-class pack", "invoice 1042", "bought", 10, 10, "in", "ok", HERE),
        (date(2026, 2, 27), "Attended 5 classes", "4 Feb to 27 Feb", "used", -5, 5, "out", "", HERE),
        (date(2026, 2, 28), spin, "by Amir on the booking page", "held", -1, 4, "held", "open", ""),
        (date(2026, 2, 28), "Canceled Spin 9 h before", until, "returned", 1, 5, "in", "ok", ""),
        (date(2026, 3, 30), "4 will expire unless used", "", "expire", -4, None, "coming", "", ""),
    ]
    names = ("on", "text", "note", "word", "move", "left", "kind", "state", "href")
    return [dict(zip(names, row, strict=True)) for row in rows]


def _invoice() -> dict[str, Any]:
    lines = [
        ("Reformer basics", date(2026, 2, 3), 1400),
        ("Reformer basics", date(2026, 2, 10), 1400),
        ("Private session with Ana Silva", date(2026, 2, 12), 6000),
        ("Evening flow, missed", date(2026, 2, 17), 700),
    ]
    return {
        "number": "INV-01042",
        "issued_on": date(2026, 3, 1),
        "due_on": date(2026, 3, 15),
        "currency": "GBP",
        "seller_name": "Northside Studio Ltd",
        "seller_address": "12 Mill Lane\nGlasgow G12 8QQ",
        "tax_id": "GB 123 4567 89",
        "buyer_name": "Amir Patel",
        "buyer_address": "4 Park Road\nGlasgow G12 8QQ",
        "total_minor": 9500,
        "paid_minor": 5000,
        "due_minor": 4500,
        "state": "warn",
        "label": "Due in 10 days",
        "lines": [
            {"description": words, "service_on": on, "amount_minor": minor, "href": HERE}
            for words, on, minor in lines
        ],
        "note": "Pay by transfer to 12-34-56, account 12345678, quoting this number, or at the desk.",
    }
