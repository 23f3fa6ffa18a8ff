"""The live preview of a series: three statements, however many dates (Q17)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date, time, timedelta

from scheduling.models import Location
from scheduling.queries import closures, slots
from scheduling.rules import preview, recurrence
from scheduling.rules.preview import PlannedDate
from scheduling.rules.recurrence import Rule

Labels = Callable[[Collection[str]], Mapping[str, str]]


def planned_dates(
    rule: Rule,
    *,
    starts_time: time,
    duration_minutes: int,
    location_id: int,
    room_id: int | None = None,
    practitioner_id: int | None = None,
    earliest: date | None = None,
    latest: date | None = None,
    besides: Collection[str] = (),
    labels: Labels | None = None,
) -> list[PlannedDate]:
    """Every date of a rule with conflicts, closures and clock changes, on the clocks of the location.

    ``labels`` turns holders of slots into words; the floor that knows sessions brings it, and it is asked
    only when something is in the way. Ask :func:`recurrence.why_not` first.

    :raises Location.DoesNotExist: when there is no such location.
    """
    zone = Location.objects.values_list("time_zone", flat=True).get(pk=location_id)
    lasts = timedelta(minutes=duration_minutes)
    dates = recurrence.zoned(rule, starts_time, lasts, zone, earliest=earliest, latest=latest)
    if not dates.on:
        return []
    met = slots.conflicts(
        list(zip(dates.starts_at, dates.ends_at, strict=True)),
        room_id=room_id,
        practitioner_id=practitioner_id,
        besides=besides,
    )
    return preview.planned(
        dates,
        starts_time=starts_time,
        zone=zone,
        conflicts=met,
        closed=closures.touching(dates.on[0], dates.on[-1], location_id=location_id),
        labels=labels({conflict.holder for conflict in met}) if labels and met else None,
    )
