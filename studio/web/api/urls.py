"""The addresses of the API: every module lists its own."""

from django.urls import URLPattern, URLResolver, include, path

from studio.web.api import bookings, credits, docs, invoices, people, places, series, sessions, sign_in

app_name = "api"

_version_1 = [
    *sign_in.routes,
    *sessions.routes,
    *series.routes,
    *places.routes,
    *people.routes,
    *bookings.routes,
    *credits.routes,
    *invoices.routes,
    *docs.schema_routes,
    *docs.last_routes,
]

urlpatterns: list[URLPattern | URLResolver] = [
    *docs.docs_routes,
    path("v1/", include(_version_1)),
]
