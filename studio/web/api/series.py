"""Series: timetables that repeat, and what would become of one before it is made."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.urls import URLPattern
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from scheduling.models import Series, Service
from scheduling.rules import recurrence
from scheduling.rules.preview import PlannedDate
from scheduling.rules.recurrence import Rule
from sessions_app.domain import timetable as verbs
from sessions_app.queries import catalogue
from sessions_app.queries import timetable as queries
from sessions_app.rules import timetable as rules
from studio.lib.consequences import KINDS
from studio.lib.refusals import Reason
from studio.lib.transactions import preview
from studio.people.rules.permissions import Capability
from studio.web.api import access, fields
from studio.web.api.filters import ApiFilterSet, CodeFilter
from studio.web.api.problems import NotAllowed
from studio.web.api.requests import Request
from studio.web.api.schema import IDEMPOTENCY_KEY
from studio.web.api.views import Listed, One, View
from studio.web.routes import in_api, needs, route

MAY_PLAN = (Capability.ADD_SESSIONS, Capability.ADD_OWN_SESSIONS)


class SeriesBody(fields.ReadOnly):
    """The rule that produces sessions. The worker makes them soon after it is saved."""

    id = fields.CodeField(source="pk", read_only=True)
    service = fields.Named()
    location = fields.Named()
    room = fields.Named(allow_null=True)
    practitioner = fields.Named(allow_null=True)
    repeats = serializers.SerializerMethodField(help_text="The rule in words.")
    weekdays = serializers.ListField(child=serializers.IntegerField(), help_text="0 is Monday.")
    frequency = serializers.ChoiceField(choices=Series.Frequency.choices)
    monthly_kind = serializers.ChoiceField(choices=Series.MonthlyKind.choices)
    every = serializers.IntegerField()
    starts_on = serializers.DateField()
    starts_time = serializers.TimeField(help_text="At the location; it stays through clock changes.")
    duration_minutes = serializers.IntegerField()
    count = serializers.IntegerField(allow_null=True)
    until = serializers.DateField(allow_null=True)
    capacity = serializers.IntegerField()
    state = serializers.SerializerMethodField()
    sessions = serializers.IntegerField(source="standing", help_text="How many were made and stand.")
    cost_minor = serializers.IntegerField(allow_null=True, help_text="Null: what the service costs.")
    wage_minor = serializers.SerializerMethodField(help_text="Null: the service's, or not for this caller.")
    currency = fields.Currency()
    public_note = serializers.CharField()
    staff_note = serializers.SerializerMethodField(help_text="Null for whoever may not read it.")

    def get_repeats(self, series: Series) -> str:
        return recurrence.in_words(queries.rule_of(series))

    @extend_schema_field(serializers.ChoiceField(choices=["draft", "waiting", "made", "withdrawn"]))
    def get_state(self, series: Series) -> str:
        if series.expanded_through is None:
            return "waiting" if series.is_enabled else "draft"
        return "made" if series.is_enabled else "withdrawn"

    def get_wage_minor(self, series: Series) -> int | None:
        is_own = series.practitioner_id == self.actor.person_id
        return series.wage_minor if self.actor.may(Capability.SEE_WAGES, own=is_own) else None

    def get_staff_note(self, series: Series) -> str | None:
        return series.staff_note if self.actor.may(Capability.WRITE_STAFF_NOTES) else None


class SeriesPlanBody(fields.Body):
    """A series to make, with exactly one of ``count`` and ``until``.

    Length and places are the service's unless given.
    """

    service = fields.CodeField()
    location = fields.CodeField()
    room = fields.CodeField(required=False, allow_null=True)
    practitioner = fields.CodeField(required=False, allow_null=True)
    weekdays = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6), max_length=7, required=False
    )
    frequency = serializers.ChoiceField(choices=Series.Frequency.choices, default="weekly")
    monthly_kind = serializers.ChoiceField(choices=Series.MonthlyKind.choices, default="weekday")
    every = serializers.IntegerField(default=1)
    starts_on = serializers.DateField()
    starts_time = serializers.TimeField()
    duration_minutes = serializers.IntegerField(required=False, allow_null=True)
    count = serializers.IntegerField(required=False, allow_null=True)
    until = serializers.DateField(required=False, allow_null=True)
    capacity = serializers.IntegerField(required=False, allow_null=True)
    is_enabled = serializers.BooleanField(default=True, help_text="False keeps a draft.")
    public_note = serializers.CharField(required=False, allow_blank=True)
    staff_note = serializers.CharField(required=False, allow_blank=True)
    cost_minor = serializers.IntegerField(required=False, allow_null=True)
    wage_minor = serializers.IntegerField(required=False, allow_null=True)
    skip_on = serializers.ListField(
        child=serializers.DateField(), required=False, max_length=1000, help_text="Dates to leave out."
    )
    keep_on = serializers.ListField(
        child=serializers.DateField(),
        required=False,
        max_length=1000,
        help_text="Closed days on which it is held all the same.",
    )


class NewSeriesBody(SeriesPlanBody):
    """The same, and what the preview said, if it was asked."""

    expecting = serializers.CharField(
        required=False,
        max_length=64,
        help_text="The preview's fingerprint: if the world moved since, nothing is made (409).",
    )


class ConsequenceBody(fields.ReadOnly):
    """One line of what would happen."""

    kind = serializers.ChoiceField(choices=list(KINDS))
    text = serializers.CharField()


class PlannedDateBody(fields.ReadOnly):
    """One date of the rule, with everything that deserves a look."""

    on = serializers.DateField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    is_held = serializers.BooleanField()
    left_out_because = serializers.CharField(help_text="Empty for dates that are held.")
    status = serializers.ChoiceField(choices=["ok", "conflict", "closure"])
    shift = serializers.ChoiceField(
        choices=["none", "gap", "fold"], help_text="Whether a clock change skips or doubles the start."
    )
    notes = serializers.ListField(child=serializers.CharField())


class SeriesPreviewBody(fields.ReadOnly):
    """What making this series would do now. Nothing has been done."""

    repeats = serializers.CharField()
    held = serializers.IntegerField()
    left_out = serializers.IntegerField()
    dates = PlannedDateBody(many=True)
    consequences = ConsequenceBody(many=True)
    fingerprint = serializers.CharField()


class SeriesFilters(ApiFilterSet):
    """Narrow the list."""

    service = CodeFilter(field_name="service")
    location = CodeFilter(field_name="location")
    practitioner = CodeFilter(field_name="practitioner")
    is_enabled = django_filters.BooleanFilter()


class _Series(View):
    serializer_class = SeriesBody
    filterset_class = SeriesFilters
    lookup_url_kwarg = "series_id"
    queryset = Series.objects.none()

    def get_queryset(self) -> QuerySet[Series]:
        return catalogue.series()


class SeriesList(Listed, _Series):
    """For everybody who works here."""

    @extend_schema(summary="Series, newest first")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        summary="Make a series",
        request=NewSeriesBody,
        responses={201: SeriesBody},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """The worker makes its sessions. Closed days and dates in conflict are left out."""
        body = NewSeriesBody(data=request.data)
        body.is_valid(raise_exception=True)
        expecting = body.validated_data.pop("expecting", None)
        series_id = verbs.create_series(
            **_asked(request, body.validated_data),
            by=request.actor,
            at=request.now,
            key=access.operation_key(request),
            expecting=expecting,
        )
        made = catalogue.series().get(pk=series_id)
        return Response(SeriesBody(made, context={"request": request}).data, status=201)


@extend_schema(summary="One series")
class SeriesOne(One, _Series):
    """For everybody who works here."""


class PreviewSeries(View):
    """What would become of a series."""

    @extend_schema(
        summary="Preview a series",
        request=SeriesPlanBody,
        responses={200: SeriesPreviewBody},
        operation_id="series_preview",
    )
    def post(self, request: Request) -> Response:
        """Every date with conflicts, closures and clock changes; nothing is written."""
        body = SeriesPlanBody(data=request.data)
        body.is_valid(raise_exception=True)
        asked = _asked(request, body.validated_data)
        seen = preview(verbs.create_series, **asked, by=request.actor, at=request.now)
        said = _dates(asked) | {"consequences": seen.consequences, "fingerprint": seen.fingerprint}
        return Response(SeriesPreviewBody(said, context={"request": request}).data)


def _asked(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """The verb's arguments, if this caller may send them all.

    :raises NotAllowed: if a note, a cost or a wage is not theirs to write.
    """
    is_own = body.get("practitioner") == request.actor.person_id
    reasons = [
        Reason(f"no_{field}", f"You may not set “{field}”.", "Leave it out, or ask an admin.", field=field)
        for field, capability in _NEEDED.items()
        if body.get(field) not in (None, "") and not request.actor.may(capability, own=is_own)
    ]
    if reasons:
        raise NotAllowed(*reasons)
    return {_RENAMED.get(name, name): value for name, value in body.items()}


def _dates(asked: dict[str, Any]) -> dict[str, Any]:
    """The dates of what was asked, as the verb decides about them."""
    service = Service.objects.get(pk=asked["service_id"])
    rule = Rule(
        weekdays=tuple(sorted(set(asked.get("weekdays", ())))),
        **{name: asked[name] for name in ("starts_on", "frequency", "monthly_kind", "every")},
        count=asked.get("count"),
        until=asked.get("until"),
    )
    lasts = asked.get("duration_minutes")
    planned = queries.planned_dates(
        rule,
        starts_time=asked["starts_time"],
        duration_minutes=service.duration_minutes if lasts is None else lasts,
        location_id=asked["location_id"],
        room_id=asked.get("room_id"),
        practitioner_id=asked.get("practitioner_id"),
    )
    decided = rules.decide(planned, skip_on=asked.get("skip_on", ()), keep_on=asked.get("keep_on", ()))
    reasons = {each.on: each.reason for each in decided.left_out}
    return {
        "repeats": recurrence.in_words(rule),
        "held": len(decided.held),
        "left_out": len(decided.left_out),
        "dates": [_date(each, reasons.get(each.on, "")) for each in planned],
    }


def _date(planned: PlannedDate, left_out_because: str) -> dict[str, Any]:
    return {
        "on": planned.on,
        "starts_at": planned.starts_at,
        "ends_at": planned.ends_at,
        "is_held": not left_out_because,
        "left_out_because": left_out_because,
        "status": planned.status,
        "shift": planned.shift,
        "notes": planned.notes,
    }


_RENAMED = {
    "service": "service_id",
    "location": "location_id",
    "room": "room_id",
    "practitioner": "practitioner_id",
}
_NEEDED = {
    "public_note": Capability.WRITE_PUBLIC_NOTES,
    "staff_note": Capability.WRITE_STAFF_NOTES,
    "cost_minor": Capability.OVERRIDE_COSTS,
    "wage_minor": Capability.OVERRIDE_COSTS,
}
_SEE = needs(Capability.USE_DESK)

routes: list[URLPattern] = [
    route("series/", SeriesList.as_view(), name="series", policy=in_api(_SEE.writing(*MAY_PLAN))),
    route(
        "series/preview/",
        PreviewSeries.as_view(),
        name="preview_series",
        policy=in_api(needs(*MAY_PLAN, methods=("POST",))),
    ),
    route("series/<code:series_id>/", SeriesOne.as_view(), name="one_series", policy=in_api(_SEE)),
]
