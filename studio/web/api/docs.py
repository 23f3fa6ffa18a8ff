"""The description of the API, for programs and for people."""

from __future__ import annotations

from functools import cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from studio.web.api import description
from studio.web.api.description import Description
from studio.web.api.requests import Request
from studio.web.api.views import View
from studio.web.routes import PUBLIC, in_api, route, route_matching


def page(request: HttpRequest) -> HttpResponse:
    """Everything the API can do, for people to read. Whoever is signed in can open the lists from here."""
    return render(request, "api/docs.html", {"description": _described()})


@cache
def _described() -> Description:
    # It follows from the code alone, so one look per process is enough.
    return description.of(SchemaGenerator().get_schema(request=None, public=True))


@extend_schema(exclude=True)
class Elsewhere(View):
    """Any address that the API does not have: a problem, not a page."""

    def _nothing(self, request: Request) -> Response:
        raise NotFound

    get = post = _nothing


schema_routes: list[URLPattern] = [
    route("schema/", SpectacularAPIView.as_view(), name="schema", policy=in_api(PUBLIC)),
]
last_routes: list[URLPattern] = [
    route_matching(r"", Elsewhere.as_view(), name="elsewhere", policy=in_api(PUBLIC.on("GET", "POST"))),
]
docs_routes: list[URLPattern] = [
    route("docs/", page, name="docs", policy=PUBLIC),
]
