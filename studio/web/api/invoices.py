"""Invoices with their lines, and what is paid and open."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet
from django.urls import URLPattern
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from billing.queries import invoices
from studio.people.rules.permissions import NOBODY
from studio.web.api import fields
from studio.web.api.filters import ApiFilterSet, CodeFilter
from studio.web.api.views import Listed, One, View
from studio.web.routes import SIGNED_IN, in_api, route


class InvoiceLineBody(fields.ReadOnly):
    """One charge on an invoice."""

    position = serializers.IntegerField()
    description = serializers.CharField()
    service_on = serializers.DateField()
    amount_minor = serializers.IntegerField()


class InvoiceBody(fields.ReadOnly):
    """A numbered claim, in the smallest unit of its currency. What is paid follows from payments."""

    id = fields.CodeField(source="pk", read_only=True)
    number = serializers.CharField()
    person = fields.Named()
    issued_at = serializers.DateTimeField()
    issued_on = serializers.DateField()
    due_on = serializers.DateField()
    currency = serializers.CharField()
    total_minor = serializers.IntegerField()
    paid_minor = serializers.IntegerField()
    open_minor = serializers.IntegerField()
    lines = InvoiceLineBody(many=True)


class InvoiceFilters(ApiFilterSet):
    """Narrow the list."""

    person = CodeFilter(field_name="person")
    is_open = django_filters.BooleanFilter(method="only_open", label="Not fully paid")

    def only_open(self, found: QuerySet, name: str, yes: bool) -> QuerySet:
        return found.filter(open_minor__gt=0) if yes else found.filter(open_minor__lte=0)


class _Invoices(View):
    serializer_class = InvoiceBody
    filterset_class = InvoiceFilters
    lookup_url_kwarg = "invoice_id"
    queryset = invoices.visible_to(NOBODY)

    def get_queryset(self) -> QuerySet:
        return invoices.with_lines(invoices.visible_to(self.request.actor))


@extend_schema(summary="Invoices, newest first")
class InvoiceList(Listed, _Invoices):
    """Whoever sees money sees all; others their own."""


@extend_schema(summary="One invoice")
class InvoiceOne(One, _Invoices):
    """An invoice that this caller may not see is answered like one that does not exist."""


routes: list[URLPattern] = [
    route("invoices/", InvoiceList.as_view(), name="invoices", policy=in_api(SIGNED_IN)),
    route("invoices/<code:invoice_id>/", InvoiceOne.as_view(), name="invoice", policy=in_api(SIGNED_IN)),
]
