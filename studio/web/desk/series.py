"""Series: the list, a new one beside all its dates, its page, enabling a draft, taking it back (UX 1.6)."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.urls import URLPattern, reverse

from scheduling.models import Series
from scheduling.queries import inventory
from scheduling.rules import recurrence
from sessions_app.domain import timetable
from sessions_app.queries import calendar
from sessions_app.queries import timetable as queries
from sessions_app.queries.calendar import Filters
from sessions_app.rules import states
from studio.lib import localtime
from studio.lib.refusals import Refused
from studio.lib.transactions import Preview, WorldMoved
from studio.people.rules.permissions import Capability
from studio.web import formats, refusal_pages
from studio.web.desk import answers, choices, rows, sections, series_look
from studio.web.desk.fields import ClockField
from studio.web.desk.series_forms import SeriesForm
from studio.web.desk.series_look import how_many
from studio.web.requests import Request
from studio.web.routes import needs, route

DATES_PER_PAGE = 100
USUAL_COUNT = 10
STATES = {
    "draft": ("custom", "Draft"),
    "waiting": ("waiting", "Being created"),
    "withdrawn": ("canceled", "Withdrawn"),
    "over": ("completed", "Over"),
    "running": ("open", "Running"),
}


# --------------------------------------------------------------------------------------------------- pages


def listed(request: Request) -> HttpResponse:
    """Every series, the latest first."""
    page = answers.paged(request, queries.listed())
    context = {
        "page": page,
        "rows": [
            (row, *STATES[row.state], _times(row)) for row in queries.rows(page.object_list, at=request.now)
        ],
        "tabs": sections.sessions(request),
        "may_plan": request.actor.may(Capability.ADD_SESSIONS, own=True),
        "may_import": request.actor.may(Capability.IMPORT_DATA),
    }
    return answers.page(request, "desk/series_list.html", context)


def new(request: Request) -> HttpResponse:
    """Plan a series beside the list of its dates. What was looked at is made; a change is shown first."""
    stock = choices.stock()
    form = SeriesForm(
        request.POST or None, stock=stock, actor=request.actor, initial=_initial(request), auto_id="id_%s"
    )
    is_preview = "preview" in request.POST
    look: series_look.Look | None = None
    refusal: Refused | None = None
    notice = ""
    if request.method == "POST" and form.is_valid():
        kwargs = {**form.terms(), "by": request.actor, "at": request.now}
        try:
            if not is_preview and request.POST.get("seen_for") == form.signature():
                key = answers.key_of(request)
                made = timetable.create_series(**kwargs, key=key, expecting=request.POST.get("seen") or None)
                return _created(request, made, key, is_enabled=kwargs["is_enabled"])
            if not is_preview:
                notice = "These are its dates. Nothing was created yet: look, then confirm."
            look = series_look.of_form(request, kwargs, stock)
        except WorldMoved as moved:
            refusal, notice = moved, "This changed since you looked. Nothing was created: look, then confirm."
            look = series_look.once_more(request, kwargs, stock)
        except Refused as refused:
            refusal = refused
            form.add_reasons(refused)
            look = series_look.dates_only(request, kwargs, stock)
    context = {
        "form": form,
        "stock": stock,
        "look": look,
        "notice": notice,
        "missing": _missing(form) if request.method == "POST" and is_preview else [],
        "times": [f"{hour:02}:{minute:02}" for hour in range(6, 22) for minute in (0, 30)],
        "crumbs": [("Series", reverse("desk:series_list"))],
    }
    status = _status(form, refusal, is_fragment=bool(request.htmx))
    return answers.page(request, "desk/series_new.html", context, fragments=("dates",), status=status)


def show(request: Request, series_id: int) -> HttpResponse:
    """One series: its rule, every date with what became of it, and what is left out and why."""
    series = _series(series_id)
    row = queries.rows([series], at=request.now)[0]
    look, refused = None, None
    if row.state in ("draft", "waiting"):
        may_enable = row.state == "draft" and _may_change(request, series)
        look, refused = series_look.of_series(request, series, may_enable=may_enable)
    dates = answers.paged(request, _became(request, series), per_page=DATES_PER_PAGE)
    may_change = _may_change(request, series)
    context = {
        "series": series,
        "row": row,
        "state": STATES[row.state],
        "facts": _facts(request, series, row),
        "dates": dates,
        "look": look,
        "refused": refused,
        "may_change": may_change,
        "may_withdraw": may_change and row.state in ("waiting", "running", "draft"),
        "staff_note": series.staff_note if request.actor.may(Capability.WRITE_STAFF_NOTES) else "",
        "crumbs": [("Series", reverse("desk:series_list"))],
    }
    return answers.page(request, "desk/series.html", context, fragments=("dates",))


def enable(request: Request, series_id: int) -> HttpResponse:
    """Apply a draft as it was looked at (S3-06, X-18)."""
    series = _series(series_id)
    if not _may_change(request, series):
        return refusal_pages.not_allowed(request, [Capability.ADD_SESSIONS])
    key, to = answers.key_of(request), reverse("desk:series", args=[series.pk])
    try:
        timetable.enable_series(
            series_id=series.pk,
            by=request.actor,
            at=request.now,
            key=key,
            expecting=request.POST.get("seen") or None,
        )
    except Refused as refused:
        context = {
            "series": series,
            "refused": refused,
            "to": to,
            "crumbs": [("Series", reverse("desk:series_list")), (str(series.service), to)],
        }
        return answers.page(request, "desk/series_refused.html", context, status=answers.status_of(refused))
    return answers.done(request, f"{series.service} enabled", to=to, key=key)


def withdraw(request: Request, series_id: int) -> HttpResponse:
    """Take a series back, after showing which sessions go and which stay."""
    series = _series(series_id)
    if not _may_change(request, series):
        return refusal_pages.not_allowed(request, [Capability.ADD_SESSIONS])
    kwargs = {"series_ids": [series.pk], "by": request.actor, "at": request.now}
    refusal: Refused | None = None
    to = reverse("desk:series", args=[series.pk])
    if request.method == "POST":
        key = answers.key_of(request)
        try:
            deleted = timetable.withdraw_series(**kwargs, key=key, expecting=request.POST.get("seen") or None)
        except Refused as refused:
            refusal = refused
        else:
            return answers.done(request, f"{series.service} withdrawn, {how_many(deleted)} deleted", to=to)
    seen = series_look.attempt(timetable.withdraw_series, kwargs)
    refusal = refusal or (seen if isinstance(seen, Refused) else None)
    context = {
        "series": series,
        "preview": seen,
        "refused": refusal,
        "button": f"Withdraw: delete {how_many(seen.result)}" if isinstance(seen, Preview) else "",
        "to": to,
        "crumbs": [("Series", reverse("desk:series_list")), (str(series.service), to)],
    }
    status = answers.status_of(refusal) if refusal else 200
    return answers.page(request, "desk/series_withdraw.html", context, status=status)


def _missing(form: SeriesForm) -> list[str]:
    """What keeps the dates from being shown, in words."""
    return [str(error) for errors in form.errors.values() for error in errors]


def _status(form: SeriesForm, refusal: Refused | None, *, is_fragment: bool) -> int:
    # A fragment says in its place what is missing, and is put there whatever it says.
    if is_fragment:
        return 200
    if refusal is not None:
        return answers.status_of(refusal)
    return 422 if form.is_bound and form.errors else 200


def _initial(request: Request) -> dict[str, Any]:
    """What the address knows already: the day and hour that was clicked, the room that was looked at."""
    asked = request.GET
    initial: dict[str, Any] = {
        "frequency": "weekly",
        "monthly_kind": "weekday",
        "every": 1,
        "ends": "count",
        "count": USUAL_COUNT,
        "is_enabled": True,
        "starts_on": answers.today(request),
    }
    for name in ("service", "practitioner", "place"):
        if name in asked:
            initial[name] = asked[name]
    if "place" not in asked and asked.get("room", "").isdecimal():
        room = inventory.room(int(asked["room"]))
        initial["place"] = f"{room.location_id}.{room.id}" if room else ""
    if "starts_on" in asked:
        initial["starts_on"] = answers.date_in(asked["starts_on"])
    initial["weekdays"] = [str(initial["starts_on"].weekday())]
    if asked.get("starts_time"):
        initial["starts_time"] = _time_in(asked["starts_time"])
    if not request.actor.may(Capability.ADD_SESSIONS):
        initial["practitioner"] = str(request.actor.person_id)
    return initial


def _time_in(typed: str) -> time | str:
    try:
        return ClockField().clean(typed)
    except forms.ValidationError:
        # Shown as it came; the form says what is wrong with it.
        return typed[:20]


# -------------------------------------------------------------------------------------------- what became


def _created(request: Request, series_id: int, key: str | None, *, is_enabled: bool) -> HttpResponse:
    series = _series(series_id)
    said = f"{series.service} planned" if is_enabled else f"{series.service} kept as a draft"
    return answers.done(request, said, to=reverse("desk:series", args=[series_id]), key=key)


def _became(request: Request, series: Series) -> list[dict[str, Any]]:
    """Sessions and left-out dates in one list, by date."""
    skips = [{"on": skip.on, "reason": skip.reason} for skip in series.skips.all()]
    if series.expanded_through is None:
        return sorted(skips, key=lambda each: each["on"])
    earliest, latest = _span(series)
    held = [
        {
            "on": row.on,
            "row": row,
            "state": states.state_of(
                starts_at=row.starts_at,
                ends_at=row.ends_at,
                is_canceled=row.is_canceled,
                is_closed=row.is_closed,
                at=request.now,
                is_full=row.is_full,
            ),
            "href": reverse("desk:session", args=[row.id]),
            "places_href": reverse("desk:explain_places", args=[row.id]),
        }
        for row in calendar.week(earliest, latest, Filters(series_id=series.pk))
    ]
    return sorted([*held, *skips], key=lambda each: each["on"])


def _span(series: Series) -> tuple[datetime, datetime]:
    """Wide enough for every session of the series, also for those that were moved."""
    last = recurrence.last_on(queries.rule_of(series)) or series.starts_on
    zone, year = series.location.time_zone, timedelta(days=366)
    return localtime.day_bounds(series.starts_on - year, zone)[0], localtime.day_bounds(last + year, zone)[1]


def _facts(request: Request, series: Series, row: queries.SeriesRow) -> list[tuple[str, str]]:
    where = series.location.name + (f", {series.room.name}" if series.room else "")
    today, locale = answers.today(request), request.studio.locale
    ends = f"after {how_many(series.count)}" if series.count else ""
    if series.until:
        ends = f"on {formats.day(series.until, today=today, locale=locale)}"
    price = series_look.price_of(series)
    return [
        ("When", _times(row)),
        ("First date", formats.day(series.starts_on, today=today, locale=locale)),
        ("Ends", ends),
        ("Where", where),
        ("With", series.practitioner.name if series.practitioner else "Nobody yet"),
        ("Places", str(series.capacity)),
        ("Without a pass", f"{rows.money(request, price)} a session" if price else "Costs nothing"),
    ]


def _times(row: queries.SeriesRow) -> str:
    """``Mon, Wed 18:00–19:00``."""
    starts = datetime.combine(row.starts_on, row.starts_time)
    clock = formats.clock(starts, starts + timedelta(minutes=row.duration_minutes))
    return f"{row.repeats} {clock}"


def _series(series_id: int) -> Series:
    found = queries.listed().filter(pk=series_id).first()
    if found is None:
        raise Http404("no such series")
    return found


def _may_change(request: Request, series: Series) -> bool:
    own = series.practitioner_id == request.actor.person_id
    return request.actor.may(Capability.ADD_SESSIONS, own=own)


_SEE = needs(Capability.USE_DESK)
_PLAN = needs(Capability.ADD_SESSIONS, Capability.ADD_OWN_SESSIONS, methods=("GET", "POST"))

routes: list[URLPattern] = [
    route("series/", listed, name="series_list", policy=_SEE),
    route("series/new/", new, name="new_series", policy=_PLAN),
    route("series/<code:series_id>/", show, name="series", policy=_SEE),
    route("series/<code:series_id>/enable/", enable, name="enable_series", policy=_PLAN.on("POST")),
    route("series/<code:series_id>/withdraw/", withdraw, name="withdraw_series", policy=_PLAN),
]
