"""Booking a place in one tap, giving it up with its consequences in view, and what was booked before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from memberships.queries import lots as lot_queries
from sessions_app.domain import booking as booking_verbs
from sessions_app.models import Booking, Outcome
from sessions_app.queries import portal
from studio.audit.domain import operations
from studio.audit.models import Event, Operation
from studio.lib.consequences import Consequence
from studio.lib.refusals import Reason, Refused
from studio.lib.transactions import WorldMoved, preview
from studio.web import refusal_pages, toasts
from studio.web.portal import schedule, words
from studio.web.requests import Request
from studio.web.routes import SIGNED_IN, route

A_PAGE = 20


@dataclass(frozen=True, slots=True)
class Row:
    """A booking in a list: what, when, how it stands or ended, and what it cost."""

    title: str
    href: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    zone_words: str
    facts: Sequence[str]
    state: str
    tag: str
    note: str
    cancel_href: str
    described: str


# --- booking -----------------------------------------------------------------------------------------


def book(request: Request, session_id: int) -> HttpResponse:
    """One tap: the place is booked and the credit held, or the reasons stand in the button's place."""
    found = schedule.readable(request, session_id)
    page = reverse("portal:session", args=[found.pk])
    if request.method != "POST":
        return redirect(page)
    key = request.POST.get("key") or None
    try:
        booking_id = booking_verbs.book(
            session_id=found.pk, person_id=_me(request), by=request.actor, at=request.now, key=key
        )
    except Refused as refused:
        return _not_booked(request, found.pk, refused)
    _tell_booked(request, booking_id, key)
    return redirect(refusal_pages.safe_next(request, request.POST.get("next")) or page)


def _not_booked(request: Request, session_id: int, refused: Refused) -> HttpResponse:
    """The session as it stands now, with every reason; on the timetable only its row is shown again."""
    found = schedule.readable(request, session_id)
    if not request.htmx:
        return schedule.session_page(request, found, refused=refused.reasons, status=409)
    row = schedule.one_row(request, found, refused=refused.reasons)
    answer = render(request, "portal/parts/offer.html", {"row": row, "here": request.POST.get("next", "")})
    # The list stays as it was, but for this row.
    answer["HX-Retarget"], answer["HX-Reswap"] = f"#session-{row.code}", "outerHTML"
    return answer


def _tell_booked(request: Request, booking_id: int, key: str | None) -> None:
    booking = portal.own(request.actor).get(pk=booking_id)
    session = booking.session
    text = f"{session.service.name}, {words.when(request, session)} booked."
    if booking.lot is not None:
        kind = booking.lot.credit_type
        [credit] = [
            each
            for each in lot_queries.summary(_me(request), on=words.today(request))
            if each.credit_type_id == kind.pk
        ]
        text += f" {words.credits(1, kind.name)} held, {credit.free} free."
    toasts.tell(request, text, undo=_undo_address(request, key) if _may_cancel(request, booking) else "")


# --- the list ----------------------------------------------------------------------------------------


def bookings(request: Request) -> HttpResponse:
    """What is ahead, and what was."""
    ahead = Paginator(portal.upcoming(request.actor, at=request.now), A_PAGE)
    before = Paginator(portal.past(request.actor, at=request.now), A_PAGE)
    is_past = request.GET.get("show") == "past"
    page = (before if is_past else ahead).get_page(request.GET.get("page"))
    make = _past_row if is_past else _upcoming_row
    context = {
        "is_past": is_past,
        "page": page,
        "rows": [make(request, each) for each in page.object_list],
        "upcoming": ahead.count,
        "active": portal.own(request.actor).active(request.now).count(),
        "tabs": _tabs(request, is_past),
    }
    return render(request, "portal/bookings.html", context)


def _tabs(request: Request, is_past: bool) -> list[dict[str, object]]:
    here = reverse("portal:bookings")
    return [
        {"label": "Upcoming", "href": here, "is_current": not is_past},
        {"label": "Past", "href": f"{here}?show=past", "is_current": is_past},
    ]


def _upcoming_row(request: Request, booking: Booking) -> Row:
    session = booking.session
    if session.canceled_at is not None:
        return _row(request, booking, state="canceled", tag="Canceled", note="Canceled by the studio.")
    if request.now >= session.starts_at:
        return _row(request, booking, state="now", tag="", note=_paid_with(request, booking))
    reasons = _why_not_cancel(request, booking)
    if reasons:
        note = " ".join(str(reason) for reason in reasons)
        return _row(request, booking, state="ok", tag="Booked", note=note)
    note = f"Free to cancel until {words.when(request, session)}."
    address = reverse("portal:cancel", args=[booking.pk])
    return _row(request, booking, state="ok", tag="Booked", note=note, cancel_href=address)


def _past_row(request: Request, booking: Booking) -> Row:
    ending: Outcome | None = next(iter(booking.endings), None)  # type: ignore[attr-defined]
    if ending is not None:
        state = ending.mapped_status if ending.completion_type.code else "custom"
        return _row(request, booking, state=state, tag=ending.label, note=_came_to(request, booking, ending))
    if booking.canceled_at is not None:
        who = "you" if booking.canceled_by_id == booking.person_id else "the studio"
        on = words.day_of(request, booking.canceled_at)
        return _row(request, booking, state="canceled", tag="Canceled", note=f"Canceled by {who} on {on}.")
    if booking.session.canceled_at is not None:
        return _row(request, booking, state="canceled", tag="Canceled", note="Canceled by the studio.")
    return _row(
        request, booking, state="unsaved", tag="Not closed", note="The studio has yet to close this session."
    )


def _row(
    request: Request, booking: Booking, *, state: str, tag: str, note: str, cancel_href: str = ""
) -> Row:
    session = booking.session
    return Row(
        title=session.service.name,
        href=reverse("portal:session", args=[session.pk]),
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        zone=session.time_zone,
        zone_words=words.zone(request, session),
        facts=words.facts(session),
        state=state,
        tag=tag,
        note=note,
        cancel_href=cancel_href,
        described=f"{session.service.name}, {words.when(request, session)}",
    )


def _paid_with(request: Request, booking: Booking) -> str:
    if booking.lot is not None:
        return f"{words.credits(1, booking.lot.credit_type.name)} held."
    if booking.charge is not None:
        return f"{words.money(request, booking.charge.expected_minor)} to pay."
    return ""


def _came_to(request: Request, booking: Booking, ending: Outcome) -> str:
    if booking.lot is not None:
        credit = words.credits(1, booking.lot.credit_type.name)
        return f"{credit} returned." if ending.returns_credit else f"{credit} used."
    if ending.cost_minor:
        return f"{words.money(request, ending.cost_minor)} charged."
    return "Nothing charged."


# --- giving it up ------------------------------------------------------------------------------------


def cancel(request: Request, booking_id: int) -> HttpResponse:
    """What would happen, as of this minute; and, confirmed, the same and nothing else."""
    booking = portal.own(request.actor).filter(pk=booking_id).first()
    if booking is None:
        raise Http404
    if request.method != "POST":
        return _cancel_page(request, booking)
    key = request.POST.get("key") or None
    try:
        booking_verbs.cancel(
            booking_id=booking.pk,
            by=request.actor,
            at=request.now,
            key=key,
            expecting=request.POST.get("fingerprint", ""),
        )
    except WorldMoved:
        return _cancel_page(request, booking, has_moved=True, status=409)
    except Refused as refused:
        return _cannot_cancel_page(request, booking, refused.reasons, status=409)
    _tell_canceled(request, booking, key)
    return redirect("portal:bookings")


def _cancel_page(
    request: Request, booking: Booking, *, has_moved: bool = False, status: int = 200
) -> HttpResponse:
    try:
        seen = preview(booking_verbs.cancel, booking_id=booking.pk, by=request.actor, at=request.now)
    except Refused as refused:
        return _cannot_cancel_page(request, booking, refused.reasons, status=status)
    consequences = _to_member(request, booking, seen.consequences)
    context = _about(request, booking) | {
        "consequences": consequences,
        "no_longer": _no_longer(request, consequences) if has_moved else [],
        "fingerprint": seen.fingerprint,
        "action": _cancel_words(request, booking),
        "is_loss": booking.lot is not None and not _returns(request, booking),
        "has_moved": has_moved,
        "key": request.POST.get("key", ""),
    }
    return render(request, "portal/cancel.html", context, status=status)


def _cannot_cancel_page(
    request: Request, booking: Booking, reasons: Sequence[Reason], *, status: int
) -> HttpResponse:
    context = _about(request, booking) | {"reasons": reasons}
    return render(request, "portal/cancel.html", context, status=status)


def _about(request: Request, booking: Booking) -> dict[str, Any]:
    session = booking.session
    return {
        "booking": booking,
        "session": session,
        "title": f"{session.service.name}, {words.when(request, session)}",
        "until": words.when(request, session),
        "it_is": words.clock(request, request.now, session.time_zone),
        "session_href": reverse("portal:session", args=[session.pk]),
    }


def _to_member(request: Request, booking: Booking, consequences: Sequence[Consequence]) -> list[Consequence]:
    """The same consequences, said to the person themselves instead of to the desk."""
    told = [each for each in consequences if each.kind not in {"places", "credits"}]
    told.append(Consequence("places", "Your place is free for somebody else"))
    if booking.lot is None:
        return told
    kind = booking.lot.credit_type.name
    if _returns(request, booking):
        told.append(Consequence("credits", f"{words.credits(1, kind)} comes back to you"))
        return told
    ended = words.last_day(request, booking.lot.last_valid_on) if booking.lot.last_valid_on else ""
    told.append(
        Consequence(
            "credits", f"{words.credits(1, kind)} is lost: the credits it belongs to ended on {ended}"
        )
    )
    return told


def _no_longer(request: Request, consequences: Sequence[Consequence]) -> list[str]:
    """What the page said when it was opened and does not say any more."""
    return [text for text in request.POST.getlist("said") if text not in {each.text for each in consequences}]


def _cancel_words(request: Request, booking: Booking) -> str:
    if booking.lot is None:
        return "Cancel my place"
    return "Cancel and get 1 credit back" if _returns(request, booking) else "Cancel and lose 1 credit"


def _returns(request: Request, booking: Booking) -> bool:
    """Whether the credit is good for anything once it is back (X-10)."""
    lot = booking.lot
    return lot is not None and (lot.last_valid_on is None or lot.last_valid_on >= words.today(request))


def _tell_canceled(request: Request, booking: Booking, key: str | None) -> None:
    text = f"{booking.session.service.name}, {words.when(request, booking.session)} canceled."
    if booking.lot is not None:
        credit = words.credits(1, booking.lot.credit_type.name)
        text += f" {credit} is back." if _returns(request, booking) else f" {credit} has ended."
    # A place that was to be paid in money is given again only by the desk.
    can_return = booking.charge is None and (booking.lot is None or _returns(request, booking))
    toasts.tell(request, text, undo=_undo_address(request, key) if can_return else "")


def _may_cancel(request: Request, booking: Booking) -> bool:
    return not _why_not_cancel(request, booking)


def _why_not_cancel(request: Request, booking: Booking) -> tuple[Reason, ...]:
    assert request.person is not None
    return portal.why_not_cancel(
        booking,
        booking.session,
        request.person,
        at=request.now,
        cancellation_enabled=request.studio.member_cancellation_enabled,
    )


# --- taking it back ----------------------------------------------------------------------------------


def undo(request: Request, operation_id: int) -> HttpResponse:
    """Take back the person's own booking or cancel; what cannot be taken back says why."""
    operation = _own_operations(request).filter(pk=operation_id, inverse__isnull=False).first()
    if operation is None:
        raise Http404
    inverse = operation.inverse or {}
    take_back = operations.verb_named(inverse["verb"])
    try:
        take_back(
            **inverse["kwargs"],
            by=request.actor,
            at=request.now,
            key=f"undo:{operation.pk}",
            undoes=operation.pk,
        )
    except Refused as refused:
        toasts.warn(request, " ".join(str(reason) for reason in refused.reasons))
    else:
        toasts.tell(request, UNDONE_HERE[operation.verb])
    return redirect("portal:bookings")


UNDONE_HERE = {
    "booking.book": "The booking is undone. You have your credit back.",
    "booking.cancel": "You have your place again.",
}


def _own_operations(request: Request) -> QuerySet[Operation]:
    """What this person did to their own bookings, and nothing they did for others at the desk."""
    own = Event.objects.filter(operation=OuterRef("pk"), person_id=_me(request))
    return Operation.objects.filter(Exists(own), actor_id=_me(request), verb__in=UNDONE_HERE)


def _undo_address(request: Request, key: str | None) -> str:
    operation = _own_operations(request).filter(key=key).first() if key else None
    return reverse("portal:undo", args=[operation.pk]) if operation else ""


def _me(request: Request) -> int:
    assert request.person is not None  # the policy lets nobody else in
    return request.person.pk


routes = [
    route("sessions/<code:session_id>/book/", book, name="book-session", policy=SIGNED_IN.on("GET", "POST")),
    route("me/bookings/", bookings, name="bookings", policy=SIGNED_IN),
    route("me/bookings/<code:booking_id>/cancel/", cancel, name="cancel", policy=SIGNED_IN.on("GET", "POST")),
    route("me/undo/<code:operation_id>/", undo, name="undo", policy=SIGNED_IN.on("POST")),
]
