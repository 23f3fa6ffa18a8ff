"""People: whom the caller may see, and the caller themselves."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet
from django.urls import URLPattern
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from studio.people.models import ROLE_CHOICES, Person
from studio.people.queries import people
from studio.web.api import fields
from studio.web.api.filters import ApiFilterSet
from studio.web.api.requests import Request
from studio.web.api.views import Listed, One, View
from studio.web.routes import SIGNED_IN, in_api, route


class PersonBody(fields.ReadOnly):
    """Anyone the business knows."""

    id = fields.CodeField(source="pk", read_only=True)
    name = serializers.CharField()
    role = serializers.ChoiceField(choices=ROLE_CHOICES)
    email = serializers.CharField(help_text="Empty when there is none.")
    phone = serializers.CharField()
    is_active = serializers.BooleanField()
    joined_on = serializers.DateField(allow_null=True)


class MeBody(PersonBody):
    """The caller, with everything they may do."""

    capabilities = serializers.SerializerMethodField()

    def get_capabilities(self, person: Person) -> list[str]:
        return sorted(person.actor.capabilities)


class PersonFilters(ApiFilterSet):
    """Narrow the list. Without ``is_active`` it is everybody, whether their account is open or closed."""

    search = django_filters.CharFilter(method="find", label="Words of the name, address or phone")
    role = django_filters.ChoiceFilter(choices=ROLE_CHOICES)
    is_active = django_filters.BooleanFilter()

    def find(self, found: QuerySet[Person], name: str, words: str) -> QuerySet[Person]:
        named = people.directory(actor=self.request.actor, search=words, is_active=None)
        return found.filter(pk__in=named.order_by().values("pk"))


class _People(View):
    serializer_class = PersonBody
    filterset_class = PersonFilters
    ordering = ("name", "pk")
    lookup_url_kwarg = "person_id"
    queryset = Person.objects.none()

    def get_queryset(self) -> QuerySet[Person]:
        return Person.objects.visible_to(self.request.actor)


@extend_schema(summary="People, by name")
class PersonList(Listed, _People):
    """The desk sees everyone; others see themselves and whom they pay for."""


@extend_schema(summary="One person")
class PersonOne(One, _People):
    """Somebody whom this caller may not see is answered like somebody who does not exist."""


@extend_schema(summary="The caller", responses=MeBody)
class Me(View):
    """Who the token or the browser belongs to."""

    def get(self, request: Request) -> Response:
        return Response(MeBody(request.person, context={"request": request}).data)


routes: list[URLPattern] = [
    route("people/", PersonList.as_view(), name="people", policy=in_api(SIGNED_IN)),
    route("people/me/", Me.as_view(), name="me", policy=in_api(SIGNED_IN)),
    route("people/<code:person_id>/", PersonOne.as_view(), name="person", policy=in_api(SIGNED_IN)),
]
