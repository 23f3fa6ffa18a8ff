"""Today: the day's figures, its sessions, and the list of the one that runs or comes next (UX 1.1, 1.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse

from sessions_app.models import Session
from sessions_app.queries import calendar, roster, sessions
from sessions_app.queries import today as queries
from sessions_app.queries.calendar import Filters, SessionRow
from studio.lib import localtime
from studio.people.rules.permissions import Capability, Role
from studio.web import formats
from studio.web.desk import answers, rows
from studio.web.requests import Request
from studio.web.routes import needs, route

SHOWN = {
    queries.EXPECTED: ("Expected", "booked", "Nobody is booked on this day."),
    queries.CHECKED_IN: ("Checked in", "checked in", "Nobody is checked in on this day."),
    queries.OWING: ("Need payment", "with an open invoice", "Nobody who comes on this day owes anything."),
}


@dataclass(frozen=True, slots=True)
class Tile:
    """Props of ``components/tile.html``."""

    figure: int
    words: str
    href: str
    name: str
    note: str = ""
    attention: bool = False


def home(request: Request) -> HttpResponse:
    """``/desk/`` is Today."""
    return redirect("desk:today")


def show(request: Request, on: str = "") -> HttpResponse:
    """One day. A practitioner sees their own sessions unless they ask for everybody's."""
    today = answers.today(request)
    day = answers.date_in(on) if on else today
    earliest, latest = localtime.day_bounds(day, request.studio.time_zone)
    practitioner_id = _whose(request)
    listed = calendar.week(earliest, latest, Filters(practitioner_id=practitioner_id))
    context: dict[str, Any] = {
        "on": day,
        "is_today": day == today,
        "lead": _lead(listed, at=request.now),
        "previous": _address(day - timedelta(days=1), today),
        "following": _address(day + timedelta(days=1), today),
        "whose": _whose_link(request, practitioner_id),
        "tiles": _tiles(request, day, listed, earliest, latest, practitioner_id),
        "rows": [
            rows.of_calendar(row, at=request.now, may_register=_may_register(request, row.practitioner_id))
            for row in listed
        ],
    }
    if not listed:
        context["next"] = queries.next_after(max(request.now, latest), practitioner_id=practitioner_id)
    context |= _panel(request, listed)
    return answers.page(request, "desk/today.html", context, fragments=("board",))


def people(request: Request, on: str) -> HttpResponse:
    """The people behind a figure of the day."""
    wanted = request.GET.get("show", queries.EXPECTED)
    if wanted not in SHOWN:
        raise Http404("no such figure")
    day = answers.date_in(on)
    earliest, latest = localtime.day_bounds(day, request.studio.time_zone)
    title, words, nobody = SHOWN[wanted]
    # Names of other people's sessions are for the desk.
    is_practitioner = request.actor.role is Role.PRACTITIONER
    practitioner_id = request.actor.person_id if is_practitioner else _whose(request)
    found = queries.people(earliest, latest, wanted, practitioner_id=practitioner_id)
    page = answers.paged(request, found)
    context = {
        "on": day,
        "title": title,
        "words": words,
        "nobody": nobody,
        "name": f"today-{wanted}",
        "page": page,
        "total": page.paginator.count,
        "may_see_people": request.actor.may(Capability.SEE_PEOPLE),
        "crumbs": [("Today", _address(day, answers.today(request)))],
    }
    return answers.page(request, "desk/today_people.html", context)


def _whose(request: Request) -> int | None:
    """Whose sessions to show: a practitioner's own by default, everybody's at the desk."""
    if request.actor.role is Role.PRACTITIONER:
        return None if request.GET.get("with") == "all" else request.actor.person_id
    return request.actor.person_id if request.GET.get("with") == "me" else None


def _whose_link(request: Request, practitioner_id: int | None) -> tuple[str, str] | None:
    if request.actor.role is not Role.PRACTITIONER:
        return None
    return ("?", "Only mine") if practitioner_id is None else ("?with=all", "Everybody’s sessions")


def _may_register(request: Request, practitioner_id: int | None) -> bool:
    return request.actor.may(Capability.BOOK_FOR_OTHERS, own=practitioner_id == request.actor.person_id)


def _address(day: date, today: date) -> str:
    return reverse("desk:today") if day == today else reverse("desk:today_on", args=[day.isoformat()])


def _lead(listed: list[SessionRow], *, at: datetime) -> str:
    """``6 sessions · next starts in 12 min``."""
    count = len(listed)
    words = f"{count} session" if count == 1 else f"{count} sessions"
    coming = next((row for row in listed if row.starts_at > at and not row.is_canceled), None)
    if coming is None or coming.starts_at - at > timedelta(hours=12):
        return words
    return (
        f"{words} · next starts in {formats.minutes(-(-int((coming.starts_at - at).total_seconds()) // 60))}"
    )


def _tiles(
    request: Request,
    day: date,
    listed: list[SessionRow],
    earliest: datetime,
    latest: datetime,
    practitioner_id: int | None,
) -> list[Tile]:
    if request.actor.role is Role.PRACTITIONER and practitioner_id is None:
        return []
    figures = queries.figures(earliest, latest, at=request.now, practitioner_id=practitioner_id)
    places = sum(row.capacity for row in listed if not row.is_canceled)
    address = reverse("desk:today_people", args=[day.isoformat()])
    whose = "&with=me" if request.GET.get("with") == "me" else ""
    tiles = [
        Tile(
            figures.expected,
            "expected",
            f"{address}?show=expected{whose}",
            "today-expected",
            note=f"of {places} places",
        ),
        Tile(figures.checked_in, "checked in", f"{address}?show=in{whose}", "today-in"),
    ]
    if request.actor.may(Capability.SEE_MONEY):
        tiles.append(
            Tile(
                figures.need_payment,
                "need payment",
                f"{address}?show=owing{whose}",
                "today-owing",
                attention=figures.need_payment > 0,
            )
        )
    return [
        *tiles,
        Tile(
            figures.not_saved,
            "not saved",
            reverse("desk:not_saved"),
            "not-saved",
            attention=figures.not_saved > 0,
        ),
    ]


def _panel(request: Request, listed: list[SessionRow]) -> dict[str, Any]:
    """The list of the session that runs or comes next, for whoever may take its register."""
    mine = [row for row in listed if _may_register(request, row.practitioner_id) and not row.is_canceled]
    ahead = [row for row in mine if row.ends_at > request.now]
    current = next(iter(ahead or mine[-1:]), None)
    session = sessions.one(current.id, by=request.actor) if current else None
    return {"panel": _list_of(request, session) if session else None}


def _list_of(request: Request, session: Session) -> dict[str, Any]:
    return {
        "session": session,
        "state": sessions.state_of(session, at=request.now),
        "rows": [
            rows.of_place(request, session, place, back=request.get_full_path(), target="board")
            for place in roster.of_session(session)
        ],
    }


_SEE = needs(Capability.USE_DESK)

routes: list[URLPattern] = [
    route("", home, name="home", policy=_SEE),
    route("today/", show, name="today", policy=_SEE),
    route("today/<str:on>/", show, name="today_on", policy=_SEE),
    route("today/<str:on>/people/", people, name="today_people", policy=_SEE),
]
