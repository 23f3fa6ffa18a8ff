"""The list of a session: who is there, adding someone, giving a place up (S1-13…S1-17)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.utils.http import urlencode
from django_htmx.http import HttpResponseClientRedirect

from memberships.rules.lots import LotFacts
from sessions_app.domain import attendance, booking
from sessions_app.models import Booking, Session
from sessions_app.queries import roster, sessions
from sessions_app.queries.roster import Candidate
from studio.lib import codes
from studio.lib.refusals import Refused
from studio.lib.transactions import WorldMoved, preview
from studio.people.rules.permissions import Capability
from studio.web import refusal_pages, toasts
from studio.web.desk import answers, rows
from studio.web.requests import Request
from studio.web.routes import needs, route

MARKS = {"yes": True, "no": False, "unknown": None}
MARK_WORDS = {"yes": "checked in", "no": "marked as not there", "unknown": "no longer marked"}
BLANK_ROWS = 4


@dataclass(frozen=True, slots=True)
class Offer:
    """Someone found, and what can be done: check in, add on a pass, book unpaid, or sell a pass first."""

    name: str
    code: str
    fact: str
    line: str
    flags: list[tuple[str, str]] = field(default_factory=list)
    mark_href: str = ""
    choices: list[tuple[str, str]] = field(default_factory=list)
    pays: str = ""
    action: str = ""
    sell_href: str = ""


@answers.of_session(Capability.BOOK_FOR_OTHERS)
def show(request: Request, session: Session) -> HttpResponse:
    """The list; ``?print`` is the attendance sheet."""
    if "print" in request.GET:
        return _sheet(request, session)
    return _page(request, session)


@answers.of_session(Capability.BOOK_FOR_OTHERS)
def mark(request: Request, session: Session, booking_id: int) -> HttpResponse:
    """Note that someone is there or not. A fact without effect on credits, money or pay (S1-15)."""
    value = request.POST.get("present", "yes")
    booked = Booking.objects.filter(pk=booking_id, session=session).select_related("person").first()
    key = answers.key_of(request)
    to = answers.back(request, _address(session))
    try:
        attendance.mark(
            booking_id=booking_id if booked else 0,
            is_present=MARKS.get(value),
            by=request.actor,
            at=request.now,
            key=key,
        )
    except Refused as refused:
        return _refused(request, session, refused, to)
    assert booked is not None
    words = MARK_WORDS.get(value, MARK_WORDS["unknown"])
    return answers.done(request, f"{booked.person.name} {words}", to=to, key=key)


@answers.of_session(Capability.BOOK_FOR_OTHERS)
def all_here(request: Request, session: Session) -> HttpResponse:
    """Note everyone who is not marked yet as there; then tap whoever is absent."""
    count = attendance.mark_all(
        session_id=session.pk, by=request.actor, at=request.now, key=answers.key_of(request)
    )
    words = "Nobody was left to check in" if not count else f"{count} checked in"
    return answers.done(request, words, to=answers.back(request, _address(session)))


@answers.of_session(Capability.BOOK_FOR_OTHERS)
def add(request: Request, session: Session) -> HttpResponse:
    """Find someone and add them, or check them in when they are on the list already.

    What was typed and fits one person alone is done at once; otherwise the people found are offered.
    """
    if request.method == "POST":
        return _add(request, session)
    return _offers(request, session, request.GET.get("q", ""))


@answers.of_session()
def cancel(request: Request, session: Session, booking_id: int) -> HttpResponse:
    """Give someone's place up, after showing what that does to credits, money and places."""
    booked = Booking.objects.filter(pk=booking_id, session=session).select_related("person").first()
    asked = request.POST.get("next") or request.GET.get("next")
    to = refusal_pages.safe_next(request, asked) or _address(session)
    kwargs = {"booking_id": booked.pk if booked else 0, "by": request.actor, "at": request.now}
    key = answers.key_of(request)
    refusal: Refused | None = None
    if request.method == "POST":
        try:
            booking.cancel(**kwargs, key=key, expecting=request.POST.get("seen") or None)
        except Refused as refused:
            refusal = refused
        else:
            assert booked is not None
            return answers.done(request, f"{booked.person.name}’s booking canceled", to=to, key=key)
    try:
        seen = preview(booking.cancel, **kwargs)
    except Refused as refused:
        return _refused(request, session, refused, to)
    context = {
        "session": session,
        "booking": booked,
        "preview": seen,
        "refused": refusal,
        "has_moved": isinstance(refusal, WorldMoved),
        "to": to,
    }
    status = 200 if refusal is None else answers.status_of(refusal)
    return answers.page(request, "desk/roster_cancel.html", context, status=status)


def _page(
    request: Request, session: Session, *, refused: Refused | None = None, status: int = 200
) -> HttpResponse:
    address = _address(session)
    places = roster.of_session(session)
    live = [place for place in places if place.is_live]
    state = sessions.state_of(session, at=request.now)
    context = {
        "session": session,
        "state": state,
        "rows": [rows.of_place(request, session, place, back=address, target="roster") for place in places],
        "here": sum(place.is_present is True for place in live),
        "unmarked": sum(place.is_present is None for place in live),
        "live": len(live),
        "may_complete": state in ("now", "unsaved")
        and answers.may(request, Capability.COMPLETE_SESSIONS, session),
        "back": address,
        "refused": refused,
        "crumbs": [
            ("Today", reverse("desk:today")),
            (session.service.name, reverse("desk:session", args=[session.pk])),
        ],
    }
    return answers.page(request, "desk/roster.html", context, fragments=("roster",), status=status)


def _sheet(request: Request, session: Session) -> HttpResponse:
    places = [place for place in roster.of_session(session) if place.is_live]
    people = [
        {
            "name": place.name,
            "line": rows.pays(request, place),
            "flags": ", ".join(label for _, label in rows.flags(request, session, place)),
        }
        for place in places
    ]
    context = {"session": session, "people": people, "blank": range(BLANK_ROWS), "back": _address(session)}
    return answers.page(request, "desk/roster_sheet.html", context)


def _refused(request: Request, session: Session, refused: Refused, to: str) -> HttpResponse:
    """The list with the reasons on top. A fragment request, which shows no refusals, gets the whole page."""
    if request.htmx:
        toasts.warn(request, str(refused))
        return HttpResponseClientRedirect(to)
    return _page(request, session, refused=refused, status=answers.status_of(refused))


def _add(request: Request, session: Session) -> HttpResponse:
    typed = request.POST.get("q", "").strip()
    found = _chosen(request, session, typed)
    if len(found) != 1:
        return _search(request, session, typed)
    if _must_choose(request, session, found[0]):
        return _search(request, session, typed or found[0].person.name)
    return _book(request, session, found[0], typed)


def _search(request: Request, session: Session, typed: str) -> HttpResponse:
    query = urlencode({"q": typed, "next": request.POST.get("next", "")})
    return HttpResponseRedirect(f"{reverse('desk:add_to_roster', args=[session.pk])}?{query}")


def _must_choose(request: Request, session: Session, found: Candidate) -> bool:
    """Whether no credits pay and nobody has said yet what does: unpaid, or a pass that is sold first."""
    if found.booking is not None or found.lots or request.POST.get("pays"):
        return False
    return sessions.price_minor(session) > 0 and session.places_left > 0


def _chosen(request: Request, session: Session, typed: str) -> list[Candidate]:
    """The person whose button was pressed, or whoever fits what was typed."""
    if not request.POST.get("person"):
        return roster.candidates(typed, session=session, by=request.actor)
    try:
        person_id = codes.decode(request.POST["person"])
    except codes.NotACode:
        return []
    found = roster.candidate(person_id, session=session)
    return [found] if found else []


def _book(request: Request, session: Session, found: Candidate, typed: str) -> HttpResponse:
    key, to = answers.key_of(request), answers.back(request, _address(session))
    name = found.person.name
    try:
        if found.booking is not None:
            attendance.mark(
                booking_id=found.booking.pk, is_present=True, by=request.actor, at=request.now, key=key
            )
            return answers.done(request, f"{name} checked in", to=to, key=key)
        pays = request.POST.get("pays", "")
        booking.book(
            session_id=session.pk,
            person_id=found.person.pk,
            lot_id=int(pays) if pays.isdigit() else None,
            unpaid_ok=pays == "unpaid",
            by=request.actor,
            at=request.now,
            key=key,
        )
    except Refused as refused:
        if request.htmx:
            toasts.warn(request, str(refused))
            return HttpResponseClientRedirect(to)
        return _offers(request, session, typed or name, refused=refused)
    return answers.done(
        request, f"{name} booked. {_paid_with(request, session, found, pays)}", to=to, key=key
    )


def _paid_with(request: Request, session: Session, found: Candidate, pays: str) -> str:
    """What held the place, for the toast: ``Class credit, 2 left``."""
    lot = _lot(found, pays)
    if lot is not None and pays != "unpaid":
        return f"{rows.credits_named(lot.credit_type)}: {lot.available - 1} left"
    price = sessions.price_minor(session)
    return f"{rows.money(request, price)} held" if price else "Nothing to pay"


def _lot(found: Candidate, pays: str) -> LotFacts | None:
    if pays.isdigit():
        return next((lot for lot in found.lots if lot.id == int(pays)), None)
    return found.lots[0] if found.lots else None


def _offers(
    request: Request, session: Session, typed: str, *, refused: Refused | None = None
) -> HttpResponse:
    found = roster.candidates(typed, session=session, by=request.actor)
    back = refusal_pages.safe_next(request, request.POST.get("next") or request.GET.get("next"))
    context: dict[str, Any] = {
        "session": session,
        "text": typed,
        "offers": [_offer(request, session, each) for each in found],
        "is_short": len(typed.strip()) < 2,
        "may_add_people": request.actor.may(Capability.EDIT_PEOPLE),
        "refused": refused,
        "back": back or _address(session),
        "crumbs": [
            ("Today", reverse("desk:today")),
            (f"{session.service.name}, list", _address(session)),
        ],
    }
    status = 200 if refused is None else answers.status_of(refused)
    return answers.page(request, "desk/roster_add.html", context, fragments=("found",), status=status)


def _offer(request: Request, session: Session, found: Candidate) -> Offer:
    person = found.person
    fact = ""
    if request.actor.may(Capability.SEE_PEOPLE):
        fact = f"…{person.phone[-4:]}" if person.phone else person.email
    code = codes.encode(person.pk)
    owes = found.owes_minor and request.actor.may(Capability.SEE_MONEY)
    flags = [("warn", f"Owes {rows.money(request, found.owes_minor)}")] if owes else []
    if found.booking is not None:
        mark_href = reverse("desk:mark", args=[session.pk, found.booking.pk])
        is_in = found.booking.is_present
        return Offer(
            person.name, code, fact, "On the list", [*flags, *([("ok", "In")] if is_in else [])], mark_href
        )
    if found.lots:
        choices = [(str(lot.id), rows.lot_words(request, lot)) for lot in found.lots]
        line = f"Pays with {choices[0][1]}"
        return Offer(person.name, code, fact, line, flags, "", choices, "", "Add")
    price = sessions.price_minor(session)
    if not price:
        return Offer(person.name, code, fact, "Nothing to pay", flags, pays="unpaid", action="Add")
    sells = request.actor.may(Capability.SELL)
    unpaid = request.actor.may(Capability.BOOK_UNFUNDED)
    return Offer(
        person.name,
        code,
        fact,
        _why_no_credits(session, found),
        flags,
        pays="unpaid" if unpaid else "",
        action=f"Book unpaid, {rows.money(request, price)} held" if unpaid else "",
        sell_href=reverse("desk:sell", args=[person.pk]) if sells else "",
    )


def _why_no_credits(session: Session, found: Candidate) -> str:
    kinds = {lot.credit_type for lot in found.covering}
    if not kinds:
        return f"No pass covers {session.service.name}"
    named = rows.credits_named(", ".join(sorted(kinds)))
    if any(lot.available for lot in found.covering):
        return f"{named} end before this session"
    return f"No {named} left"


def _address(session: Session) -> str:
    return reverse("desk:roster", args=[session.pk])


_REGISTER = needs(Capability.BOOK_FOR_OTHERS, Capability.BOOK_IN_OWN_SESSIONS)
_SESSION = "sessions/<code:session_id>/roster/"

routes: list[URLPattern] = [
    route(_SESSION, show, name="roster", policy=_REGISTER),
    route(f"{_SESSION}all-here/", all_here, name="all_here", policy=_REGISTER.on("POST")),
    route(f"{_SESSION}add/", add, name="add_to_roster", policy=_REGISTER.on("GET", "POST")),
    route(f"{_SESSION}<code:booking_id>/mark/", mark, name="mark", policy=_REGISTER.on("POST")),
    route(
        f"{_SESSION}<code:booking_id>/cancel/",
        cancel,
        name="cancel_booking",
        policy=needs(Capability.CANCEL_BOOKINGS, methods=("GET", "POST")),
    ),
]
