"""Why is this number what it is? One shape for all: the number and the rows that add up to it (UX 3.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.urls import URLPattern, reverse

from billing.queries import statements
from memberships.models import CreditLot, CreditType
from memberships.queries import log
from memberships.queries.log import Move
from sessions_app.models import Session
from sessions_app.queries import roster, sessions
from studio.lib import localtime
from studio.people.models import Person
from studio.people.rules.permissions import Capability
from studio.web import formats
from studio.web.desk import answers, rows
from studio.web.requests import Request
from studio.web.routes import needs, route

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Total:
    """A figure that the rows add up to; ``name`` is the same on the page that linked here."""

    words: str
    shown: str | int
    raw: int
    name: str


def person_credits(request: Request, person_id: int, credit_type_id: int) -> HttpResponse:
    """A person's credits of one type."""
    person = _person(request, person_id)
    kind = CreditType.objects.filter(pk=credit_type_id).first()
    if kind is None:
        raise Http404("no such credits")
    title = f"{rows.credits_named(kind.name)} of {person.name}"
    return _credits(request, person, title, credit_type_id=credit_type_id)


def lot_credits(request: Request, lot_id: int) -> HttpResponse:
    """The credits of one lot: one origin, one end."""
    lot = (
        CreditLot.objects.visible_to(request.actor)
        .select_related("person", "credit_type")
        .filter(pk=lot_id)
        .first()
    )
    if lot is None:
        raise Http404("no such credits")
    return _credits(request, lot.person, f"{lot} of {lot.person.name}", lot_id=lot.pk)


def balance(request: Request, person_id: int) -> HttpResponse:
    """A person's account with the studio: payments less charges, and what is held."""
    person = _person(request, person_id)
    at = _as_of(request)
    moves = statements.of_account(f"person:{person.pk}", request.studio.currency, until=at)
    owed, held = -sum(move.move_minor for move in moves), sum(move.held_minor for move in moves)
    page = _last_page(request, moves)
    told = [_money_row(move) for move in page]
    context = {
        "title": f"Account of {person.name}",
        "totals": [
            Total("", _owes(request, owed), owed, "balance"),
            *([Total("held for bookings", rows.money(request, held), held, "money-held")] if held else []),
        ],
        "equation": "Payments less charges. What is held is charged when the session is completed.",
        "rows": told,
        "unit": "Balance",
        "is_money": True,
    }
    return _page(request, person, context, page)


@answers.of_session(Capability.SEE_WAGES)
def wage(request: Request, session: Session) -> HttpResponse:
    """What a session paid its practitioner: the greatest of its bookings' results, once (X-47)."""
    at = _as_of(request)
    entries = [entry for entry in statements.wages_of(session.pk) if entry.at <= at]
    told, left = [], 0
    for entry in entries:
        move = entry.amount if entry.reverses_id is None else -entry.amount
        left += move
        actor = entry.operation.actor
        text = "Session completed" if move > 0 else "Session opened again"
        told.append(
            rows.LedgerLine(
                entry.at,
                text,
                "pay" if move > 0 else "taken back",
                move,
                left,
                "in" if move > 0 else "out",
                f"by {actor.name}" if actor else "",
            )
        )
    full = sessions.full_wage_minor(session)
    ended = [place for place in roster.of_session(session) if place.outcome]
    context = {
        "title": f"Pay for {session.service.name}",
        "totals": [Total("", rows.money(request, left), left, "wage")],
        "equation": f"{rows.money(request, full)} in full. One pay for the session: the greatest of what its "
        "bookings came to.",
        "facts": [
            (place.name, f"{place.outcome.label}: {rows.money(request, place.outcome.wage_minor)}")
            for place in ended
            if place.outcome
        ],
        "rows": told,
        "unit": "Pay",
        "is_money": True,
        "nothing": "Nothing is paid until the session is completed.",
    }
    return _page(request, None, context, _last_page(request, told), session=session)


@answers.of_session()
def places(request: Request, session: Session) -> HttpResponse:
    """How many places of a session are left, and who took them."""
    at = _as_of(request)
    moves = sessions.places(session, until=at)
    page = _last_page(request, moves)
    sees_names = answers.may(request, Capability.BOOK_FOR_OTHERS, session)
    taken = -sum(move.move for move in moves)
    left = session.capacity - taken
    told = [
        rows.LedgerLine(
            move.at,
            f"{move.person if sees_names else 'Someone'} {'booked' if move.move < 0 else 'left'}",
            "taken" if move.move < 0 else "free",
            move.move,
            move.left,
            "out" if move.move < 0 else "in",
            f"by {move.actor}" if move.actor and sees_names else "",
        )
        for move in page
    ]
    context = {
        "title": f"Places of {session.service.name}",
        "totals": [Total("booked", taken, taken, "places"), Total("left", left, left, "places-left")],
        "equation": f"{left} left = {session.capacity} places − {taken} booked",
        "rows": told,
        "unit": "Left",
        "nothing": f"Nobody has booked: all {session.capacity} places are free.",
    }
    return _page(request, None, context, page, session=session)


def _credits(request: Request, person: Person, title: str, **which: int) -> HttpResponse:
    at = _as_of(request)
    moves = log.moves(person.pk, until=at, **which)
    on = localtime.local_day(at, request.studio.time_zone)
    overdue = log.overdue(moves, on=on)
    stand, late = log.standing(moves), sum(overdue.values())
    free, expired = stand.free - late, stand.expired + late
    page = _last_page(request, moves)
    told = rows.of_log(log.described(page.object_list))
    if not page.has_next():
        told += [*_late_rows(overdue, stand.free), *_coming_rows(moves, on)]
    context = {
        "title": title,
        "totals": [
            Total("free", free, free, "credits-free"),
            Total("held", stand.held, stand.held, "credits-held"),
            Total("used", stand.used, stand.used, "credits-used"),
            Total("expired", expired, expired, "credits-expired"),
        ],
        "equation": f"{free} free = {stand.granted} received − {stand.used} used − {stand.held} held"
        + (f" − {expired} expired" if expired else ""),
        "rows": told,
        "unit": "Free",
    }
    return _page(request, person, context, page)


def _late_rows(overdue: dict[CreditLot, int], free: int) -> list[rows.LedgerLine]:
    told = []
    for lot, count in overdue.items():
        free -= count
        assert lot.last_valid_on is not None
        told.append(
            rows.LedgerLine(lot.last_valid_on, f"{count} ended unused", "expired", -count, free, "out")
        )
    return told


def _coming_rows(moves: Sequence[Move], on: date) -> list[rows.LedgerLine]:
    """What will expire unless it is used."""
    free: dict[CreditLot, int] = {}
    for move in moves:
        if move.lot.last_valid_on is not None and move.lot.last_valid_on >= on:
            free[move.lot] = free.get(move.lot, 0) + move.free
    left = [(lot, count) for lot, count in free.items() if count]
    ending = sorted((lot.last_valid_on, lot.pk, count) for lot, count in left if lot.last_valid_on)
    return [
        rows.LedgerLine(
            day, f"{count} will expire after this day unless used", "", 0, None, "coming", moved=""
        )
        for day, _, count in ending
    ]


def _money_row(move: statements.MoneyMove) -> rows.LedgerLine:
    words, word = move.words or move.reason.replace(".", " ").capitalize(), "paid"
    if move.kind == "hold":
        word = "held"
    elif move.kind == "release":
        word = "no longer held"
    elif move.move_minor < 0:
        word = "charged"
    elif move.reason in ("charge.reopened", "session.reopened"):
        word = "taken back"
    kind = "held" if move.kind == "hold" else "in" if move.move_minor > 0 else "out"
    note = " · ".join(each for each in (move.note, f"by {move.actor}" if move.actor else "") if each)
    return rows.LedgerLine(move.at, words, word, move.move_minor, move.left_minor, kind, note)


def _page(
    request: Request,
    person: Person | None,
    context: dict[str, Any],
    page: Any,
    *,
    session: Session | None = None,
) -> HttpResponse:
    if person is not None:
        context["crumbs"] = [
            ("People", reverse("desk:people")),
            (person.name, reverse("desk:person", args=[person.pk])),
        ]
    if session is not None:
        starts = formats.in_zone(session.starts_at, session.time_zone)
        when = formats.when(starts, None, today=answers.today(request), locale=request.studio.locale)
        context["crumbs"] = [
            ("Sessions", reverse("desk:sessions")),
            (f"{session.service.name}, {when}", reverse("desk:session", args=[session.pk])),
        ]
    at = _as_of(request)
    context |= {"page": page, "at": at, "is_now": at == request.now, "at_value": _local(request, at)}
    return answers.page(request, "desk/explain.html", context)


def _person(request: Request, person_id: int) -> Person:
    person = Person.objects.visible_to(request.actor).filter(pk=person_id).first()
    if person is None:
        raise Http404("no such person")
    return person


def _as_of(request: Request) -> datetime:
    """The instant that the address asks about, in the studio's zone; now, when it asks about none."""
    try:
        typed = datetime.fromisoformat(request.GET.get("at", ""))
    except ValueError:
        return request.now
    if typed.tzinfo is not None:
        return typed
    return localtime.resolve(typed, request.studio.time_zone).at


def _local(request: Request, at: datetime) -> str:
    return f"{formats.in_zone(at, request.studio.time_zone):%Y-%m-%dT%H:%M}"


def _last_page(request: Request, told: Sequence[Any]) -> Any:
    """A ledger is read from its end: without a page asked for, the last one."""
    paginator = Paginator(told, PER_PAGE)
    return paginator.get_page(request.GET.get("page", paginator.num_pages))


def _owes(request: Request, minor: int) -> str:
    return formats.owes(formats.Money(minor, request.studio.currency))


_SEE = needs(Capability.USE_DESK)
_PEOPLE = needs(Capability.SEE_PEOPLE)

routes: list[URLPattern] = [
    route(
        "explain/credits/<code:person_id>/<code:credit_type_id>/",
        person_credits,
        name="explain_credits",
        policy=_PEOPLE,
    ),
    route("explain/credits/<code:lot_id>/", lot_credits, name="explain_lot", policy=_PEOPLE),
    route(
        "explain/balance/<code:person_id>/",
        balance,
        name="explain_balance",
        policy=needs(Capability.SEE_MONEY),
    ),
    route(
        "explain/wage/<code:session_id>/",
        wage,
        name="explain_wage",
        policy=needs(Capability.SEE_WAGES, Capability.SEE_OWN_WAGES),
    ),
    route("explain/places/<code:session_id>/", places, name="explain_places", policy=_SEE),
]
