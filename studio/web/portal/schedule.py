"""The timetable: a day with its rows, and one session with all that is known of it. Open to everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from scheduling.models import Closure
from sessions_app.models import Session
from sessions_app.queries import portal
from sessions_app.queries.portal import Choice, Wallet
from studio.lib import codes
from studio.lib.refusals import Reason
from studio.people.models import Person
from studio.web import calendar_file, formats
from studio.web.portal import forms, offers, words
from studio.web.portal.offers import Link, Row
from studio.web.requests import Request
from studio.web.routes import PUBLIC, route

DAYS = 7
AS_FAR = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the strip."""

    on: date
    href: str
    is_current: bool
    is_empty: bool


@dataclass(frozen=True, slots=True)
class Closed:
    """A closure in words: what, where, when."""

    name: str
    where: str
    days: str


@dataclass(frozen=True, slots=True)
class Purse:
    """One kind of credit in a line at the top: ``5 free, 1 held, ends 8 December``."""

    title: str
    free: int
    held: int
    ends: str
    href: str


def book(request: Request) -> HttpResponse:
    """The front page: what is on today, and what this person has."""
    return _day_page(request, words.today(request), heading="Book")


def a_day(request: Request, day: str) -> HttpResponse:
    """What is on, on one day."""
    try:
        on = date.fromisoformat(day)
    except ValueError:
        raise Http404 from None
    if abs(on - words.today(request)) > AS_FAR:
        raise Http404
    return _day_page(request, on, heading="Book")


def session(request: Request, session_id: int) -> HttpResponse:
    """One session: the facts, the places, and the button."""
    return session_page(request, readable(request, session_id))


def calendar(request: Request, session_id: int) -> HttpResponse:
    """The session as a file that every calendar reads."""
    found = readable(request, session_id)
    text = calendar_file.of_session(
        uid=f"session-{codes.encode(found.pk)}@{request.get_host().split(':')[0]}",
        title=found.service.name,
        starts_at=found.starts_at,
        ends_at=found.ends_at,
        where=_where(found),
        description=found.public_note,
        address=request.build_absolute_uri(reverse("portal:session", args=[found.pk])),
        at=request.now,
        version=found.version,
        is_canceled=found.canceled_at is not None,
    )
    name = f"{found.local_start:%Y-%m-%d-%H%M}-{codes.encode(found.pk)}.ics"
    return HttpResponse(
        text,
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


routes = [
    route("", book, name="book", policy=PUBLIC),
    route("schedule/", book, name="schedule", policy=PUBLIC),
    route("schedule/<str:day>/", a_day, name="day", policy=PUBLIC),
    route("sessions/<code:session_id>/", session, name="session", policy=PUBLIC),
    route("sessions/<code:session_id>/session.ics", calendar, name="session-calendar", policy=PUBLIC),
]


# --- shared with booking -----------------------------------------------------------------------------


def readable(request: Request, session_id: int) -> Session:
    """The session, if this person may open its page; the same "not found" whether it is hidden or absent."""
    found = portal.readable(request.actor).filter(pk=session_id).first()
    if found is None:
        raise Http404
    return found


def session_page(
    request: Request, found: Session, *, refused: tuple[Reason, ...] = (), key: str = "", status: int = 200
) -> HttpResponse:
    """The page of a session; after a refusal with its reasons in the button's place."""
    row = one_row(request, found, refused=refused)
    is_past = found.canceled_at is not None or request.now >= found.starts_at
    coming = portal.coming(request.actor, found.service_id, at=request.now) if is_past else []
    context = {
        "session": found,
        "row": row,
        "key": key,
        "facts": _facts(request, found),
        "is_past": is_past,
        "is_refused": bool(refused),
        "coming": [_link(request, each) for each in coming],
        "day_href": reverse("portal:day", args=[found.local_start.date().isoformat()]),
    }
    return render(request, "portal/session.html", context, status=status)


def one_row(request: Request, found: Session, *, refused: tuple[Reason, ...] = ()) -> Row:
    """The row of one session, with the state of its button."""
    on = found.local_start.date()
    [offer] = portal.offers(
        [found],
        person=request.person,
        credits=_wallet(request),
        closed=portal.closures(on, on),
        at=request.now,
        cancellation_enabled=request.studio.member_cancellation_enabled,
    )
    return offers.row(request, offer, refused=refused)


# --- the page of a day -------------------------------------------------------------------------------


def _day_page(request: Request, on: date, *, heading: str) -> HttpResponse:
    today = words.today(request)
    earliest = today + timedelta(days=(on - today).days // DAYS * DAYS)
    latest = earliest + timedelta(days=DAYS - 1)
    choice = forms.chosen(request.GET)
    week = portal.week(request.actor, earliest, latest, choice)
    closed = portal.closures(earliest, latest)
    found = _not_over(portal.on_day(request.actor, on, choice), on, today, request)
    credits = _wallet(request)
    context = {
        "heading": heading,
        "on": on,
        "is_today": on == today,
        "here": request.get_full_path(),
        "days": [_day(request, earliest + timedelta(days=each), on, week.dates) for each in range(DAYS)],
        "earlier": _days_link(request, on - timedelta(days=DAYS)) if earliest > today else None,
        "later": _days_link(request, on + timedelta(days=DAYS)),
        "rows": offers.rows(request, found, credits, closed),
        "closed": [_closed(request, each) for each in closed if each.starts_on <= on <= each.ends_on],
        "closed_soon": [
            _closed(request, each) for each in closed if not each.starts_on <= on <= each.ends_on
        ],
        "following": None if found else _following(request, on, choice),
        **_filters(request, week, choice),
        **_top(request, credits),
    }
    template = "portal/schedule.html#timetable" if request.htmx else "portal/schedule.html"
    return render(request, template, context)


def _not_over(found: list[Session], on: date, today: date, request: Request) -> list[Session]:
    """Today shows what is still to come; other days show everything."""
    return [each for each in found if each.ends_at > request.now] if on == today else found


def _wallet(request: Request) -> Wallet:
    if request.person is None:
        return Wallet()
    return portal.wallet(request.person.pk, on=words.today(request))


def _top(request: Request, credits: Wallet) -> dict[str, Any]:
    """What a member sees first: where they go next, and the credits that matter."""
    if request.person is None:
        return {"purses": [], "next": None}
    purses = [
        Purse(
            title=words.credit_title(each.credit_type),
            free=each.free,
            held=each.held,
            ends=words.ends(request, each),
            href=reverse("portal:credits", args=[each.credit_type_id]),
        )
        for each in credits.credits
        if each.free or each.held
    ]
    ahead = portal.next_booking(request.actor, at=request.now)
    if ahead is None:
        return {"purses": purses, "next": None, "has_none": not purses}
    following = ahead.booking.session
    return {
        "purses": purses,
        "next": Link(f"{following.service.name}, {words.when(request, following)}", _page(following)),
        "active": ahead.active,
    }


def _filters(request: Request, week: portal.Week, choice: Choice) -> dict[str, Any]:
    form = forms.ChoiceForm(request.GET or None, week=week, auto_id="show_%s")
    picked = {
        "service": week.services.get(choice.service_id or 0, "A class" if choice.service_id else ""),
        "location": week.locations.get(choice.location_id or 0, "A place" if choice.location_id else ""),
        "time": choice.time_of_day.capitalize(),
    }
    chips = [(label, _without(request, name)) for name, label in picked.items() if label]
    return {
        "filters": form,
        "chips": chips,
        "summary": ", ".join(label for label, _ in chips),
        "clear_href": request.path if chips else "",
    }


def _day(request: Request, each: date, current: date, dates: frozenset[date]) -> Day:
    return Day(each, _day_href(request, each), each == current, each not in dates)


def _day_href(request: Request, on: date) -> str:
    query = request.GET.urlencode()
    return reverse("portal:day", args=[on.isoformat()]) + (f"?{query}" if query else "")


def _days_link(request: Request, on: date) -> Link:
    today = words.today(request)
    start = today + timedelta(days=(on - today).days // DAYS * DAYS)
    label = formats.days(start, start + timedelta(days=DAYS - 1), today=today, locale=request.studio.locale)
    return Link(label, _day_href(request, on))


def _following(request: Request, on: date, choice: Choice) -> Link | None:
    found = portal.next_after(request.actor, on, at=request.now, choice=choice)
    if found is None:
        return None
    label = f"Next: {words.when(request, found)}"
    return Link(label, _day_href(request, found.local_start.date()))


def _without(request: Request, name: str) -> str:
    query = {each: value for each, value in request.GET.items() if each != name and value}
    return request.path + (f"?{urlencode(query)}" if query else "")


def _closed(request: Request, closure: Closure) -> Closed:
    days = formats.days(
        closure.starts_on, closure.ends_on, today=words.today(request), locale=request.studio.locale
    )
    return Closed(closure.name, closure.location.name if closure.location else "", days)


# --- the page of a session ---------------------------------------------------------------------------


def _facts(request: Request, found: Session) -> list[tuple[str, str]]:
    lasts = int((found.ends_at - found.starts_at).total_seconds() // 60)
    price = portal.price_minor(found)
    facts = [
        ("Lasts", formats.minutes(lasts)),
        ("Where", _where(found)),
        ("With", _name(found.practitioner)),
        ("Price", f"{words.money(request, price)} without a pass" if price else "Free"),
        ("Places", f"{words.places(found)} of {found.capacity}" if found.places_left else "Full"),
    ]
    return [(term, text) for term, text in facts if text]


def _where(found: Session) -> str:
    return f"{found.room.name}, {found.location.name}" if found.room else found.location.name


def _name(person: Person | None) -> str:
    return person.name if person else ""


def _page(found: Session) -> str:
    return reverse("portal:session", args=[found.pk])


def _link(request: Request, found: Session) -> Link:
    return Link(words.when(request, found), _page(found))
