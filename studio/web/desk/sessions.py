"""The list of sessions, one session, how it ends, and the queue of what is not saved (S3-16…S3-26)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse, QueryDict
from django.urls import URLPattern, reverse

from sessions_app.domain import completion
from sessions_app.models import Booking, Session
from sessions_app.queries import roster, sessions
from sessions_app.queries import today as today_queries
from sessions_app.queries.roster import Place
from studio.audit.queries import timeline
from studio.lib import codes, localtime
from studio.lib.consequences import Consequence
from studio.lib.refusals import Refused
from studio.lib.transactions import Preview, WorldMoved, preview
from studio.people.rules.permissions import Capability, Role
from studio.web import formats
from studio.web.desk import answers, rows, sections, words
from studio.web.desk.session_forms import STATE_WORDS, FilterForm
from studio.web.requests import Request
from studio.web.routes import needs, route

LOG_LINES = 20


def listed(request: Request) -> HttpResponse:
    """Sessions from today on, or those that the filters say (S3-20)."""
    asked = request.GET.copy()
    asked.pop("page", None)
    if not asked:
        asked["earliest"] = answers.today(request).isoformat()
    form = FilterForm(asked)
    chosen = form.cleaned_data
    service, location = chosen.get("service"), chosen.get("location")
    found = sessions.listed(
        by=request.actor,
        at=request.now,
        earliest=_start_of(request, form.earliest_on),
        latest=_start_of(request, form.latest_on and form.latest_on + timedelta(days=1)),
        service_id=service.pk if service else None,
        location_id=location.pk if location else None,
        state=chosen.get("state") or "",
    )
    page = answers.paged(request, found)
    context = {
        "filters": form,
        "summary": _summary(request, form),
        "chips": _chips(request, form, asked),
        "page": page,
        "rows": [
            rows.of_session(session, at=request.now, may_register=_may_register(request, session))
            for session in page
        ],
        "tabs": sections.sessions(request),
    }
    return answers.page(request, "desk/sessions.html", context)


def not_saved(request: Request) -> HttpResponse:
    """Sessions that are over without an outcome: missing from balances and pay until they are saved."""
    page = answers.paged(request, today_queries.not_saved(request.now, practitioner_id=_own(request)))
    context = {
        "page": page,
        "total": page.paginator.count,
        "rows": [
            rows.of_session(session, at=request.now, may_register=_may_register(request, session))
            for session in page
        ],
        "tabs": sections.sessions(request),
    }
    return answers.page(request, "desk/sessions_not_saved.html", context)


@answers.of_session()
def show(request: Request, session: Session) -> HttpResponse:
    """One session: facts, notes, places, list, money and log."""
    may_register = _may_register(request, session)
    places = roster.of_session(session) if may_register else []
    state = sessions.state_of(session, at=request.now)
    sees_wage = session.practitioner is not None and answers.may(request, Capability.SEE_WAGES, session)
    subjects = [f"session:{session.pk}", *(f"booking:{place.booking_id}" for place in places)]
    wage = _wage(session, places)
    completes = answers.may(request, Capability.COMPLETE_SESSIONS, session)
    context = {
        "session": session,
        "state": state,
        "facts": _facts(request, session),
        "staff_note": session.staff_note if request.actor.may(Capability.WRITE_STAFF_NOTES) else "",
        "may_register": may_register,
        "may_complete": state in ("now", "unsaved") and completes,
        "may_reopen": state == "completed" and completes,
        "rows": [
            rows.of_place(
                request, session, place, back=reverse("desk:session", args=[session.pk]), target="list"
            )
            for place in places
        ],
        "money": _money_lines(request, places),
        "charged_minor": sum(place.outcome.cost_minor for place in places if place.outcome),
        "wage_minor": wage,
        "sees_wage": sees_wage,
        "log": _log(subjects) if may_register else [],
        "back": reverse("desk:session", args=[session.pk]),
        "crumbs": [("Sessions", reverse("desk:sessions"))],
    }
    return answers.page(request, "desk/session.html", context, fragments=("list",))


@answers.of_session(Capability.COMPLETE_SESSIONS)
def complete(request: Request, session: Session) -> HttpResponse:
    """Choose how each booking ended, see what follows, save. Choices not previewed yet are shown first."""
    places = [place for place in roster.of_session(session) if place.is_live]
    chosen = _chosen(request.POST, places)
    kwargs: dict[str, Any] = {"session_id": session.pk, "outcomes": chosen}
    kwargs |= {"by": request.actor, "at": request.now}
    notice, refusal = "", None
    if request.method == "POST" and "preview" not in request.POST:
        notice = _changed(request, session, places, chosen)
        if not notice:
            key = answers.key_of(request)
            try:
                completion.complete(**kwargs, key=key, expecting=request.POST.get("seen") or None)
            except Refused as refused:
                refusal = refused
            else:
                to = answers.back(request, reverse("desk:session", args=[session.pk]))
                return answers.done(request, f"{session.service.name} completed", to=to, key=key)
    return _complete_page(request, session, places, chosen, kwargs, notice, refusal)


@answers.of_session(Capability.COMPLETE_SESSIONS)
def reopen(request: Request, session: Session) -> HttpResponse:
    """Take the outcomes back, after showing what that does (X-21)."""
    key, to = answers.key_of(request), reverse("desk:session", args=[session.pk])
    refusal: Refused | None = None
    if request.method == "POST":
        try:
            completion.reopen(session_id=session.pk, by=request.actor, at=request.now, key=key)
        except Refused as refused:
            refusal = refused
        else:
            return answers.done(request, f"{session.service.name} opened again", to=to, key=key)
    context = {
        "session": session,
        "may": session.closed_at is not None,
        "consequences": _taken_back(request, session),
        "refused": refusal,
        "to": to,
        "crumbs": [(session.service.name, to)],
    }
    status = answers.status_of(refusal) if refusal else 200
    return answers.page(request, "desk/session_reopen.html", context, status=status)


def _log(subjects: list[str]) -> list[words.Happening]:
    """The latest lines about a session and its bookings; how each one ended stands in the list already."""
    events = timeline.of_subjects(subjects).exclude(verb="booking.ended")[:LOG_LINES]
    return words.happenings(events, with_sessions=False)


def _complete_page(
    request: Request,
    session: Session,
    places: list[Place],
    chosen: dict[int, str],
    kwargs: dict[str, Any],
    notice: str,
    refusal: Refused | None,
) -> HttpResponse:
    seen: Preview | None = None
    is_ready = sessions.state_of(session, at=request.now) in ("now", "unsaved")
    # The first look is cheap: what follows is asked for when the page is there, or by the button.
    if request.method == "POST" or not is_ready:
        try:
            seen = preview(completion.complete, **kwargs)
        except Refused as refused:
            refusal = refusal or refused
    # A fragment is only shown when all is well, also when it says no.
    is_no = refusal is not None and request.method == "POST" and not request.htmx
    status = answers.status_of(refusal) if refusal and is_no else 200
    context = {
        "session": session,
        "types": sessions.completion_types(),
        "choices": [(place, chosen[place.booking_id], rows.pays(request, place)) for place in places],
        "preview": seen,
        "is_ready": is_ready,
        "button": _button(session, chosen),
        "signature": _signature(chosen),
        "notice": notice,
        "refused": refusal,
        "has_moved": isinstance(refusal, WorldMoved),
        "key": request.POST.get("key", "") if request.method == "POST" else "",
        "next": request.POST.get("next") or request.GET.get("next", ""),
        "crumbs": [
            ("Not saved", reverse("desk:not_saved")),
            (session.service.name, reverse("desk:session", args=[session.pk])),
        ],
    }
    return answers.page(
        request, "desk/session_complete.html", context, fragments=("consequences",), status=status
    )


def _chosen(posted: QueryDict, places: list[Place]) -> dict[int, str]:
    """How each booking ends: as chosen, else missed where marked as not there, else completed (S1-16)."""
    return {
        place.booking_id: posted.get(
            f"ended-{codes.encode(place.booking_id)}",
            "missed" if place.is_present is False else "completed",
        )
        for place in places
    }


def _signature(chosen: dict[int, str]) -> str:
    """The choices that a preview stands for, to tell a changed choice from a changed world."""
    return ",".join(f"{codes.encode(booking_id)}.{ending}" for booking_id, ending in sorted(chosen.items()))


def _changed(request: Request, session: Session, places: list[Place], chosen: dict[int, str]) -> str:
    """What the person has not seen yet: somebody joined or left, or their own choices came later."""
    seen = {pair.partition(".")[0] for pair in request.POST.get("seen_for", "").split(",") if pair}
    now = {codes.encode(place.booking_id): place.name for place in places}
    joined = sorted(name for code, name in now.items() if code not in seen)
    left = seen - set(now)
    if "seen_for" in request.POST and (joined or left):
        gone = Booking.objects.filter(session=session, pk__in=[codes.decode(code) for code in left])
        names = [f"{name} joined" for name in joined]
        names += [f"{name} left" for name in gone.values_list("person__name", flat=True).order_by("pk")]
        return f"This changed since you looked: {', '.join(names)}. Nothing was saved."
    if request.POST.get("seen_for", "") != _signature(chosen):
        return "These are the consequences of your choices. Nothing was saved yet."
    return ""


def _taken_back(request: Request, session: Session) -> list[Consequence]:
    """What opening a saved session again undoes."""
    ended = [place for place in roster.of_session(session) if place.outcome]
    rejoin = sum(not place.is_live for place in ended)
    credits = sum(bool(place.credit_type) for place in ended)
    charged = sum(place.outcome.cost_minor for place in ended if place.outcome)
    wage = _wage(session, ended)
    told = [
        (rejoin, "places", f"{rejoin} have their place again"),
        (credits, "credits", f"{credits} held again, none used"),
        (charged, "money", f"{rows.money(request, charged)} no longer charged, but held"),
        (wage, "pay", f"{rows.money(request, wage)} taken back"),
    ]
    return [Consequence(kind, text) for count, kind, text in told if count]  # type: ignore[arg-type]


def _button(session: Session, chosen: dict[int, str]) -> str:
    """``Complete: 8 attended, 1 missed``."""
    if not chosen:
        return "Complete without anybody"
    names = {"completed": "attended", "missed": "missed", "canceled": "canceled"}
    ended = list(chosen.values())
    counted = [f"{ended.count(code)} {word}" for code, word in names.items() if code in ended]
    return f"Complete: {', '.join(counted)}"


def _wage(session: Session, places: list[Place]) -> int:
    """One wage per session: the greatest of its bookings' results (X-47)."""
    if session.practitioner_id is None:
        return 0
    return max((place.outcome.wage_minor for place in places if place.outcome), default=0)


def _money_lines(request: Request, places: list[Place]) -> list[dict[str, Any]]:
    return [
        {
            "name": place.name,
            "pays": rows.pays(request, place),
            "outcome": place.outcome,
            "cost_minor": place.outcome.cost_minor if place.outcome else None,
            "held_minor": place.held_minor if place.outcome is None else 0,
        }
        for place in places
    ]


def _facts(request: Request, session: Session) -> list[tuple[str, str]]:
    today, locale = answers.today(request), request.studio.locale
    starts, ends = (formats.in_zone(at, session.time_zone) for at in (session.starts_at, session.ends_at))
    when = formats.when(starts, ends, today=today, locale=locale, long=True)
    if session.time_zone != request.studio.time_zone:
        when = f"{when} ({session.time_zone})"
    where = session.location.name + (f", {session.room.name}" if session.room else "")
    price = sessions.price_minor(session)
    return [
        ("When", when),
        ("Where", where),
        ("With", session.practitioner.name if session.practitioner else "Nobody yet"),
        ("Without a pass", rows.money(request, price) if price else "Costs nothing"),
        ("Members", "See it and may book" if session.is_listed else "Do not see it"),
    ]


def _summary(request: Request, form: FilterForm) -> str:
    return ", ".join(label for _, label in _active(request, form))


def _chips(request: Request, form: FilterForm, asked: QueryDict) -> list[tuple[str, str]]:
    chips = []
    for name, label in _active(request, form):
        rest = asked.copy()
        rest.pop(name, None)
        # An empty filter is still a choice: without any, the list starts today.
        chips.append((label, f"?{rest.urlencode() or 'earliest='}"))
    return chips


def _active(request: Request, form: FilterForm) -> list[tuple[str, str]]:
    chosen = form.cleaned_data
    today, locale = answers.today(request), request.studio.locale
    active = []
    if form.earliest_on:
        active.append(("earliest", f"from {formats.day(form.earliest_on, today=today, locale=locale)}"))
    if form.latest_on:
        active.append(("latest", f"to {formats.day(form.latest_on, today=today, locale=locale)}"))
    active += [(name, str(chosen[name])) for name in ("service", "location") if chosen.get(name)]
    if chosen.get("state"):
        active.append(("state", STATE_WORDS[chosen["state"]].lower()))
    return active


def _start_of(request: Request, on: Any) -> datetime | None:
    return localtime.day_bounds(on, request.studio.time_zone)[0] if on else None


def _own(request: Request) -> int | None:
    return request.actor.person_id if request.actor.role is Role.PRACTITIONER else None


def _may_register(request: Request, session: Session) -> bool:
    return answers.may(request, Capability.BOOK_FOR_OTHERS, session)


_SEE = needs(Capability.USE_DESK)
_COMPLETE = needs(Capability.COMPLETE_SESSIONS, Capability.COMPLETE_OWN_SESSIONS, methods=("GET", "POST"))

routes: list[URLPattern] = [
    route("sessions/", listed, name="sessions", policy=_SEE),
    route("sessions/not-saved/", not_saved, name="not_saved", policy=_SEE),
    route("sessions/<code:session_id>/", show, name="session", policy=_SEE),
    route("sessions/<code:session_id>/complete/", complete, name="complete", policy=_COMPLETE),
    route("sessions/<code:session_id>/reopen/", reopen, name="reopen", policy=_COMPLETE),
]
