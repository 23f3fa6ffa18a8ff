"""What stands on accounts, for floors above that know their owners and not their tables."""

from __future__ import annotations

from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Coalesce

from billing.models import Entry


def is_in_use(unit: str) -> bool:
    """Whether anything was ever posted or held in this unit: a currency on the books stays."""
    return Entry.objects.filter(source__unit=unit).exists()


def gone_to(*owners: str) -> CombinedExpression:
    """For annotating rows that have an ``account``: how much of it went to these owners and stayed there."""
    moved = Entry.objects.filter(
        source=OuterRef("account"), destination__owner__in=owners, kind__in=["post", "settle"]
    )
    came_back = Entry.objects.filter(
        destination=OuterRef("account"), source__owner__in=owners, kind__in=["post", "settle"]
    )
    return _sum(moved, "source") - _sum(came_back, "destination")


def standing_wages(session_id: int) -> QuerySet[Entry]:
    """Entries that paid the wage of a session, whether reversed since or not, oldest first."""
    return Entry.objects.filter(key__startswith=f"wage:session:{session_id}:", reverses=None).order_by("pk")


def _sum(entries: QuerySet[Entry], by: str) -> Coalesce:
    total = entries.order_by().values(by).annotate(total=Sum("amount"))
    return Coalesce(Subquery(total.values("total")), 0)
