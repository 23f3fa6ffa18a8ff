"""Invoices with what was paid and what is open, always derived from payments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import F, OuterRef, Prefetch, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from billing.models import Invoice, InvoiceLine, Payment
from studio.people.rules.permissions import Actor, Capability


def visible_to(actor: Actor) -> QuerySet[Any]:
    """Invoices this actor may see, newest first, with ``paid_minor`` and ``open_minor``."""
    invoices = Invoice.objects.all()
    if not actor.may(Capability.SEE_MONEY):
        invoices = invoices.filter(person=actor.person_id) if actor.person_id else invoices.none()
    return with_payments(invoices).order_by("-issued_at", "-pk")


def with_payments(invoices: QuerySet[Invoice]) -> QuerySet[Any]:
    """Annotate ``paid_minor`` and ``open_minor``."""
    received = Payment.objects.filter(invoice=OuterRef("pk")).order_by().values("invoice")
    paid = Coalesce(Subquery(received.annotate(minor=Sum("amount_minor")).values("minor")), 0)
    return invoices.select_related("person").annotate(paid_minor=paid, open_minor=F("total_minor") - paid)


def with_lines(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """These invoices with their lines in order."""
    lines = InvoiceLine.objects.order_by("position")
    return invoices.prefetch_related(Prefetch("lines", queryset=lines))


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it stands, with what was charged and who wrote it down. Amounts in minor units."""

    position: int
    description: str
    service_on: date
    amount_minor: int
    charge_id: int
    expected_minor: int
    charged_at: datetime
    written_by: str


def line(invoice_id: int, position: int) -> Line | None:
    """One line of an invoice, or None if it has no such line."""
    found = (
        InvoiceLine.objects.filter(invoice_id=invoice_id, position=position)
        .select_related("charge__entry__operation__actor")
        .first()
    )
    if found is None:
        return None
    entry = found.charge.entry
    return Line(
        position=found.position,
        description=found.description,
        service_on=found.service_on,
        amount_minor=found.amount_minor,
        charge_id=found.charge_id,
        expected_minor=found.charge.expected_minor,
        charged_at=found.charge.at,
        written_by=entry.operation.actor.name if entry and entry.operation.actor else "",
    )


def open_invoices() -> QuerySet[Any]:
    """Invoices that are not fully paid, oldest due first."""
    return with_payments(Invoice.objects.all()).filter(open_minor__gt=0).order_by("due_on", "pk")


def paid() -> QuerySet[Invoice]:
    """Invoices paid in full."""
    payments = (
        Payment.objects.filter(invoice=OuterRef("pk")).values("invoice").annotate(paid=Sum("amount_minor"))
    )
    return Invoice.objects.alias(paid=Subquery(payments.values("paid"))).filter(paid__gte=F("total_minor"))
