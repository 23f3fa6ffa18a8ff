"""Credits: lots with what is free, held, used and expired, and every entry behind these numbers."""

from __future__ import annotations

from django.db.models import QuerySet
from django.urls import URLPattern
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from memberships.models import CreditLot
from memberships.queries import log, lots
from studio.lib.refusals import NotFound
from studio.web.api import fields
from studio.web.api.filters import ApiFilterSet, CodeFilter
from studio.web.api.requests import Request
from studio.web.api.views import Listed, One, View
from studio.web.routes import SIGNED_IN, in_api, route


class CreditLotBody(fields.ReadOnly):
    """Credits granted together: ``free + held + used + expired = granted``."""

    id = fields.CodeField(source="pk", read_only=True)
    person = fields.Named()
    credit_type = fields.Named()
    granted = serializers.IntegerField()
    free = serializers.IntegerField()
    held = serializers.IntegerField(help_text="Taken by bookings of sessions that are not completed.")
    used = serializers.IntegerField()
    expired = serializers.IntegerField()
    granted_at = serializers.DateTimeField()
    last_valid_on = serializers.DateField(allow_null=True, help_text="Null: they do not end.")
    is_free = serializers.BooleanField(help_text="Given, not paid for.")
    reason = serializers.CharField()


class CreditEntryBody(fields.ReadOnly):
    """One entry of the ledger in words: what it did to the free credits, and what was left after it."""

    at = serializers.DateTimeField()
    actor = serializers.CharField(help_text="Who did it; empty for the system.")
    by = serializers.ChoiceField(choices=[log.MEMBER, log.EMPLOYEE, log.SYSTEM])
    words = serializers.CharField()
    word = serializers.CharField(help_text="In one word: bought, held, used, returned …")
    change = serializers.IntegerField()
    available = serializers.IntegerField()
    booking = fields.CodeField(source="booking_id", allow_null=True)


class CreditEntriesBody(fields.ReadOnly):
    """All entries of a lot, oldest first. A lot has a few for each of its credits, so they are one page."""

    results = CreditEntryBody(many=True)


class LotFilters(ApiFilterSet):
    """Narrow the list."""

    person = CodeFilter(field_name="person")
    credit_type = CodeFilter(field_name="credit_type")


class _Lots(View):
    serializer_class = CreditLotBody
    filterset_class = LotFilters
    lookup_url_kwarg = "lot_id"
    queryset = CreditLot.objects.none()

    def get_queryset(self) -> QuerySet[CreditLot]:
        visible = CreditLot.objects.visible_to(self.request.actor)
        return lots.with_numbers(visible.select_related("person"))


@extend_schema(summary="Credit lots, newest first")
class LotList(Listed, _Lots):
    """The desk sees everybody's; others their own and those of whom they pay for."""


@extend_schema(summary="One credit lot")
class LotOne(One, _Lots):
    """A lot that this caller may not see is answered like one that does not exist."""


class LotEntries(View):
    """The entries behind a lot's numbers."""

    @extend_schema(
        summary="Every entry of a credit lot", responses=CreditEntriesBody, operation_id="credit_lots_entries"
    )
    def get(self, request: Request, lot_id: int) -> Response:
        """Oldest first; the changes add up to what is free now."""
        lot = CreditLot.objects.visible_to(request.actor).filter(pk=lot_id).first()
        if lot is None:
            raise NotFound("lot")
        entries = log.credit_log(lot.person_id, lot_id=lot.pk)
        return Response(CreditEntriesBody({"results": entries}, context={"request": request}).data)


routes: list[URLPattern] = [
    route("credit-lots/", LotList.as_view(), name="lots", policy=in_api(SIGNED_IN)),
    route("credit-lots/<code:lot_id>/", LotOne.as_view(), name="lot", policy=in_api(SIGNED_IN)),
    route(
        "credit-lots/<code:lot_id>/entries/",
        LotEntries.as_view(),
        name="lot_entries",
        policy=in_api(SIGNED_IN),
    ),
]
