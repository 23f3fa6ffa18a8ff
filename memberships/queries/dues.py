"""Dues that are settled, and what has not followed from them yet."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from billing.queries import invoices
from memberships.models import DuesPeriod, PaymentTermBucket


def settled() -> QuerySet[DuesPeriod]:
    """Periods whose charge came to nothing, or stands on a fully paid invoice. Derived, never copied."""
    paid_invoices = invoices.paid().filter(lines__charge=OuterRef("charge"))
    return DuesPeriod.objects.filter(Q(charge__amount_minor=0) | Exists(paid_invoices))


def settled_without_lots() -> QuerySet[DuesPeriod, Any]:
    """Settled periods of payment terms that grant credits, and that have not been granted for.

    Oldest first.
    """
    grants_something = PaymentTermBucket.objects.filter(
        payment_term=OuterRef("membership__payment_term"), quantity__gt=0
    )
    return (
        settled().filter(Exists(grants_something), lots__isnull=True).order_by("starts_on", "pk").values("pk")
    )
