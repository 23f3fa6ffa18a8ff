"""What stands on closed days: sessions that somebody has to decide about (S3-49)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from django.db import connection

from sessions_app.queries import calendar
from sessions_app.queries.calendar import Filters, SessionRow
from studio.lib import localtime

_STANDING = """
    SELECT c.id, count(s.id), coalesce(sum(s.booked), 0)
      FROM scheduling_closure c
      JOIN sessions_app_session s
        ON (c.location_id IS NULL OR s.location_id = c.location_id)
       AND (s.local_start AT TIME ZONE 'UTC')::date BETWEEN c.starts_on AND c.ends_on
       -- The index is by instant; no place on earth is more than a day from UTC.
       AND s.starts_at >= c.starts_on::timestamp AT TIME ZONE 'UTC' - interval '1 day'
       AND s.starts_at < c.ends_on::timestamp AT TIME ZONE 'UTC' + interval '2 days'
     WHERE c.id = ANY(%(ids)s) AND s.canceled_at IS NULL AND s.closed_at IS NULL AND s.deleted_at IS NULL
     GROUP BY c.id
"""


class Standing(NamedTuple):
    """Sessions on the days of a closure that are neither canceled nor completed, and their bookings."""

    sessions: int
    booked: int


def standing(closure_ids: Sequence[int]) -> dict[int, Standing]:
    """What stands on the days of each of these closures, by its id; one statement, none are absent."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, {"ids": list(closure_ids)})
        return {closure_id: Standing(*counts) for closure_id, *counts in cursor.fetchall()}


def sessions_on(
    starts_on: date, ends_on: date, *, zones: Sequence[str], location_id: int | None = None
) -> list[SessionRow]:
    """The sessions that a closure of these days would meet, in order; one statement.

    ``zones`` are those of the locations: a day is the day at the session's place.
    """
    earliest = min(localtime.day_bounds(starts_on, zone)[0] for zone in zones)
    latest = max(localtime.day_bounds(ends_on, zone)[1] for zone in zones)
    return [
        row
        for row in calendar.week(earliest, latest, Filters(location_id=location_id))
        if starts_on <= row.on <= ends_on and not row.is_canceled and not row.is_closed
    ]
