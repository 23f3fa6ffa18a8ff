"""Taking back what was done: from the toast, or from the list of the last 30 days (UX 4.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpResponse
from django.urls import URLPattern, reverse

from sessions_app.models import Booking, Session
from studio.audit.domain import operations
from studio.audit.models import Event, Operation
from studio.audit.queries import timeline
from studio.lib.refusals import Reason, Refused
from studio.people.rules.permissions import Actor, Capability
from studio.web import refusal_pages
from studio.web.desk import answers, words
from studio.web.requests import Request
from studio.web.routes import needs, route

SHOWN_FOR = timedelta(days=30)
# Whoever just did something may take it back, also where doing the opposite later is for the desk.
OWN_FOR = timedelta(minutes=10)

NEEDED = {
    "booking.book": Capability.BOOK_FOR_OTHERS,
    "booking.cancel": Capability.CANCEL_BOOKINGS,
    "attendance.mark": Capability.BOOK_FOR_OTHERS,
    "session.complete": Capability.COMPLETE_SESSIONS,
    "session.reopen": Capability.COMPLETE_SESSIONS,
    "closure.add": Capability.MANAGE_CLOSURES,
    "closure.remove": Capability.MANAGE_CLOSURES,
}
"""What taking back by this verb needs; a verb that is not named here is for whoever may change settings."""

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
    needed = _needed(operation)
    if not _may(request.actor, operation, at=request.now, sessions=_sessions([operation])):
        return refusal_pages.not_allowed(request, [needed])
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
    sessions = _sessions(page.object_list)
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
    why_not = _why_not(request.actor, operation, request.now, sessions)
    return Deed(
        at=operation.at,
        what=VERB_WORDS.get(operation.verb, operation.verb.replace(".", " ").replace("_", " ").capitalize()),
        text=_text(operation, sessions),
        actor=operation.actor.name if operation.actor else "",
        href="" if why_not else reverse("desk:undo", args=[operation.pk]),
        why_not=why_not,
    )


def _why_not(actor: Actor, operation: Operation, at: datetime, sessions: dict[int, Session]) -> str:
    if operation.undone_by is not None:
        by = operation.undone_by.actor
        return f"Undone by {by.name}" if by else "Undone"
    if operation.inverse is None:
        return "Stays; correct it with a new entry"
    return "" if _may(actor, operation, at=at, sessions=sessions) else "For the desk"


def _final() -> Refused:
    return Refused(
        Reason("no_inverse", "This cannot be taken back.", "Correct it with a new entry that says why.")
    )


def _needed(operation: Operation) -> Capability:
    return NEEDED.get((operation.inverse or {}).get("verb", ""), Capability.CHANGE_SETTINGS)


def _may(actor: Actor, operation: Operation, *, at: datetime, sessions: dict[int, Session]) -> bool:
    if operation.actor_id == actor.person_id and at - operation.at <= OWN_FOR:
        return True
    session = sessions.get(operation.pk)
    own = session is not None and session.practitioner_id == actor.person_id
    return actor.may(_needed(operation), own=own and _needed(operation) is not Capability.CANCEL_BOOKINGS)


def _inverse(operation: Operation) -> Callable[..., object]:
    return operations.verb_named(operation.inverse["verb"])  # type: ignore[index]


def _sessions(done: Iterable[Operation]) -> dict[int, Session]:
    """The session that each operation's inverse is about, by the operation's id."""
    wanted = {operation.pk: (operation.inverse or {}).get("kwargs", {}) for operation in done}
    bookings = {each["booking_id"] for each in wanted.values() if "booking_id" in each}
    by_booking = dict(Booking.objects.filter(pk__in=bookings).values_list("pk", "session_id"))
    ids = {
        operation_id: each.get("session_id") or by_booking.get(each.get("booking_id"))
        for operation_id, each in wanted.items()
    }
    found = Session.objects.select_related("service").in_bulk([each for each in ids.values() if each])
    return {operation_id: found[each] for operation_id, each in ids.items() if each in found}


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
