"""Values for the components: a session as a row, a person on a roster as a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.urls import reverse

from memberships.queries.log import Line
from memberships.rules.lots import LotFacts
from sessions_app.models import Booking, Outcome, Session
from sessions_app.queries import sessions as session_queries
from sessions_app.queries.calendar import SessionRow
from sessions_app.queries.roster import Place
from sessions_app.rules import states
from studio.lib import codes
from studio.lib.money import Money
from studio.people.rules.permissions import Capability
from studio.web import formats
from studio.web.requests import Request


@dataclass(frozen=True, slots=True)
class SessionLine:
    """Props of ``components/session_row.html``."""

    title: str
    href: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    state: str
    facts: list[str]
    taken: int
    capacity: int
    places_href: str
    action: str = ""
    action_href: str = ""
    label: str = ""
    note: str = ""
    kind: str = "class"
    waiting: int = 0
    action_form: str = ""
    action_kind: str = ""


def of_calendar(row: SessionRow, *, at: datetime, may_register: bool) -> SessionLine:
    """A row of the calendar as a line of a list, with the next step for whoever takes the register."""
    state = states.state_of(
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        is_canceled=row.is_canceled,
        is_closed=row.is_closed,
        at=at,
        is_full=row.is_full,
    )
    where = row.room or row.location
    return _line(
        row.id,
        row,
        state,
        row.service,
        [each for each in (row.practitioner, where) if each],
        may_register,
        note=row.outcomes or "",
    )


def of_session(session: Session, *, at: datetime, may_register: bool) -> SessionLine:
    """A session as a line of a list."""
    state = session_queries.state_of(session, at=at)
    where = session.room.name if session.room else session.location.name
    facts = [session.practitioner.name, where] if session.practitioner else [where]
    return _line(session.pk, session, state, session.service.name, facts, may_register)


def _line(
    session_id: int,
    times: Any,
    state: str,
    title: str,
    facts: list[str],
    may_register: bool,
    *,
    note: str = "",
) -> SessionLine:
    action, route = _next_step(state) if may_register else ("", "")
    return SessionLine(
        title=title,
        href=reverse("desk:session", args=[session_id]),
        starts_at=times.starts_at,
        ends_at=times.ends_at,
        zone=times.time_zone,
        state=state,
        facts=facts,
        taken=times.booked,
        capacity=times.capacity,
        places_href=reverse("desk:explain_places", args=[session_id]),
        action=action,
        action_href=reverse(route, args=[session_id]) if route else "",
        note=note,
    )


def _next_step(state: str) -> tuple[str, str]:
    return {
        "unsaved": ("Complete", "desk:complete"),
        "now": ("Check in", "desk:roster"),
        "open": ("Roster", "desk:roster"),
        "full": ("Roster", "desk:roster"),
    }.get(state, ("", ""))


@dataclass(frozen=True, slots=True)
class RosterLine:
    """Props of ``components/roster_row.html``."""

    name: str
    href: str
    line: str
    flags: list[tuple[str, str]]
    is_present: bool | None
    present_since: str
    mark_href: str
    menu: list[tuple[str, str]] = field(default_factory=list)
    posts: list[tuple[str, str]] = field(default_factory=list)
    back: str = ""
    target: str = ""
    button_id: str = ""


def of_place(
    request: Request, session: Session, place: Place, *, back: str = "", target: str = ""
) -> RosterLine:
    """Someone on the list: how they pay, what to know before the tap, and what can be done."""
    ids = [session.pk, place.booking_id]
    # Once saved, presence is history: shown, and not offered for a change.
    may_mark = place.is_live and session.canceled_at is None and session.closed_at is None
    menu, posts = [], []
    if request.actor.may(Capability.SEE_PEOPLE):
        menu.append(("Open the person", reverse("desk:person", args=[place.person_id])))
    if may_mark and place.is_present is not False:
        posts.append(("Mark as not there", "no"))
    if may_mark and place.is_present is False:
        posts.append(("Take the mark back", "unknown"))
    if place.is_live and session.closed_at is None and request.actor.may(Capability.CANCEL_BOOKINGS):
        menu.append(("Cancel the booking", reverse("desk:cancel_booking", args=ids)))
    return RosterLine(
        name=place.name,
        href=_person(request, place.person_id),
        line=pays(request, place),
        flags=flags(request, session, place),
        is_present=place.is_present,
        present_since=_clock(place.present_at, session) if place.present_at else "",
        mark_href=reverse("desk:mark", args=ids) if may_mark else "",
        menu=menu,
        posts=posts,
        back=back,
        target=target,
        button_id=f"mark-{codes.encode(place.booking_id)}",
    )


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """Props of one line of ``components/ledger.html``."""

    on: date | datetime
    text: str
    word: str
    move: int
    left: int | None
    kind: str
    note: str = ""
    href: str = ""
    state: str = ""
    moved: str | None = None


def of_log(lines: Sequence[Line]) -> list[LedgerLine]:
    """Lines of the user log with who acted, each leading to the session it was for (S1-11)."""
    ids = {line.booking_id for line in lines if line.booking_id}
    sessions = dict(Booking.objects.filter(pk__in=ids).values_list("pk", "session_id"))
    return [
        LedgerLine(
            on=line.at,
            text=line.words,
            word=line.word,
            move=line.change,
            left=line.available,
            kind=line.kind,
            note=f"by {line.actor}, {line.by}" if line.actor else "by itself",
            href=reverse("desk:session", args=[sessions[line.booking_id]])
            if line.booking_id in sessions
            else "",
        )
        for line in lines
    ]


def pays(request: Request, place: Place) -> str:
    """How the place is or was paid: ``Class credits: 3 left, end Mon 30 Mar``, ``1 Class credit used``."""
    if place.outcome is not None:
        return _paid(request, place, place.outcome)
    if place.credit_type:
        words = f"{credits_named(place.credit_type)}: {place.credits_left} left"
        return f"{words}, end {_day(request, place.last_valid_on)}" if place.last_valid_on else words
    if place.held_minor:
        return f"No pass: {money(request, place.held_minor)} held"
    return "Nothing to pay"


def lot_words(request: Request, lot: LotFacts) -> str:
    """A lot as a choice: ``Class credits: 3 left, end Mon 30 Mar``."""
    ends = f"end {_day(request, lot.last_valid_on)}" if lot.last_valid_on else "never end"
    return f"{credits_named(lot.credit_type)}: {lot.available} left, {ends}"


def credits_named(name: str) -> str:
    """A kind of credits in words: ``Class`` is Class credits, ``Reformer credits`` stays."""
    return name if "credit" in name.lower() else f"{name} credits"


def _paid(request: Request, place: Place, outcome: Outcome) -> str:
    if place.credit_type:
        return f"1 {place.credit_type} credit {'returned' if outcome.returns_credit else 'used'}"
    return f"{money(request, outcome.cost_minor)} charged" if outcome.cost_minor else "Nothing to pay"


def flags(request: Request, session: Session, place: Place) -> list[tuple[str, str]]:
    """What to know before the tap, the weightiest first."""
    found: list[tuple[str, str]] = []
    if place.outcome is not None:
        found.append((place.outcome.mapped_status, place.outcome.label))
    elif place.is_present is False:
        found.append(("missed", "Not there"))
    if place.owes_minor and request.actor.may(Capability.SEE_MONEY):
        found.append(("warn", f"Owes {money(request, place.owes_minor)}"))
    if place.outcome is None and place.is_first_visit:
        found.append(("info", "First visit"))
    if place.outcome is None and place.credit_type and place.credits_left == 0:
        found.append(("waiting", "Last credit"))
    return found


def money(request: Request, minor: int) -> str:
    """An amount of the studio's money in words."""
    return formats.money(Money(minor, request.studio.currency))


def _person(request: Request, person_id: int) -> str:
    return reverse("desk:person", args=[person_id]) if request.actor.may(Capability.SEE_PEOPLE) else ""


def _day(request: Request, on: Any) -> str:
    today = formats.in_zone(request.now, request.studio.time_zone).date()
    return formats.day(on, today=today, locale=request.studio.locale)


def _clock(moment: datetime, session: Session) -> str:
    return formats.clock(formats.in_zone(moment, session.time_zone))
