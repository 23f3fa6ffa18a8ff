"""Series, what becomes of their dates, and which of them wait for the worker."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, Q, QuerySet

from scheduling.models import Series, SeriesSkip
from scheduling.queries import preview
from scheduling.rules import recurrence
from scheduling.rules.preview import PlannedDate
from scheduling.rules.recurrence import Rule
from sessions_app.models import Session


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """A series as lists show it. ``sessions`` are those that stand, ``left_out`` its skipped dates.

    A *draft* is not enabled and creates nothing (X-18); *waiting* means that the worker has not come yet.
    """

    id: int
    service: str
    location: str
    room: str | None
    practitioner: str | None
    repeats: str
    starts_on: date
    starts_time: time
    duration_minutes: int
    last_on: date | None
    sessions: int
    coming: int
    left_out: int
    is_draft: bool
    is_waiting: bool


def planned_dates(
    rule: Rule,
    *,
    starts_time: time,
    duration_minutes: int,
    location_id: int,
    room_id: int | None = None,
    practitioner_id: int | None = None,
) -> list[PlannedDate]:
    """Every date of a rule with what is in its way, in words, for the live list and for the verb.

    Ask :func:`scheduling.rules.recurrence.why_not` first.

    :raises Location.DoesNotExist: when there is no such location.
    """
    return preview.planned_dates(
        rule,
        starts_time=starts_time,
        duration_minutes=duration_minutes,
        location_id=location_id,
        room_id=room_id,
        practitioner_id=practitioner_id,
        labels=labels,
    )


def labels(holders: Collection[str]) -> dict[str, str]:
    """What the holders of slots are called: ``{"session:12": "Spin"}``."""
    ids = [
        int(number) for kind, _, number in (holder.partition(":") for holder in holders) if kind == "session"
    ]
    named = Session.objects.filter(pk__in=ids).values_list("pk", "service__name")
    return {f"session:{session_id}": name for session_id, name in named}


def rule_of(series: Series) -> Rule:
    """The rule of a stored series."""
    return Rule(
        weekdays=tuple(series.weekdays),
        starts_on=series.starts_on,
        frequency="monthly" if series.frequency == Series.Frequency.MONTHLY else "weekly",
        monthly_kind="day" if series.monthly_kind == Series.MonthlyKind.DAY else "weekday",
        every=series.every,
        count=series.count,
        until=series.until,
    )


def due() -> QuerySet[Series]:
    """Series that are enabled and have not been expanded, with the dates that are settled already.

    ``settled_on`` are dates with a session (also a deleted one: it does not come back), ``skipped_on`` those
    that were left out.
    """
    return (
        Series.objects.filter(is_enabled=True, expanded_through=None)
        .annotate(
            settled_on=ArraySubquery(Session.objects.filter(series=OuterRef("pk")).values("occurrence_on")),
            skipped_on=ArraySubquery(SeriesSkip.objects.filter(series=OuterRef("pk")).values("on")),
        )
        .select_related("location")
        .order_by("pk")
    )


def is_anything_due() -> bool:
    """Whether the worker has something to expand: one look into an index."""
    return Series.objects.filter(is_enabled=True, expanded_through=None).exists()


def series(*, at: datetime) -> list[SeriesRow]:
    """Every series with its counts, the latest first: one statement."""
    stands = Q(sessions__deleted_at=None)
    found = (
        Series.objects.select_related("service", "location", "room", "practitioner")
        .annotate(
            standing=Count("sessions", filter=stands, distinct=True),
            coming=Count("sessions", filter=stands & Q(sessions__starts_at__gt=at), distinct=True),
            left_out=Count("skips", distinct=True),
        )
        .order_by("-pk")
    )
    return [_row(each) for each in found]


def _row(each: Series) -> SeriesRow:
    rule = rule_of(each)
    is_new = each.expanded_through is None
    return SeriesRow(
        each.pk,
        each.service.name,
        each.location.name,
        each.room.name if each.room else None,
        each.practitioner.name if each.practitioner else None,
        recurrence.in_words(rule),
        each.starts_on,
        each.starts_time,
        each.duration_minutes,
        recurrence.last_on(rule),
        each.standing,  # type: ignore[attr-defined]
        each.coming,  # type: ignore[attr-defined]
        each.left_out,  # type: ignore[attr-defined]
        is_new and not each.is_enabled,
        is_new and each.is_enabled,
    )
