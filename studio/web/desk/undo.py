"""Taking back what was done: from the toast, or from the list of the last 30 days (UX 4.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpResponse
from django.urls import URLPattern, reverse

from sessions_app.models import Session
from studio.audit.domain import operations
from studio.audit.models import Event, Operation
from studio.audit.queries import timeline
from studio.lib.refusals import Reason, Refused
from studio.people.rules.permissions import Actor, Capability
from studio.web import refusal_pages
from studio.web.desk import answers, inverses, words
from studio.web.requests import Request
from studio.web.routes import needs, route

SHOWN_FOR = timedelta(days=30)

VERB_WORDS = {
    "attendance.mark": "Register",
    "attendance.mark_all": "Register",
    "booking.book": "Booking",
    "booking.cancel": "Cancellation",
    "session.complete": "Session completed",
    "session.reopen": "Session opened again",
    "membership.sell": "Sale",
    "credits.grant": "Credits",
    "payment.record": "Payment",
    "invoice.issue": "Invoice",
}


@dataclass(frozen=True, slots=True)
class Deed:
    """One line of the history: what was done, and the address to take it back or why that is not offered."""

    at: datetime
    what: str
    text: str
    actor: str
    href: str
    why_not: str


def undo(request: Request, operation_id: int) -> HttpResponse:
    """Call the inverse of an operation, as an operation of its own."""
    operation = _visible(request.actor).filter(pk=operation_id).first()
    if operation is None:
        raise Http404("no such operation")
    if operation.inverse is None:
        return _history(request, refused=_final())
    session = inverses.sessions([operation]).get(operation.pk)
    # What was undone before is for the verb to answer: the same press again, or too late.
    if operation.undone_by_id is None and not inverses.may(request.actor, operation, session):
        return refusal_pages.not_allowed(request, [inverses.needed(operation)])
    try:
        _inverse(operation)(
            **operation.inverse["kwargs"],
            by=request.actor,
            at=request.now,
            key=f"undo:{operation.pk}",
            undoes=operation.pk,
        )
    except Refused as refused:
        return _history(request, refused=refused)
    return answers.done(request, f"Undone: {_text(operation)}", to=answers.back(request, _came_from(request)))


def history(request: Request) -> HttpResponse:
    """The last 30 days: who did what, with Undo or why not. A practitioner sees their own."""
    return _history(request)


def _history(request: Request, *, refused: Refused | None = None) -> HttpResponse:
    done = _visible(request.actor).filter(at__gte=request.now - SHOWN_FOR)
    page = answers.paged(request, done)
    sessions = inverses.sessions(page.object_list)
    context = {
        "page": page,
        "deeds": [_deed(request, operation, sessions) for operation in page],
        "refused": refused,
    }
    status = 200 if refused is None else answers.status_of(refused)
    return answers.page(request, "desk/undo.html", context, status=status)


def _visible(actor: Actor) -> QuerySet[Operation]:
    """Deeds of people, with their first events; practitioners see what they did themselves."""
    events = Event.objects.select_related("person").order_by("pk")
    done = (
        timeline.undo_history()
        .filter(actor__isnull=False)
        .prefetch_related(Prefetch("events", queryset=events))
    )
    return done if actor.may(Capability.SEE_PEOPLE) else done.filter(actor=actor.person_id)


def _deed(request: Request, operation: Operation, sessions: dict[int, Session]) -> Deed:
    why_not = _why_not(request.actor, operation, sessions)
    return Deed(
        at=operation.at,
        what=VERB_WORDS.get(operation.verb, operation.verb.replace(".", " ").replace("_", " ").capitalize()),
        text=_text(operation, sessions),
        actor=operation.actor.name if operation.actor else "",
        href="" if why_not else reverse("desk:undo", args=[operation.pk]),
        why_not=why_not,
    )


def _why_not(actor: Actor, operation: Operation, sessions: dict[int, Session]) -> str:
    if operation.undone_by is not None:
        by = operation.undone_by.actor
        return f"Undone by {by.name}" if by else "Undone"
    if operation.inverse is None:
        return "Stays; correct it with a new entry"
    return "" if inverses.may(actor, operation, sessions.get(operation.pk)) else "For the desk"


def _final() -> Refused:
    return Refused(
        Reason("no_inverse", "This cannot be taken back.", "Correct it with a new entry that says why.")
    )


def _inverse(operation: Operation) -> Callable[..., object]:
    return operations.verb_named(operation.inverse["verb"])  # type: ignore[index]


def _text(operation: Operation, sessions: dict[int, Session] | None = None) -> str:
    """What the operation did, from what it recorded."""
    events = list(operation.events.all())
    if not events:
        return VERB_WORDS.get(operation.verb, operation.verb)
    first = next((event for event in events if event.verb.startswith("session.")), events[0])
    text = words.sentence(first)
    session = (sessions or {}).get(operation.pk)
    # Facts of a booking name their session already; marks and completions do not.
    return f"{session.service.name}: {text}" if session and "service" not in first.facts else text


def _came_from(request: Request) -> str:
    """The page the toast stood on; without one the history."""
    return refusal_pages.came_from(request) or reverse("desk:undo_history")


_DESK = needs(Capability.USE_DESK)

routes: list[URLPattern] = [
    route("undo/", history, name="undo_history", policy=_DESK),
    route("undo/<code:operation_id>/", undo, name="undo", policy=_DESK.on("POST")),
]
