"""Closed days: the list, a new one with the sessions it meets, and opening again (S3-48, S3-49, X-51)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import URLPattern, reverse

from scheduling.domain import closures
from scheduling.queries import closures as queries
from scheduling.queries import inventory
from scheduling.queries.inventory import LocationRow
from sessions_app.queries import closures as on_closed_days
from sessions_app.queries.calendar import SessionRow
from studio.lib.refusals import Refused
from studio.lib.transactions import Preview, preview
from studio.people.rules.permissions import Capability
from studio.web import formats
from studio.web.desk import answers, rows, sections
from studio.web.desk.answers import KeyForm
from studio.web.desk.fields import DayField, offer
from studio.web.requests import Request
from studio.web.routes import needs, route

SHOWN = 20
"""How many sessions of the days to come are listed by name."""


class ClosureForm(KeyForm):
    """The days, both included, where, and the name that everybody sees."""

    name = forms.CharField(
        label="Name",
        required=False,
        help_text="Everybody sees it, such as Easter Monday.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    starts_on = DayField(
        label="First closed day",
        help_text="It is closed all day.",
        error_messages={"required": "Choose the first day."},
    )
    ends_on = DayField(label="Last closed day", required=False, help_text="Empty: one day only.")
    location = forms.ChoiceField(label="Where", required=False)

    def __init__(self, *args: Any, locations: list[LocationRow], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "location", [("", "Everywhere"), *((str(row.id), row.name) for row in locations)])
        if len(locations) < 2:
            del self.fields["location"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "ends_on" in cleaned and cleaned["ends_on"] is None:
            cleaned["ends_on"] = cleaned.get("starts_on")
        return cleaned

    def terms(self) -> dict[str, Any]:
        typed = self.cleaned_data
        return {
            "name": typed["name"],
            "starts_on": typed["starts_on"],
            "ends_on": typed["ends_on"],
            "location_id": int(typed["location"]) if typed.get("location") else None,
        }

    def add_reasons(self, refused: Refused) -> None:
        for reason in refused.reasons:
            self.add_error(reason.field if reason.field in self.fields else None, str(reason))


def listed(request: Request) -> HttpResponse:
    """Closures that are not over, with what stands on their days."""
    page = answers.paged(request, queries.coming(answers.today(request)))
    standing = on_closed_days.standing([closed.id for closed in page])
    context = {
        "page": page,
        "rows": [(closed, _days(request, closed), standing.get(closed.id)) for closed in page],
        "tabs": sections.sessions(request),
        "may_close": request.actor.may(Capability.MANAGE_CLOSURES),
    }
    return answers.page(request, "desk/closures.html", context)


def add(request: Request) -> HttpResponse:
    """Close some days; the sessions on them are shown while one types."""
    locations = inventory.locations()
    form = ClosureForm(request.POST or None, locations=locations, initial=_initial(request))
    is_preview = "preview" in request.POST
    seen: Preview | None = None
    met: list[SessionRow] = []
    if request.method == "POST" and form.is_valid():
        kwargs = {**form.terms(), "by": request.actor, "at": request.now}
        key = answers.key_of(request)
        try:
            if not is_preview:
                closures.add(**kwargs, key=key)
                to = answers.back(request, reverse("desk:closures"))
                return answers.done(request, f"{kwargs['name']} added", to=to, key=key)
            # The name may come last: what the days would meet is shown before it.
            named = {**kwargs, "name": kwargs["name"] or "…"}
            seen = preview(closures.add, **named)
        except Refused as refused:
            form.add_reasons(refused)
        else:
            met = _met(request, kwargs, locations)
    context = {
        "form": form,
        "preview": seen,
        "met": [rows.of_calendar(row, at=request.now, may_register=False) for row in met[:SHOWN]],
        "more": max(0, len(met) - SHOWN),
        "booked": sum(row.booked for row in met),
        "count": len(met),
        "is_preview": is_preview,
        "crumbs": [("Closures", reverse("desk:closures"))],
    }
    status = 422 if form.is_bound and form.errors and not request.htmx else 200
    return answers.page(request, "desk/closures_add.html", context, fragments=("effect",), status=status)


def remove(request: Request, closure_id: int) -> HttpResponse:
    """Open again; the toast takes it back."""
    key = answers.key_of(request)
    try:
        closures.remove(closure_id=closure_id, by=request.actor, at=request.now, key=key)
    except Refused as refused:
        context = {"refused": refused, "crumbs": [("Closures", reverse("desk:closures"))]}
        return answers.page(request, "desk/closures_refused.html", context, status=answers.status_of(refused))
    return answers.done(
        request, "Closure removed", to=answers.back(request, reverse("desk:closures")), key=key
    )


def _met(request: Request, kwargs: dict[str, Any], locations: list[LocationRow]) -> list[SessionRow]:
    zones = [row.time_zone for row in locations] or [request.studio.time_zone]
    return on_closed_days.sessions_on(
        kwargs["starts_on"], kwargs["ends_on"], zones=zones, location_id=kwargs["location_id"]
    )


def _initial(request: Request) -> dict[str, Any]:
    asked = request.GET.get("starts_on")
    return {"starts_on": answers.date_in(asked)} if asked else {}


def _days(request: Request, closed: Any) -> str:
    today, locale = answers.today(request), request.studio.locale
    first = formats.day(closed.starts_on, today=today, locale=locale)
    if closed.starts_on == closed.ends_on:
        return first
    return f"{first} to {formats.day(closed.ends_on, today=today, locale=locale)}"


_CLOSE = needs(Capability.MANAGE_CLOSURES, methods=("GET", "POST"))

routes: list[URLPattern] = [
    route("closures/", listed, name="closures", policy=needs(Capability.USE_DESK)),
    route("closures/add/", add, name="add_closure", policy=_CLOSE),
    route("closures/<code:closure_id>/remove/", remove, name="remove_closure", policy=_CLOSE.on("POST")),
]
