"""The calendar: a week, or a day by room, drawn by the server; an agenda on a phone (S3-07, S3-48, S3-49)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import URLPattern, reverse

from scheduling.queries import closures
from scheduling.rules import recurrence
from scheduling.rules.closures import Closed, on_day
from sessions_app.queries import calendar
from sessions_app.queries.calendar import Filters, SessionRow
from sessions_app.rules import states
from studio.lib import localtime
from studio.people.rules.permissions import Capability
from studio.web import formats, week
from studio.web.desk import answers, choices
from studio.web.desk.choices import Stock
from studio.web.desk.fields import offer
from studio.web.requests import Request
from studio.web.routes import needs, route

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
YEARS = range(1970, recurrence.LATEST_ON.year + 1)
MOST_ROOMS = 14
"""More columns than this are too narrow to read: then only rooms in use are shown."""


class FilterForm(forms.Form):
    """What narrows the calendar. What makes no sense narrows nothing."""

    location = forms.ChoiceField(label="Place", required=False)
    room = forms.ChoiceField(required=False)
    practitioner = forms.ChoiceField(label="With", required=False)
    service = forms.ChoiceField(required=False)

    def __init__(self, asked: QueryDict, *, stock: Stock) -> None:
        super().__init__(asked)
        offered = {
            "location": ("Every place", stock.location_choices()),
            "room": ("Every room", stock.room_choices()),
            "practitioner": ("Everybody", stock.giver_choices()),
            "service": ("Every service", stock.service_choices()),
        }
        for name, (everything, offers) in offered.items():
            offer(self, name, [("", everything), *offers])
        self._offered = {name: offers for name, (_, offers) in offered.items()}
        if len(stock.locations) < 2:
            del self.fields["location"]
        self.full_clean()

    def chosen(self) -> dict[str, tuple[str, str]]:
        """What is narrowed, with its value and its words."""
        found = {}
        for name in self.fields:
            if value := self.cleaned_data.get(name):
                found[name] = (value, _words(self._offered[name], value))
        return found

    def filters(self) -> Filters:
        ids = {name: int(value) for name, (value, _) in self.chosen().items()}
        return Filters(
            location_id=ids.get("location"),
            room_id=ids.get("room"),
            practitioner_id=ids.get("practitioner"),
            service_id=ids.get("service"),
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """One view of the calendar, read: its days, its sessions, its closures and what it is narrowed to."""

    days: tuple[date, ...]
    rows: list[SessionRow]
    closed: list[Closed]
    stock: Stock
    form: FilterForm


def index(request: Request) -> HttpResponse:
    """This week."""
    return HttpResponseRedirect(_with_filters(request, _week_address(answers.today(request), request)))


def show_week(request: Request, week_name: str) -> HttpResponse:
    """Seven days side by side."""
    first = _first_day(week_name, request.studio.week_starts_on)
    shown = _read(request, [first + _DAY * number for number in range(7)])
    by_day = defaultdict(list)
    for row in shown.rows:
        by_day[row.on].append(row)
    columns = [
        week.Column(
            [_block(request, row) for row in by_day[on]],
            on=on,
            href=_with_filters(request, reverse("desk:calendar_day", args=[on.isoformat()])),
            note=_closed_words(on_day(shown.closed, on), shown.stock),
            is_today=on == answers.today(request),
            now=_now(request) if on == answers.today(request) else None,
            add_href=_new_series(request, shown.form, on=on),
        )
        for on in shown.days
    ]
    today, locale = answers.today(request), request.studio.locale
    context = {
        **_frame(request, shown, "week"),
        "title": formats.days(shown.days[0], shown.days[-1], today=today, locale=locale),
        "week": week.lay_out(columns),
        "previous": _with_filters(request, _week_address(first - _WEEK, request)),
        "next": _with_filters(request, _week_address(first + _WEEK, request)),
        "is_now": today in shown.days,
        "now_href": _with_filters(request, _week_address(today, request)),
        "now_label": "This week",
    }
    return answers.page(request, "desk/calendar.html", context)


def show_day(request: Request, on: str) -> HttpResponse:
    """One day, rooms side by side."""
    day = answers.date_in(on)
    if day.year not in YEARS:
        raise Http404("no such day")
    shown = _read(request, [day])
    today, locale = answers.today(request), request.studio.locale
    columns = [
        week.Column(
            [_block(request, row, with_room=False) for row in rows],
            title=title,
            note=_closed_words(on_day(shown.closed, day), shown.stock),
            now=_now(request) if day == today else None,
            is_today=day == today,
            add_href=_new_series(request, shown.form, on=day, place=place),
        )
        for title, place, rows in _by_room(shown)
    ]
    context = {
        **_frame(request, shown, "day"),
        "title": formats.day(day, today=today, locale=locale, long=True),
        "week": week.lay_out(columns) if columns else None,
        "previous": _with_filters(request, reverse("desk:calendar_day", args=[(day - _DAY).isoformat()])),
        "next": _with_filters(request, reverse("desk:calendar_day", args=[(day + _DAY).isoformat()])),
        "is_now": day == today,
        "now_href": _with_filters(request, reverse("desk:calendar_day", args=[today.isoformat()])),
        "now_label": "Today",
    }
    return answers.page(request, "desk/calendar.html", context)


# ------------------------------------------------------------------------------------------------- reading


def _read(request: Request, days: list[date]) -> Shown:
    stock = choices.stock()
    form = FilterForm(request.GET, stock=stock)
    zones = stock.zones() or [request.studio.time_zone]
    earliest = min(localtime.day_bounds(days[0], zone)[0] for zone in zones)
    latest = max(localtime.day_bounds(days[-1], zone)[1] for zone in zones)
    # A day is the day at the session's place; with several zones the span reaches a little further.
    rows = [row for row in calendar.week(earliest, latest, form.filters()) if days[0] <= row.on <= days[-1]]
    location = form.chosen().get("location")
    closed = closures.touching(days[0], days[-1], location_id=int(location[0]) if location else None)
    return Shown(tuple(days), rows, closed, stock, form)


def _by_room(shown: Shown) -> list[tuple[str, str, list[SessionRow]]]:
    """Columns of a day: a title, the place to plan for, and what is on. Rooms first, then what has none."""
    by_room: dict[tuple[int, int | None], list[SessionRow]] = defaultdict(list)
    for row in shown.rows:
        by_room[row.location_id, row.room_id].append(row)
    wanted = {name: int(value) for name, (value, _) in shown.form.chosen().items()}
    columns = []
    several = len(shown.stock.locations) > 1
    for location in shown.stock.locations:
        if wanted.get("location", location.id) != location.id:
            continue
        for room_id, name in [*((room.id, room.name) for room in location.rooms), (None, "No room")]:
            if wanted.get("room", room_id) != room_id:
                continue
            rows = by_room[location.id, room_id]
            title = f"{location.name}: {name}" if several else name
            if rows or room_id is not None:
                columns.append((title, f"{location.id}.{room_id or ''}", rows))
    in_use = [column for column in columns if column[2]]
    return in_use if len(columns) > MOST_ROOMS else columns


# ------------------------------------------------------------------------------------------------- showing


def _frame(request: Request, shown: Shown, view: str) -> dict[str, Any]:
    chosen = shown.form.chosen()
    day = shown.days[0] if answers.today(request) not in shown.days else answers.today(request)
    views = [("Week", _week_address(day, request), view == "week")]
    views.append(("Day", reverse("desk:calendar_day", args=[day.isoformat()]), view == "day"))
    return {
        "count": len(shown.rows),
        "on_closed": sum(_is_on_closed_day(row) for row in shown.rows),
        "filters": shown.form,
        "summary": ", ".join(words for _, words in chosen.values()),
        "chips": [(words, _without(request, name)) for name, (_, words) in chosen.items()],
        "clear_href": request.path if chosen else "",
        "views": [(label, _with_filters(request, href), is_current) for label, href, is_current in views],
        "closed": shown.closed,
        "may_plan": _may_plan(request),
        "new_href": _new_series(request, shown.form, on=max(day, answers.today(request))),
        "may_close": request.actor.may(Capability.MANAGE_CLOSURES),
        "close_href": f"{reverse('desk:add_closure')}?{urlencode({'starts_on': day.isoformat()})}",
    }


def _block(request: Request, row: SessionRow, *, with_room: bool = True) -> week.Block:
    state = states.state_of(
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        is_canceled=row.is_canceled,
        is_closed=row.is_closed,
        at=request.now,
        is_full=row.is_full,
    )
    label, facts = "", [f"{row.booked} of {row.capacity}"]
    if with_room:
        facts.append(row.room or row.location)
    if row.practitioner:
        facts.append(row.practitioner)
    if _is_on_closed_day(row):
        # S3-49: that somebody has to decide something outweighs that it is open or full.
        state, label = "warn", f"Closed: {row.closure}"
    return week.Block(
        row.service,
        reverse("desk:session", args=[row.id]),
        row.local_start,
        row.local_end,
        state,
        label,
        facts=facts,
    )


def _is_on_closed_day(row: SessionRow) -> bool:
    return row.closure is not None and not row.is_canceled and not row.is_closed


def _closed_words(closed: Iterable[Closed], stock: Stock) -> str:
    """``Closed: Easter``; with the place when others are open."""
    words = [
        f"{each.location} closed: {each.name}"
        if each.location and len(stock.locations) > 1
        else f"Closed: {each.name}"
        for each in closed
    ]
    return ", ".join(words)


def _now(request: Request) -> datetime:
    return formats.in_zone(request.now, request.studio.time_zone).replace(tzinfo=None)


def _may_plan(request: Request) -> bool:
    return request.actor.may(Capability.ADD_SESSIONS, own=True)


# ----------------------------------------------------------------------------------------------- addresses


def _first_day(name: str, week_starts_on: int) -> date:
    """The first day shown of an ISO week: ``2026-W10`` is the week around its Monday.

    :raises Http404: when it is none.
    """
    year, _, number = name.partition("-W")
    try:
        if (len(year), len(number)) != (4, 2) or int(year) not in YEARS:
            raise ValueError(name)
        return date.fromisocalendar(int(year), int(number), 1) - _DAY * (-week_starts_on % 7)
    except ValueError as error:
        raise Http404("no such week") from error


def _week_address(on: date, request: Request) -> str:
    """The address of the week that a day is shown in."""
    year, number, _ = (on + _DAY * (-request.studio.week_starts_on % 7)).isocalendar()
    return reverse("desk:calendar_week", args=[f"{year:04}-W{number:02}"])


def _with_filters(request: Request, address: str) -> str:
    return f"{address}?{request.GET.urlencode()}" if request.GET else address


def _without(request: Request, name: str) -> str:
    rest = request.GET.copy()
    rest.pop(name, None)
    return f"{request.path}?{rest.urlencode()}" if rest else request.path


def _new_series(request: Request, form: FilterForm, *, on: date, place: str = "") -> str:
    """The form for a session or a series, filled in with what one looks at."""
    if not _may_plan(request):
        return ""
    known = {"starts_on": on.isoformat()}
    known |= {name: value for name, (value, _) in form.chosen().items()}
    if place:
        known["place"] = place
    return f"{reverse('desk:new_series')}?{urlencode(known)}"


def _words(offered: Iterable[Any], value: str) -> str:
    """The words of a choice, wherever it stands in the groups."""
    for key, words in offered:
        if isinstance(words, list | tuple):
            if found := _words(words, value):
                return found
        elif str(key) == value:
            return str(words)
    return ""


_SEE = needs(Capability.USE_DESK)

routes: list[URLPattern] = [
    route("calendar/", index, name="calendar", policy=_SEE),
    route("calendar/week/<str:week_name>/", show_week, name="calendar_week", policy=_SEE),
    route("calendar/day/<str:on>/", show_day, name="calendar_day", policy=_SEE),
]
