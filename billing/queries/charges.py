"""What is owed, and for what."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from billing.models import Charge


def uninvoiced(*, person_id: int | None = None) -> QuerySet[Charge]:
    """Final charges above zero that stand on no invoice yet, of one person or of everybody."""
    charges = Charge.objects.filter(final_at__isnull=False, amount_minor__gt=0, line__isnull=True)
    return charges if person_id is None else charges.filter(person_id=person_id)


def people_with_uninvoiced(*, final_before: datetime) -> list[int]:
    """Ids of people who have something final and uninvoiced since before this moment."""
    due = uninvoiced().filter(final_at__lte=final_before)
    return list(due.values_list("person_id", flat=True).distinct().order_by("person_id"))
