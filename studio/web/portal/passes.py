"""What a member holds: credits in their four states, how each number came about, and memberships."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from memberships.models import CreditLot
from memberships.queries import log, plans
from memberships.queries import lots as lot_queries
from memberships.queries.log import Line, Standing
from memberships.queries.lots import CreditSummary
from sessions_app.models import Booking
from sessions_app.queries import portal
from studio.web import formats
from studio.web.portal import words
from studio.web.requests import Request
from studio.web.routes import SIGNED_IN, route

A_PAGE = 30


@dataclass(frozen=True, slots=True)
class Lot:
    """Credits that came together and are not all gone: from where, when, and until when."""

    title: str
    since: datetime
    granted: int
    free: int
    held: int
    ends: str


@dataclass(frozen=True, slots=True)
class Credit:
    """Credits of one kind, as ``components/credit_summary.html`` shows them, with their lots."""

    title: str
    note: str
    free: int
    held: int
    used: int
    expired: int
    href: str
    lots: tuple[Lot, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the log as ``components/ledger.html`` shows it; ``moved`` stands in for a move of 0."""

    on: datetime | date
    text: str
    word: str
    move: int
    left: int | None
    kind: str
    note: str = ""
    href: str = ""
    moved: str | None = None


def passes(request: Request) -> HttpResponse:
    """Everything this member holds, and what is on sale at the desk."""
    person_id = _me(request)
    page = Paginator(plans.memberships_of(person_id), A_PAGE).get_page(request.GET.get("page"))
    context = {
        "credits": [
            _credit(request, each) for each in lot_queries.summary(person_id, on=words.today(request))
        ],
        "active": portal.own(request.actor).active(request.now).count(),
        "page": page,
        "memberships": page.object_list,
        "today": words.today(request),
    }
    return render(request, "portal/passes.html", context)


def credits(request: Request, credit_type_id: int) -> HttpResponse:
    """How the numbers of one kind of credit came about: the user log (S1-10…S1-12)."""
    person_id, today = _me(request), words.today(request)
    moves = log.moves(person_id, credit_type_id=credit_type_id)
    if not moves:
        raise Http404
    overdue = log.overdue(moves, on=today)
    ended = [_ended(request, lot, count) for lot, count in overdue.items()]
    # Newest first; what no sweep has written down yet stands on top, where it will be.
    newest = Paginator(moves[::-1], A_PAGE).get_page(request.GET.get("page"))
    shown = _rows(request, log.described(list(newest.object_list)), person_id)
    left = moves[-1].available
    coming = _coming(request, moves[-1].lot.credit_type_id, person_id, today)
    context = {
        "title": words.credit_title(moves[0].lot.credit_type.name),
        "sums": _sums(log.standing(moves), sum(overdue.values())),
        "rows": (coming + _with_left(ended, left) if newest.number == 1 else []) + shown,
        "page": newest,
        "crumbs": [("Passes", reverse("portal:passes"))],
    }
    return render(request, "portal/credits.html", context)


routes = [
    route("me/passes/", passes, name="passes", policy=SIGNED_IN),
    route("me/passes/<code:credit_type_id>/", credits, name="credits", policy=SIGNED_IN),
]


def _credit(request: Request, credit: CreditSummary) -> Credit:
    ends = words.ends(request, credit)
    return Credit(
        title=words.credit_title(credit.credit_type),
        note=ends[:1].upper() + ends[1:],
        free=credit.free,
        held=credit.held,
        used=credit.used,
        expired=credit.expired,
        href=reverse("portal:credits", args=[credit.credit_type_id]),
        lots=tuple(lot for each in credit.lots if (lot := _lot(request, each)).free or lot.held),
    )


def _lot(request: Request, lot: Any) -> Lot:
    today = words.today(request)
    has_ended = lot.last_valid_on is not None and lot.last_valid_on < today
    return Lot(
        title=lot.membership.plan.name if lot.membership else lot.reason,
        since=lot.granted_at,
        granted=lot.granted,
        free=0 if has_ended else lot.free,
        held=lot.held,
        ends=_ends(request, lot, has_ended=has_ended),
    )


def _ends(request: Request, lot: CreditLot, *, has_ended: bool) -> str:
    if lot.last_valid_on is None:
        return "Never ends"
    return f"{'Ended' if has_ended else 'Ends'} {words.last_day(request, lot.last_valid_on)}"


def _sums(standing: Standing, overdue: int) -> dict[str, int]:
    return {
        "free": standing.free - overdue,
        "held": standing.held,
        "used": standing.used,
        "expired": standing.expired + overdue,
        "granted": standing.granted,
    }


def _rows(request: Request, lines: list[Line], person_id: int) -> list[Row]:
    bookings = {line.booking_id for line in lines if line.booking_id}
    sessions = dict(
        Booking.objects.filter(pk__in=bookings, person_id=person_id).values_list("pk", "session_id")
    )
    rows = []
    for line in lines:
        session_id = sessions.get(line.booking_id or 0)
        rows.append(
            Row(
                on=line.at,
                text=line.words,
                word=line.word,
                move=line.change,
                left=line.available,
                kind=line.kind,
                moved=None if line.change else "",
                note=f"{_clock(request, line.at)} · {_who(request, line)}",
                href=reverse("portal:session", args=[session_id]) if session_id else "",
            )
        )
    return rows


def _who(request: Request, line: Line) -> str:
    """Who did it: the member themselves, somebody of the studio by name, or the studio's own clockwork."""
    assert request.person is not None
    if line.by == log.SYSTEM:
        return "by itself"
    # The credits are theirs: a member who acted on them is they themselves.
    is_self = line.by == log.MEMBER or (request.actor.is_desk and line.actor == request.person.name)
    return "you" if is_self else f"{line.actor} (studio)"


def _ended(request: Request, lot: CreditLot, count: int) -> Row:
    text = f"{words.credits(count)} not used by the last day"
    return Row(
        on=lot.last_valid_on or lot.granted_at, text=text, word="expired", move=-count, left=0, kind="out"
    )


def _with_left(ended: list[Row], left: int) -> list[Row]:
    rows: list[Row] = []
    for row in ended:
        left += row.move
        rows.insert(0, Row(row.on, row.text, row.word, row.move, left, row.kind))
    return rows


def _coming(request: Request, credit_type_id: int, person_id: int, today: date) -> list[Row]:
    """What will end unless it is used, soonest last, as the list runs from the future into the past."""
    lots = lot_queries.of_person(person_id).filter(credit_type_id=credit_type_id, last_valid_on__gte=today)
    ending = sorted((lot for lot in lots if lot.free), key=lambda lot: lot.last_valid_on, reverse=True)
    return [
        Row(
            on=lot.last_valid_on,
            text=f"{words.credits(lot.free)} will end unless used",
            word="",
            move=0,
            left=None,
            kind="coming",
            moved="",
        )
        for lot in ending
    ]


def _clock(request: Request, at: datetime) -> str:
    return formats.clock(formats.in_zone(at, request.studio.time_zone), locale=request.studio.locale)


def _me(request: Request) -> int:
    assert request.person is not None  # the policy lets nobody else in
    return request.person.pk
