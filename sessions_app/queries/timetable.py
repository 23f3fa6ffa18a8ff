"""Series, what becomes of their dates, and which of them wait for the worker."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import Count, OuterRef, Q, QuerySet
from django.db.models.functions import Left

from scheduling.models import Series, SeriesSkip
from scheduling.queries import preview
from scheduling.rules import recurrence
from scheduling.rules.preview import PlannedDate
from scheduling.rules.recurrence import Rule
from sessions_app.models import Session

ROW_KEY = len("timetable:") + 32
"""The part of an import key that names the row of the timetable; the rest tells its runs apart."""

_FIRST_IN_THE_WAY = """
    WITH wanted AS (
        SELECT * FROM unnest(%(number)s::int[], %(room_id)s::bigint[], %(practitioner_id)s::bigint[],
                             %(starts_at)s::timestamptz[], %(ends_at)s::timestamptz[])
                      AS given(number, room_id, practitioner_id, starts_at, ends_at)
    ),
    -- Rooms and practitioners apart: each has an index of its own.
    every AS (
        SELECT number, slot.room_id, NULL::bigint AS practitioner_id, slot.holder, slot.during
          FROM wanted JOIN scheduling_slot slot
            ON slot.room_id = wanted.room_id AND slot.during && tstzrange(wanted.starts_at, wanted.ends_at)
           AND slot.overlap_reason IS NULL
        UNION ALL
        SELECT number, NULL, slot.practitioner_id, slot.holder, slot.during
          FROM wanted JOIN scheduling_slot slot
            ON slot.practitioner_id = wanted.practitioner_id
           AND slot.during && tstzrange(wanted.starts_at, wanted.ends_at)
           AND slot.overlap_reason IS NULL
    ),
    met AS (
        SELECT DISTINCT ON (number) * FROM every ORDER BY number, lower(during), practitioner_id NULLS FIRST
    )
    SELECT number, CASE WHEN met.room_id IS NULL THEN 'practitioner' ELSE 'room' END,
           coalesce(room.name, person.name), service.name, lower(met.during), upper(met.during)
      FROM met
      LEFT JOIN scheduling_room room ON room.id = met.room_id
      LEFT JOIN people_person person ON person.id = met.practitioner_id
      LEFT JOIN sessions_app_session session ON met.holder = 'session:' || session.id
      LEFT JOIN scheduling_service service ON service.id = session.service_id
"""


class Wanted(NamedTuple):
    """A room, a practitioner or both, wanted for a span. ``number`` says by what; several may share one."""

    number: int
    room_id: int | None
    practitioner_id: int | None
    starts_at: datetime
    ends_at: datetime


class InTheWay(NamedTuple):
    """A room or practitioner (``column``, ``name``) in use, and for which service, if that is known."""

    column: str
    name: str
    service: str | None
    starts_at: datetime
    ends_at: datetime


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
    is_withdrawn: bool

    @property
    def state(self) -> Literal["draft", "waiting", "withdrawn", "running", "over"]:
        """Where it stands, in one word."""
        if self.is_draft:
            return "draft"
        if self.is_waiting:
            return "waiting"
        if self.is_withdrawn:
            return "withdrawn"
        return "running" if self.coming else "over"


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


def first_in_the_way(wanted: Sequence[Wanted]) -> dict[int, InTheWay]:
    """The earliest slot that each of many plans would meet, by ``Wanted.number``: one statement for all."""
    if not wanted:
        return {}
    columns = {name: [getattr(each, name) for each in wanted] for name in Wanted._fields}
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_IN_THE_WAY, columns)
        return {number: InTheWay(*rest) for number, *rest in cursor.fetchall()}


def import_keys(keys: Collection[str], earliest: date) -> set[str]:
    """Which rows of a timetable have a series that runs on or after a day."""
    found = Series.objects.annotate(row=Left("import_key", ROW_KEY)).filter(row__in=keys)
    still = ((each.row, recurrence.last_on(rule_of(each))) for each in found)
    return {key for key, last in still if last is not None and last >= earliest}


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


def listed() -> QuerySet[Series]:
    """Every series with what it is made of, the latest first."""
    return Series.objects.select_related("service", "location", "room", "practitioner").order_by("-pk")


def series(*, at: datetime) -> list[SeriesRow]:
    """Every series as lists show it, the latest first."""
    return rows(listed(), at=at)


def rows(found: Iterable[Series], *, at: datetime) -> list[SeriesRow]:
    """These series with their counts: two statements for any number."""
    found = list(found)
    held = {
        series_id: (standing, coming)
        for series_id, standing, coming in Session.objects.filter(series__in=found, deleted_at=None)
        .order_by()
        .values_list("series")
        .annotate(standing=Count("pk"), coming=Count("pk", filter=Q(starts_at__gt=at)))
    }
    skips = SeriesSkip.objects.filter(series__in=found).order_by()
    left_out = dict(skips.values_list("series").annotate(Count("pk")))
    return [_row(each, *held.get(each.pk, (0, 0)), left_out.get(each.pk, 0)) for each in found]


def _row(each: Series, standing: int, coming: int, left_out: int) -> SeriesRow:
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
        standing,
        coming,
        left_out,
        is_new and not each.is_enabled,
        is_new and each.is_enabled,
        not is_new and not each.is_enabled,
    )
