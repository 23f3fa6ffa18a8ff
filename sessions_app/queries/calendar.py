"""Sessions of a span, ready to be shown: one statement, whatever the number of sessions (P7, P8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import connection
from psycopg.types.datetime import TimestamptzLoader

from studio.lib import localtime

_ROWS = """
    SELECT s.id, s.starts_at, s.ends_at, s.local_start AT TIME ZONE 'UTC', s.time_zone,
           s.service_id, v.name, v.hue, s.location_id, l.name, s.room_id, r.name,
           s.practitioner_id, p.name, s.series_id, s.capacity, s.booked,
           s.is_listed, v.members_may_book AND l.members_may_book,
           s.canceled_at IS NOT NULL, s.closed_at IS NOT NULL, s.deleted_at IS NOT NULL,
           s.public_note,
           (SELECT min(c.name) FROM scheduling_closure c
             WHERE (c.location_id = s.location_id OR c.location_id IS NULL)
               AND (s.local_start AT TIME ZONE 'UTC')::date BETWEEN c.starts_on AND c.ends_on),
           CASE WHEN s.closed_at IS NOT NULL THEN
               (SELECT string_agg(ended.people || ' ' || ended.label, ', ' ORDER BY ended.label)
                  FROM (SELECT o.label, count(*) AS people
                          FROM sessions_app_booking b JOIN sessions_app_outcome o ON o.booking_id = b.id
                         WHERE b.session_id = s.id AND o.reversed_at IS NULL GROUP BY o.label) ended)
           END,
           CASE WHEN %(person)s::bigint IS NOT NULL THEN
               (SELECT b.id FROM sessions_app_booking b
                 WHERE b.session_id = s.id AND b.person_id = %(person)s AND b.canceled_at IS NULL)
           END
      FROM sessions_app_session s
      JOIN scheduling_service v ON v.id = s.service_id
      JOIN scheduling_location l ON l.id = s.location_id
      LEFT JOIN scheduling_room r ON r.id = s.room_id
      LEFT JOIN people_person p ON p.id = s.practitioner_id
"""
SPAN = (
    _ROWS
    + """
     WHERE s.starts_at >= %(earliest)s AND s.starts_at < %(latest)s
       AND (%(location)s::bigint IS NULL OR s.location_id = %(location)s)
       AND (%(room)s::bigint IS NULL OR s.room_id = %(room)s)
       AND (%(service)s::bigint IS NULL OR s.service_id = %(service)s)
       AND (%(practitioner)s::bigint IS NULL OR s.practitioner_id = %(practitioner)s)
       AND (%(series)s::bigint IS NULL OR s.series_id = %(series)s)
       AND (%(with_deleted)s OR s.deleted_at IS NULL)
       AND (%(with_unlisted)s OR s.is_listed)
     ORDER BY s.starts_at, s.id
"""
)
"""The rows of a span, in the columns of :class:`SessionRow`; :func:`values` fills its placeholders."""
_ONE = _ROWS + " WHERE s.id = %(session)s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What to leave out of a span; everything stays in unless said."""

    location_id: int | None = None
    room_id: int | None = None
    service_id: int | None = None
    practitioner_id: int | None = None
    series_id: int | None = None
    with_deleted: bool = False


class SessionRow(NamedTuple):
    """One session as calendars, agendas and feeds show it.

    A named tuple: making 500 frozen dataclasses would cost as much as asking the database for them.
    ``local_start`` is naive: what the clock on the wall shows. ``closure`` is the name of a closure on this
    day (S3-49). ``outcomes`` says how a completed session ended: “8 Completed, 2 Missed”. ``booking_id`` is
    the live booking of the person who was asked about.
    """

    id: int
    starts_at: datetime
    ends_at: datetime
    local_start: datetime
    time_zone: str
    service_id: int
    service: str
    hue: int | None
    location_id: int
    location: str
    room_id: int | None
    room: str | None
    practitioner_id: int | None
    practitioner: str | None
    series_id: int | None
    capacity: int
    booked: int
    is_listed: bool
    members_may_book: bool
    is_canceled: bool
    is_closed: bool
    is_deleted: bool
    public_note: str
    closure: str | None
    outcomes: str | None
    booking_id: int | None

    @property
    def on(self) -> date:
        """The day at its location."""
        return self.local_start.date()

    @property
    def local_end(self) -> datetime:
        """The wall-clock end, naive."""
        return localtime.local_time(self.ends_at, self.time_zone).replace(tzinfo=None)

    @property
    def places_left(self) -> int:
        """Free places."""
        return self.capacity - self.booked

    @property
    def is_full(self) -> bool:
        return self.booked >= self.capacity


_EVERYTHING = Filters()


def week(earliest: datetime, latest: datetime, filters: Filters = _EVERYTHING) -> list[SessionRow]:
    """Sessions that start in the half-open span, as the desk sees them, in order of their start (S3-07).

    One statement for a day, a week or a month of any size.
    """
    return _rows(SPAN, values(earliest, latest, filters))


def schedule(
    earliest: datetime, latest: datetime, filters: Filters = _EVERYTHING, *, person_id: int | None = None
) -> list[SessionRow]:
    """Sessions of the span as members see them: listed and not deleted, canceled ones still shown.

    With ``person_id`` each row says which live booking is theirs.
    """
    return _rows(SPAN, values(earliest, latest, filters, with_unlisted=False, person_id=person_id))


def one(session_id: int, *, person_id: int | None = None) -> SessionRow | None:
    """One session as a row, whatever its state; None when there is no such session."""
    rows = _rows(_ONE, {"session": session_id, "person": person_id})
    return rows[0] if rows else None


def values(
    earliest: datetime,
    latest: datetime,
    filters: Filters = _EVERYTHING,
    *,
    with_unlisted: bool = True,
    person_id: int | None = None,
) -> dict[str, Any]:
    """The values of :data:`SPAN`."""
    return {
        "earliest": earliest,
        "latest": latest,
        "location": filters.location_id,
        "room": filters.room_id,
        "service": filters.service_id,
        "practitioner": filters.practitioner_id,
        "series": filters.series_id,
        "with_deleted": filters.with_deleted and with_unlisted,
        "with_unlisted": with_unlisted,
        "person": person_id,
    }


def _rows(statement: str, names: dict[str, Any]) -> list[SessionRow]:
    with connection.cursor() as cursor:
        # psycopg's own reader of moments is written in C; Django's is not, and takes longer than the query.
        cursor.cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
        cursor.execute(statement, names)
        return list(map(SessionRow._make, cursor.fetchall()))
