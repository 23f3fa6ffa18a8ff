"""Places with their rooms, and services: read first, then edited (S3-84, S3-97)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponse
from django.urls import URLPattern, reverse

from scheduling.domain import inventory
from scheduling.queries import inventory as queries
from studio.lib.refusals import Refused
from studio.people.rules.permissions import Capability
from studio.web.desk import answers
from studio.web.desk.answers import KeyForm
from studio.web.desk.inventory_forms import LocationForm, RoomForm, ServiceForm
from studio.web.requests import Request
from studio.web.routes import needs, route

SETTINGS = ("Settings", "desk:settings")


def locations(request: Request) -> HttpResponse:
    """Every place with its rooms."""
    page = answers.paged(request, queries.locations())
    context = {"page": page, "rows": page.object_list, **_common(request)}
    return answers.page(request, "desk/locations.html", context)


def add_location(request: Request) -> HttpResponse:
    form = LocationForm(
        request.POST or None, initial={"time_zone": request.studio.time_zone, "members_may_book": True}
    )
    return _edited(request, form, inventory.save_location, {}, "Add a place", "desk:locations")


def edit_location(request: Request, location_id: int) -> HttpResponse:
    location = _found(queries.location(location_id))
    initial = {name: getattr(location, name) for name in ("name", "time_zone", "members_may_book")}
    form = LocationForm(request.POST or None, initial=initial)
    of = {"location_id": location.id}
    return _edited(request, form, inventory.save_location, of, f"Edit {location.name}", "desk:locations")


def add_room(request: Request, location_id: int) -> HttpResponse:
    location = _found(queries.location(location_id))
    form = RoomForm(request.POST or None)
    of = {"location_id": location.id}
    return _edited(request, form, inventory.save_room, of, f"Add a room to {location.name}", "desk:locations")


def edit_room(request: Request, room_id: int) -> HttpResponse:
    room = _found(queries.room(room_id))
    form = RoomForm(request.POST or None, initial={"name": room.name, "capacity": room.capacity})
    of = {"room_id": room.id, "location_id": room.location_id}
    return _edited(request, form, inventory.save_room, of, f"Edit {room.name}", "desk:locations")


def services(request: Request) -> HttpResponse:
    """Every service with its terms."""
    page = answers.paged(request, queries.services())
    context = {"page": page, "rows": page.object_list, **_common(request)}
    return answers.page(request, "desk/services.html", context)


def add_service(request: Request) -> HttpResponse:
    initial = {"pricing": "fixed", "capacity": 12, "duration_minutes": 60, "members_may_book": True}
    form = ServiceForm(request.POST or None, currency=request.studio.currency, initial=initial)
    return _edited(request, form, inventory.save_service, {}, "Add a service", "desk:services")


def edit_service(request: Request, service_id: int) -> HttpResponse:
    service = _found(queries.service(service_id))
    form = ServiceForm(request.POST or None, currency=request.studio.currency, initial=service._asdict())
    of = {"service_id": service.id, "hue": service.hue}
    return _edited(request, form, inventory.save_service, of, f"Edit {service.name}", "desk:services")


def _edited(
    request: Request, form: KeyForm, verb: Callable[..., Any], of: dict[str, Any], title: str, back: str
) -> HttpResponse:
    """The form, or what it sent saved; a refusal puts every reason beside its field."""
    refusal: Refused | None = None
    if request.method == "POST" and form.is_valid():
        key = answers.key_of(request)
        try:
            verb(**of, **form.terms(), by=request.actor, at=request.now, key=key)  # type: ignore[attr-defined]
        except Refused as refused:
            refusal = refused
            form.add_reasons(refused)
        else:
            return answers.done(request, f"{form.cleaned_data['name']} saved", to=reverse(back), key=key)
    label = "Places" if back == "desk:locations" else "Services"
    context = {
        "form": form,
        "title": title,
        "back": reverse(back),
        "crumbs": [(SETTINGS[0], reverse(SETTINGS[1])), (label, reverse(back))],
    }
    status = answers.status_of(refusal) if refusal else 422 if form.errors else 200
    return answers.page(request, "desk/settings_edit.html", context, status=status)


def _common(request: Request) -> dict[str, Any]:
    return {
        "may_change": request.actor.may(Capability.CHANGE_SETTINGS),
        "crumbs": [(SETTINGS[0], reverse(SETTINGS[1]))],
    }


def _found[Row](row: Row | None) -> Row:
    if row is None:
        raise Http404("no such row")
    return row


_SEE = needs(Capability.SEE_PEOPLE, Capability.CHANGE_SETTINGS)
_CHANGE = needs(Capability.CHANGE_SETTINGS, methods=("GET", "POST"))

routes: list[URLPattern] = [
    route("settings/places/", locations, name="locations", policy=_SEE),
    route("settings/places/add/", add_location, name="add_location", policy=_CHANGE),
    route("settings/places/<code:location_id>/", edit_location, name="edit_location", policy=_CHANGE),
    route("settings/places/<code:location_id>/rooms/", add_room, name="add_room", policy=_CHANGE),
    route("settings/rooms/<code:room_id>/", edit_room, name="edit_room", policy=_CHANGE),
    route("settings/services/", services, name="services", policy=_SEE),
    route("settings/services/add/", add_service, name="add_service", policy=_CHANGE),
    route("settings/services/<code:service_id>/", edit_service, name="edit_service", policy=_CHANGE),
]
