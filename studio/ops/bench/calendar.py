"""P7, P8: a week of 500 sessions out of 1,000,000, and crowded months, beside the same JSON made by Postgres.

The product's side is what a feed does: the calendar query, its rows, and their JSON. The floor asks Postgres
for the same sessions as one JSON text. The page is the desk's week as a signed-in person gets it, all of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from sessions_app.queries import calendar
from sessions_app.queries.calendar import SessionRow
from studio.ops import verify
from studio.ops.bench import harness
from studio.ops.bench.harness import Row
from studio.people.models import Person, User
from studio.people.rules.permissions import Role

SESSIONS = 1_000_000
A_WEEK = 500
FIRST = datetime(2006, 1, 2, tzinfo=UTC)
WEEK = timedelta(days=7)
MONTH = timedelta(days=28)
MUST_AS_JSON, MUST_AS_PAGE, MUST_OF_MONTH = 1.5, 3.0, 2.0
CROWDED = datetime(2100, 1, 4, tzinfo=UTC)
"""Far from the even weeks: months in which so many weekly series are held, one after the other."""

_PLACES = """
    INSERT INTO scheduling_location (name, time_zone, members_may_book) VALUES ('Bench', 'UTC', true);
    INSERT INTO scheduling_room (location_id, name) SELECT l.id, 'Room ' || n
      FROM scheduling_location l, generate_series(1, 20) n;
    INSERT INTO scheduling_service (name, description, pricing, cost_minor, wage_minor, capacity,
                                    duration_minutes, members_may_book)
    SELECT 'Service ' || n, '', 'fixed', 1200, 500, 12, 60, true FROM generate_series(1, 10) n;
    INSERT INTO people_person (name, email, phone, role, capabilities, is_active, may_cancel)
    SELECT 'Coach ' || n, '', '', 'practitioner', '{}', true, true FROM generate_series(1, 20) n;
"""
_FILL = """
    INSERT INTO sessions_app_session
           (service_id, location_id, room_id, practitioner_id, occurrence_on, starts_at, ends_at, local_start,
            time_zone, capacity, booked, public_note, staff_note, is_listed, version)
    SELECT services.ids[1 + n %% 10], location.id, rooms.ids[1 + n %% 20], coaches.ids[1 + n %% 20],
           (at AT TIME ZONE 'UTC')::date, at, at + interval '1 hour', at, 'UTC', 12, 0, '', '', true, 1
      FROM (SELECT n, date_trunc('minute', %(first)s::timestamptz + n * %(apart)s::interval) AS at
              FROM generate_series(0, %(count)s - 1) n) planned,
           scheduling_location location,
           (SELECT array_agg(id) AS ids FROM scheduling_service) services,
           (SELECT array_agg(id) AS ids FROM scheduling_room) rooms,
           (SELECT array_agg(id) AS ids FROM people_person WHERE role = 'practitioner') coaches
"""
_SPARE_INDEXES = """
    SELECT i.indexname, i.indexdef FROM pg_indexes i
     WHERE i.tablename = 'sessions_app_session'
       AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname)
"""


def run(
    *,
    sessions: int = SESSIONS,
    crowds: Sequence[int] = (1_000, 10_000),
    pairs: int = 10,
    slice_seconds: float = 0.2,
    scale: int = 1,
) -> dict[str, Row]:
    """Rows ``week_json``, ``week_page``, ``month_1000`` and ``month_10000``.

    The database that Django is connected to is filled: use one of the bench's own.
    """
    count = sessions * scale
    _fill(count, crowds)
    # Somewhere in the middle of all weeks; a week of the calendar begins on Monday.
    week = FIRST + WEEK * (count // A_WEEK // 2)
    rows = {"week_json": _json_row(week, week + WEEK, A_WEEK, MUST_AS_JSON, pairs, slice_seconds)}
    rows["week_json"]["out_of"] = count
    rows["week_page"] = _page_row(week, pairs, slice_seconds)
    for series, first in _crowded(crowds):
        rows[f"month_{series}"] = _json_row(
            first, first + MONTH, series * 4, MUST_OF_MONTH, max(1, pairs // 2), slice_seconds
        )
    broken = verify.violations()
    assert broken == [], broken[:3]
    rows["week_json"]["peak_memory_mb"] = harness.peak_memory_mb()
    return rows


def feed(earliest: datetime, latest: datetime) -> str:
    """What a feed of sessions sends."""
    rows = calendar.week(earliest, latest)
    return json.dumps(
        [row._asdict() for row in rows],
        default=datetime.isoformat,
        separators=(",", ":"),
        check_circular=False,
    )


def _json_row(
    earliest: datetime, latest: datetime, size: int, must: float, pairs: int, slice_seconds: float
) -> Row:
    floor = _floor(earliest, latest)
    theirs, ours = json.loads(floor()), json.loads(feed(earliest, latest))
    assert len(ours) == size, f"{len(ours)} sessions instead of {size}"
    assert [_plain(each) for each in ours] == [_plain(each) for each in theirs], "The two sides differ"
    products, floors = harness.compare(
        lambda: feed(earliest, latest), floor, pairs=pairs, slice_seconds=slice_seconds
    )
    return harness.row(
        products,
        floors,
        must=must,
        unit="seconds",
        size=size,
        statements=harness.statements(lambda: feed(earliest, latest)),
    )


def _page_row(week: datetime, pairs: int, slice_seconds: float) -> Row:
    """The desk's page of the week. The clock of the doors stands at its beginning."""
    user = User.objects.create_user("bench@example.org", "bench")
    Person.objects.create(name="Bench", role=Role.STAFF, user=user)
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(user)
    year, number, _ = week.isocalendar()
    address = reverse("desk:calendar_week", args=[f"{year:04}-W{number:02}"])

    def page() -> None:
        response = client.get(address)
        assert response.status_code == 200, response.status_code

    debug, settings.DEBUG = settings.DEBUG, False
    try:
        products, floors = harness.compare(
            page, _floor(week, week + WEEK), pairs=pairs, slice_seconds=slice_seconds
        )
        count = harness.statements(page)
    finally:
        settings.DEBUG = debug
    return harness.row(products, floors, must=MUST_AS_PAGE, unit="seconds", size=A_WEEK, statements=count)


def _floor(earliest: datetime, latest: datetime) -> Callable[[], str]:
    """The same rows, asked for in the same way, as JSON that Postgres makes."""
    columns = ", ".join(f'"{name}"' for name in SessionRow._fields)
    statement = (
        f"SELECT coalesce(json_agg(row_to_json(r)), '[]')::text FROM ({calendar.SPAN}) AS r ({columns})"  # noqa: S608
    )
    values = calendar.values(earliest, latest)

    def ask() -> str:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return str(cursor.fetchone()[0])

    return ask


def _plain(each: dict[str, Any]) -> dict[str, Any]:
    """A session's values with its moments made comparable: Postgres writes fewer zeros."""
    return {
        name: datetime.fromisoformat(value) if name.endswith("_at") or name == "local_start" else value
        for name, value in each.items()
    }


def _crowded(crowds: Sequence[int]) -> list[tuple[int, datetime]]:
    return [(series, CROWDED + number * MONTH) for number, series in enumerate(crowds)]


def _fill(count: int, crowds: Sequence[int]) -> None:
    """Sessions spread evenly over the years, and two crowded months; an hour each."""
    with connection.cursor() as cursor:
        cursor.execute(_PLACES)
        cursor.execute(_SPARE_INDEXES)
        spare = cursor.fetchall()
        # Foreign keys are right by construction, and indexes are quicker built than kept.
        cursor.execute("SET session_replication_role = replica")
        for name, _ in spare:
            cursor.execute(f'DROP INDEX "{name}"')
        spans = [(FIRST, WEEK / A_WEEK, count)]
        spans += [(first, MONTH / (series * 4), series * 4) for series, first in _crowded(crowds)]
        for first, apart, sessions in spans:
            names: dict[str, Any] = {"first": first, "apart": apart, "count": sessions}
            cursor.execute(_FILL, names)
        for _, definition in spare:
            cursor.execute(definition)
        cursor.execute("RESET session_replication_role")
        cursor.execute("VACUUM ANALYZE sessions_app_session")
