"""The product's addresses, and a few that only answer who came in."""

from django.http import HttpRequest, HttpResponse

from studio.people.rules.permissions import Capability
from studio.urls import urlpatterns as product
from studio.web.routes import PUBLIC, SIGNED_IN, needs, route


def probe(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{request.method} {request.person}", content_type="text/plain")


urlpatterns = [
    *product,
    route("probe/public/", probe, name="probe-public", policy=PUBLIC),
    route("probe/signed-in/", probe, name="probe-signed-in", policy=SIGNED_IN.on("GET", "POST")),
    route(
        "probe/closures/",
        probe,
        name="probe-closures",
        policy=needs(Capability.SEE_CLOSURES).writing(Capability.MANAGE_CLOSURES),
    ),
    route("probe/settings/", probe, name="probe-settings", policy=needs(Capability.CHANGE_SETTINGS)),
    route("probe/form/", probe, name="probe-form", policy=SIGNED_IN.on("POST")),
]
