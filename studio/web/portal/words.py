"""Sentences that several portal pages say, in the words of the studio's locale. Values in, words out."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.text import get_text_list

from memberships.queries.lots import CreditSummary
from sessions_app.models import Session
from studio.lib import localtime
from studio.lib.money import Money
from studio.web import formats
from studio.web.requests import Request


def today(request: Request) -> date:
    """The studio's date at this request."""
    return localtime.local_day(request.now, request.studio.time_zone)


def day(request: Request, on: date, *, long: bool = False) -> str:
    """``Thu 5 Mar`` or ``Thursday 5 March``."""
    return formats.day(on, today=today(request), locale=request.studio.locale, long=long)


def when(request: Request, session: Session, *, ends: bool = False) -> str:
    """``Thu 5 Mar, 18:00`` at the session's location."""
    starts = formats.in_zone(session.starts_at, session.time_zone)
    until = formats.in_zone(session.ends_at, session.time_zone) if ends else None
    now = localtime.local_day(request.now, session.time_zone)
    return formats.when(starts, until, today=now, locale=request.studio.locale)


def day_of(request: Request, moment: datetime) -> str:
    """The studio's day of a moment: ``Thu 5 Mar``."""
    return day(request, localtime.local_day(moment, request.studio.time_zone))


def moment(request: Request, at: datetime) -> str:
    """``Thu 5 Mar, 18:00`` on the studio's clock: when something was done."""
    return f"{day_of(request, at)}, {clock(request, at, request.studio.time_zone)}"


def clock(request: Request, moment: datetime, zone: str) -> str:
    """``18:00`` in this zone."""
    return formats.clock(formats.in_zone(moment, zone), locale=request.studio.locale)


def money(request: Request, minor: int) -> str:
    """``£12.00`` in the studio's currency."""
    return formats.money(Money(minor, request.studio.currency))


def zone(request: Request, session: Session) -> str:
    """Named only where it differs from the studio's: ``New York time``."""
    if session.time_zone == request.studio.time_zone:
        return ""
    return f"{session.time_zone.rsplit('/', 1)[-1].replace('_', ' ')} time"


def places(session: Session) -> str:
    """What is left: ``5 places left``, ``Last place``, ``Full``."""
    left = session.places_left
    if left <= 0:
        return "Full"
    return "Last place" if left == 1 else f"{left} places left"


def facts(session: Session) -> list[str]:
    """How long, with whom and where."""
    lasts = int((session.ends_at - session.starts_at).total_seconds() // 60)
    found = [formats.minutes(lasts)]
    if session.practitioner is not None:
        found.append(session.practitioner.name)
    found.append(session.room.name if session.room else session.location.name)
    return found


def credits(count: int, kind: str = "") -> str:
    """``1 credit``, ``3 credits``; with a kind ``1 Yoga credit``."""
    noun = "credit" if count == 1 else "credits"
    return f"{count} {_without_noun(kind)} {noun}" if kind else f"{count} {noun}"


def credit_title(kind: str) -> str:
    """``Yoga`` and ``Yoga credits`` are both called ``Yoga credits``."""
    return f"{_without_noun(kind)} credits"


def ends(request: Request, credit: CreditSummary) -> str:
    """``ends 8 December``, ``never ends``; nothing when there is nothing left to end."""
    if not credit.free and not credit.held:
        return ""
    if credit.next_end_on is None:
        return "never ends"
    return f"ends {last_day(request, credit.next_end_on)}"


def last_day(request: Request, on: date) -> str:
    """``8 December``, with the year when it is not this one: a date on which nobody needs the weekday."""
    words = f"{on:%B} {on.day}" if request.studio.locale == "en-US" else f"{on.day} {on:%B}"
    return words if on.year == today(request).year else f"{words} {on.year}"


def listed(words: list[str]) -> str:
    """``Yoga, Pilates and Spin``."""
    return str(get_text_list(words, "and"))


def _without_noun(kind: str) -> str:
    for noun in (" credits", " credit"):
        if kind.lower().endswith(noun):
            return kind[: -len(noun)]
    return kind
