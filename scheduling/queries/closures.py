"""Closures, for calendars, previews and forms. One statement each."""

from __future__ import annotations

from datetime import date

from django.db.models import Q, QuerySet

from scheduling.models import Closure
from scheduling.rules.closures import Closed


def touching(earliest: date, latest: date, *, location_id: int | None = None) -> list[Closed]:
    """Closures with a day from ``earliest`` to ``latest``, both included, in order (S3-48, X-51).

    With ``location_id``: those of that location and of the whole business; without, all of them.
    """
    found = Closure.objects.filter(starts_on__lte=latest, ends_on__gte=earliest)
    if location_id is not None:
        found = found.filter(Q(location=location_id) | Q(location=None))
    return _rows(found)


def coming(on: date) -> list[Closed]:
    """Closures that have not ended before this day: what the settings page lists."""
    return _rows(Closure.objects.filter(ends_on__gte=on))


def same(starts_on: date, ends_on: date, *, location_id: int | None) -> list[Closed]:
    """Closures of exactly these days at exactly this place."""
    return _rows(Closure.objects.filter(starts_on=starts_on, ends_on=ends_on, location=location_id))


def _rows(found: QuerySet[Closure]) -> list[Closed]:
    columns = found.order_by("starts_on", "ends_on", "id").values_list(
        "id", "name", "starts_on", "ends_on", "location_id", "location__name"
    )
    return [Closed(*row) for row in columns]
