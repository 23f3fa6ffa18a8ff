"""Making the dates of series real: sessions, and slots for their rooms and practitioners.

Due is what the database says is due, so it does not matter how often, how many at once or after which crash
this runs: a series is claimed by its lock, its date has one session by a unique constraint, its room holds
one session at a time by an exclusion constraint, and all of it commits together or not at all.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import chain, compress, repeat
from typing import Any

from django.db import DataError, IntegrityError
from django.db.models import QuerySet
from psycopg import errors as postgres

from scheduling.models import Series
from scheduling.queries import closures
from scheduling.rules import recurrence
from scheduling.rules.closures import Closed, on_day
from scheduling.rules.recurrence import Zoned
from sessions_app.queries import timetable as queries
from sessions_app.rules import timetable as rule
from sessions_app.rules.timetable import LeftOut
from studio.audit.domain import operations
from studio.audit.domain.operations import recorded
from studio.lib import localtime, statements
from studio.lib.refusals import Busy
from studio.lib.transactions import RETRIES, step, use_case
from studio.people.rules.permissions import Actor

logger = logging.getLogger(__name__)

CHUNK = 1_000
"""The most sessions that one transaction writes, unless a single series has more."""
_MOST_SERIES = 25
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)

# One statement writes everything. Only what the rule decided travels; the rest is in the series' row.
_WRITE = """
    WITH held AS (
        INSERT INTO sessions_app_session
               (service_id, location_id, room_id, practitioner_id, series_id, occurrence_on, starts_at,
                ends_at, local_start, time_zone, capacity, booked, public_note, staff_note, cost_minor,
                wage_minor, is_listed, version)
        SELECT s.service_id, s.location_id, s.room_id, s.practitioner_id, s.id, planned.on_date,
               planned.starts_at, planned.starts_at + make_interval(mins => s.duration_minutes),
               (planned.on_date + s.starts_time) AT TIME ZONE 'UTC' + make_interval(mins => planned.later),
               l.time_zone, s.capacity, 0, s.public_note, s.staff_note, s.cost_minor, s.wage_minor, true, 1
          FROM (SELECT series_id, '0001-01-01'::date + (ordinal - 1) AS on_date,
                       to_timestamp(starts) AS starts_at, later
                  FROM unnest(%(series)s::bigint[], %(on)s::int[], %(starts)s::bigint[], %(later)s::int[])
                       AS given(series_id, ordinal, starts, later)) planned
          JOIN scheduling_series s ON s.id = planned.series_id
          JOIN scheduling_location l ON l.id = s.location_id
        RETURNING id, room_id, practitioner_id, starts_at, ends_at
    ),
    used AS (
        INSERT INTO scheduling_slot (room_id, practitioner_id, during, holder)
        SELECT room_id, NULL, tstzrange(starts_at, ends_at), 'session:' || id
          FROM held WHERE room_id IS NOT NULL
        UNION ALL
        SELECT NULL, practitioner_id, tstzrange(starts_at, ends_at), 'session:' || id
          FROM held WHERE practitioner_id IS NOT NULL
    ),
    skipped AS (
        INSERT INTO scheduling_seriesskip (series_id, "on", reason)
        SELECT * FROM unnest(%(skip_series)s::bigint[], %(skip_on)s::date[], %(skip_reason)s::text[])
        ON CONFLICT DO NOTHING
    ),
    expanded AS (
        UPDATE scheduling_series s SET expanded_through = done.through
          FROM unnest(%(done)s::bigint[], %(through)s::date[]) AS done(id, through) WHERE s.id = done.id
    ),
    noted AS (
        INSERT INTO audit_event (operation_id, verb, at, subject, facts)
        SELECT %(operation)s::bigint, 'series.expanded', %(at)s::timestamptz, 'series:' || id,
               jsonb_build_object('sessions', sessions, 'left_out', left_out)
          FROM unnest(%(done)s::bigint[], %(sessions)s::int[], %(left_out)s::int[])
               AS done(id, sessions, left_out)
    )
    UPDATE audit_operation
       SET result = jsonb_build_object('sessions', %(created)s::int, 'series', %(done)s::bigint[])
     WHERE id = %(operation)s::bigint
"""


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one series: its sessions in columns, and the dates left out.

    ``later`` are the minutes by which a clock change moves a start that it skips.
    """

    series_id: int
    through: date
    on: Sequence[date]
    starts_at: Sequence[datetime]
    later: Sequence[int]
    left_out: Sequence[LeftOut]


class _Stopped(Exception):
    """A chunk that cannot be written as a whole: a room is in use, or one series is not as it should be."""

    def __init__(self, series_ids: list[int]) -> None:
        self.series_ids = series_ids


def expand(*, by: Actor, at: datetime) -> int:
    """Make every series that is due real. Returns how many sessions were created (S3-06, S3-07).

    Works in chunks of at most :data:`CHUNK` sessions, each its own transaction, and leaves to other workers
    what they hold. A chunk that meets something is done series by series, so that one does not stop the rest.
    """
    created, after = 0, 0
    while queries.is_anything_due():
        try:
            done = _expand_chunk(after=after, by=by, at=at)
            created += done["sessions"]
            series_ids = done["series"]
        except _Stopped as stopped:
            series_ids = stopped.series_ids
            created += sum(_expand_or_log(each, by=by, at=at) for each in series_ids)
        if not series_ids:
            break
        after = max(series_ids)
    return created


def expand_one(*, series_id: int, by: Actor, at: datetime) -> int:
    """Make one series real, leaving out the dates on which its room or practitioner is in use, and saying so.

    Returns how many sessions it created; 0 also when another worker is at it, or it is not due.

    :raises Busy: if others kept taking the same room at the same moment.
    """
    for _ in range(RETRIES):
        try:
            return int(_expand_carefully(series_id=series_id, by=by, at=at)["sessions"])
        except IntegrityError as error:
            # Somebody took the room between our look and our write. The next look sees it.
            if not isinstance(error.__cause__, postgres.ExclusionViolation):
                raise
    raise Busy


def _expand_or_log(series_id: int, *, by: Actor, at: datetime) -> int:
    try:
        return expand_one(series_id=series_id, by=by, at=at)
    except (Busy, IntegrityError, DataError, ValueError):
        # It stays due, and the next sweep tries again.
        logger.exception("Series %s cannot be expanded.", series_id)
        return 0


@use_case
@recorded("series.expand_chunk")
def _expand_chunk(*, after: int, by: Actor, at: datetime) -> dict[str, Any]:
    """Expand the next series, trusting that nothing is in their way: the database says when something is."""
    claimed = list(_lock(queries.due().filter(pk__gt=after))[:_MOST_SERIES])
    try:
        return _write(_decide_freely(claimed), at=at)
    except (IntegrityError, DataError, ValueError) as error:
        raise _Stopped([series.pk for series in claimed]) from error


@use_case
@recorded("series.expand")
def _expand_carefully(*, series_id: int, by: Actor, at: datetime) -> dict[str, Any]:
    """Expand one series after a look at everything that is in its way."""
    return _write([_decide_carefully(series) for series in _lock(queries.due().filter(pk=series_id))], at=at)


def _lock(series: QuerySet[Series]) -> QuerySet[Series]:
    return series.select_for_update(of=("self",), no_key=True, skip_locked=True)


def _decide_freely(claimed: Sequence[Series]) -> list[Decision]:
    """Decide for as many of the claimed series as make a chunk, by closures alone: one statement for all."""
    zoned: list[Zoned] = []
    size = 0
    for series in claimed:
        dates = recurrence.zoned(
            queries.rule_of(series), series.starts_time, _lasts(series), series.location.time_zone
        )
        size += len(dates)
        if zoned and size > CHUNK:
            break
        zoned.append(dates)
    if not zoned:
        return []
    earliest, latest = min(dates.on[0] for dates in zoned), max(dates.on[-1] for dates in zoned)
    closed = closures.touching(earliest, latest)
    return [_decision(series, dates, closed) for series, dates in zip(claimed, zoned, strict=False)]


def _decision(series: Series, dates: Zoned, closed: Iterable[Closed]) -> Decision:
    left_out = _closed_dates(series, dates, closed)
    gone = {*series.settled_on, *series.skipped_on, *(each.on for each in left_out)}  # type: ignore[attr-defined]
    later = _later(series, dates)
    stays = [on not in gone for on in dates.on]
    return Decision(
        series.pk,
        _through(series),
        list(compress(dates.on, stays)),
        list(compress(dates.starts_at, stays)),
        list(compress(later, stays)),
        left_out,
    )


def _decide_carefully(series: Series) -> Decision:
    planned = queries.planned_dates(
        queries.rule_of(series),
        starts_time=series.starts_time,
        duration_minutes=series.duration_minutes,
        location_id=series.location_id,
        room_id=series.room_id,
        practitioner_id=series.practitioner_id,
    )
    open_dates = [date for date in planned if date.on not in series.settled_on]  # type: ignore[attr-defined]
    decided = rule.decide(
        open_dates,
        skip_on=series.skipped_on,  # type: ignore[attr-defined]
        keep_on=series.kept_on,
    )
    held = Zoned(
        [each.on for each in decided.held],
        [each.starts_at for each in decided.held],
        [each.ends_at for each in decided.held],
        [each.shift for each in decided.held],
    )
    return Decision(
        series.pk, _through(series), held.on, held.starts_at, _later(series, held), decided.left_out
    )


def _closed_dates(series: Series, dates: Zoned, closed: Iterable[Closed]) -> list[LeftOut]:
    here = [each for each in closed if each.location_id in (None, series.location_id)]
    if not here:
        return []
    names = {on: [each.name for each in on_day(here, on)] for on in dates.on if on not in series.kept_on}
    return [
        LeftOut(on, "; ".join(f"Closed: {name}" for name in named)[: rule.LONGEST_REASON])
        for on, named in names.items()
        if named and on not in series.skipped_on  # type: ignore[attr-defined]
    ]


def _later(series: Series, dates: Zoned) -> list[int]:
    later = [0] * len(dates)
    for position, shift in enumerate(dates.shifts):
        if shift == "gap":
            shown = localtime.local_time(dates.starts_at[position], series.location.time_zone)
            meant = datetime.combine(dates.on[position], series.starts_time)
            later[position] = (shown.replace(tzinfo=None) - meant) // timedelta(minutes=1)
    return later


def _lasts(series: Series) -> timedelta:
    return timedelta(minutes=series.duration_minutes)


def _through(series: Series) -> date:
    through = recurrence.last_on(queries.rule_of(series))
    assert through is not None
    return through


@step
def _write(decisions: Sequence[Decision], *, at: datetime) -> dict[str, Any]:
    """Write sessions, slots, skips, events and the operation's result in one statement.

    Returns how many ``sessions`` there are, and which ``series`` are done.
    """
    operation = operations.current()
    sessions = [len(decision.on) for decision in decisions]
    left_out = [(decision.series_id, each) for decision in decisions for each in decision.left_out]
    columns = {
        "series": chain.from_iterable(
            repeat(decision.series_id, count) for decision, count in zip(decisions, sessions, strict=True)
        ),
        "on": (on.toordinal() for decision in decisions for on in decision.on),
        "starts": ((moment - _EPOCH) // _SECOND for decision in decisions for moment in decision.starts_at),
        "later": chain.from_iterable(decision.later for decision in decisions),
    }
    names: dict[str, Any] = {
        "skip_series": [series_id for series_id, _ in left_out],
        "skip_on": [each.on for _, each in left_out],
        "skip_reason": [each.reason for _, each in left_out],
        "done": [decision.series_id for decision in decisions],
        "through": [decision.through for decision in decisions],
        "sessions": sessions,
        "left_out": [len(decision.left_out) for decision in decisions],
        "created": sum(sessions),
        "operation": operation.id,
        "at": at,
    }
    statements.affected(_WRITE, names | {name: _numbers(column) for name, column in columns.items()})
    operation.is_stored = True
    return {"sessions": names["created"], "series": names["done"]}


def _numbers(column: Iterable[int]) -> str:
    """An array as Postgres writes it: a third of the time of sending the numbers one by one."""
    return f"{{{','.join(map(str, column))}}}"
