"""Sessions: what is on, what can be booked."""

from __future__ import annotations

from datetime import date

import django_filters
from django.db.models import QuerySet
from django.urls import URLPattern
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers

from sessions_app.models import Session
from sessions_app.queries import catalogue
from sessions_app.queries import sessions as queries
from studio.people.rules.permissions import Capability
from studio.web.api import fields
from studio.web.api.filters import ApiFilterSet, CodeFilter
from studio.web.api.views import Listed, One, View
from studio.web.routes import SIGNED_IN, in_api, route


class SessionBody(fields.ReadOnly):
    """One dated meeting with a capacity. Times are instants in UTC, and wall-clock time at the location."""

    id = fields.CodeField(source="pk", read_only=True)
    service = fields.Named()
    location = fields.Named()
    room = fields.Named(allow_null=True)
    practitioner = fields.Named(allow_null=True)
    series = fields.CodeField(source="series_id", read_only=True, allow_null=True)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    local_start = serializers.SerializerMethodField(help_text="The clock on the wall there, without a zone.")
    time_zone = serializers.CharField()
    state = serializers.SerializerMethodField()
    capacity = serializers.IntegerField()
    booked = serializers.IntegerField()
    places_left = serializers.IntegerField()
    price_minor = serializers.SerializerMethodField(help_text="Without a credit, in the smallest unit.")
    currency = fields.Currency()
    public_note = serializers.CharField()
    staff_note = serializers.SerializerMethodField(help_text="Null for whoever may not read it.")

    def get_local_start(self, session: Session) -> str:
        return session.local_start.replace(tzinfo=None).isoformat()

    @extend_schema_field(serializers.ChoiceField(choices=queries.STATES))
    def get_state(self, session: Session) -> str:
        return queries.state_of(session, at=self.context["request"].now)

    def get_price_minor(self, session: Session) -> int:
        return queries.price_minor(session)

    def get_staff_note(self, session: Session) -> str | None:
        return session.staff_note if self.actor.may(Capability.WRITE_STAFF_NOTES) else None


class SessionFilters(ApiFilterSet):
    """Narrow the list. Dates are local ones at each session's location, both included."""

    earliest = django_filters.DateFilter(method="from_day", label="First local date")
    latest = django_filters.DateFilter(method="to_day", label="Last local date")
    service = CodeFilter(field_name="service")
    location = CodeFilter(field_name="location")
    practitioner = CodeFilter(field_name="practitioner")
    series = CodeFilter(field_name="series")
    bookable = django_filters.BooleanFilter(method="only_bookable", label="Members could book it now")

    def from_day(self, sessions: QuerySet[Session], name: str, on: date) -> QuerySet[Session]:
        return catalogue.from_day(sessions, on)

    def to_day(self, sessions: QuerySet[Session], name: str, on: date) -> QuerySet[Session]:
        return catalogue.to_day(sessions, on)

    def only_bookable(self, sessions: QuerySet[Session], name: str, yes: bool) -> QuerySet[Session]:
        bookable = catalogue.bookable(sessions, at=self.at)
        return bookable if yes else sessions.exclude(pk__in=bookable.values("pk"))


class _Sessions(View):
    serializer_class = SessionBody
    filterset_class = SessionFilters
    ordering = ("starts_at", "pk")
    lookup_url_kwarg = "session_id"
    queryset = Session.objects.none()

    def get_queryset(self) -> QuerySet[Session]:
        return catalogue.visible(self.request.actor)


@extend_schema(summary="Sessions, in the order of their start")
class SessionList(Listed, _Sessions):
    """Staff see every session; members what is offered to them, and what they have a place in."""


@extend_schema(summary="One session")
class SessionOne(One, _Sessions):
    """A session that this caller may not see is answered like one that does not exist."""


routes: list[URLPattern] = [
    route("sessions/", SessionList.as_view(), name="sessions", policy=in_api(SIGNED_IN)),
    route("sessions/<code:session_id>/", SessionOne.as_view(), name="session", policy=in_api(SIGNED_IN)),
]
