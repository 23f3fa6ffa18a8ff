"""Services and locations: what sessions are made of, for whoever needs their codes."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet
from django.urls import URLPattern
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from scheduling.models import Location, Room, Service
from studio.people.rules.permissions import Capability
from studio.web.api import fields
from studio.web.api.views import Listed
from studio.web.routes import SIGNED_IN, in_api, route


class ServiceBody(fields.ReadOnly):
    """What is delivered and priced."""

    id = fields.CodeField(source="pk", read_only=True)
    name = serializers.CharField()
    description = serializers.CharField()
    pricing = serializers.ChoiceField(choices=Service.Pricing.choices)
    cost_minor = serializers.IntegerField()
    currency = fields.Currency()
    capacity = serializers.IntegerField()
    duration_minutes = serializers.IntegerField()
    members_may_book = serializers.BooleanField()


class RoomBody(fields.ReadOnly):
    """A room of a location. Without a capacity it limits nobody."""

    id = fields.CodeField(source="pk", read_only=True)
    name = serializers.CharField()
    capacity = serializers.IntegerField(allow_null=True)


class LocationBody(fields.ReadOnly):
    """A place with its own time zone, and its rooms."""

    id = fields.CodeField(source="pk", read_only=True)
    name = serializers.CharField()
    time_zone = serializers.CharField()
    members_may_book = serializers.BooleanField()
    rooms = RoomBody(many=True)


@extend_schema(summary="Services, by name")
class ServiceList(Listed):
    """Members see what they may book (S3-84)."""

    serializer_class = ServiceBody
    ordering = ("name", "pk")
    queryset = Service.objects.none()

    def get_queryset(self) -> QuerySet[Service]:
        services = Service.objects.all()
        return services if _at_desk(self) else services.filter(members_may_book=True)


@extend_schema(summary="Locations with their rooms, by name")
class LocationList(Listed):
    """Members see where they may book (S3-84)."""

    serializer_class = LocationBody
    ordering = ("name", "pk")
    queryset = Location.objects.none()

    def get_queryset(self) -> QuerySet[Location]:
        rooms = Prefetch("rooms", queryset=Room.objects.order_by("name", "pk"))
        locations = Location.objects.prefetch_related(rooms)
        return locations if _at_desk(self) else locations.filter(members_may_book=True)


def _at_desk(view: Listed) -> bool:
    return bool(view.request.actor.may(Capability.USE_DESK))


routes: list[URLPattern] = [
    route("services/", ServiceList.as_view(), name="services", policy=in_api(SIGNED_IN)),
    route("locations/", LocationList.as_view(), name="locations", policy=in_api(SIGNED_IN)),
]
