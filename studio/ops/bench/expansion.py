"""P10: series made into sessions through the product, beside COPY and INSERT … SELECT of the same rows.

All sides write into the product's own tables, with all their indexes, foreign keys and constraints, and take
turns on blocks of equal size, so that they meet tables of the same size. The floors are given their rows
ready; the product starts from rules: it counts out the dates, converts zones, looks for closures, leaves out
conflicts, occupies rooms, and records what it did. The first floor writes sessions alone; the one with slots
writes all rows that the product leaves behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from django.db import connection

from scheduling.models import Location, Room, Series, Service
from scheduling.rules import recurrence
from scheduling.rules.recurrence import Rule
from sessions_app.domain import expansion
from sessions_app.models import Session
from studio.ops import verify
from studio.ops.bench import harness
from studio.ops.bench.harness import Row
from studio.people.rules.permissions import SYSTEM

SESSIONS = 100_000
BLOCKS = 10
DATES = 50
MUST = 1 / 3
AT = datetime(2026, 1, 1, tzinfo=UTC)
FIRST = date(2026, 1, 5)
HOUR = timedelta(hours=1)
ZONE = "Europe/London"
SIDES = ("copy", "copy_with_slots", "insert_select", "product")

_COPY = """
    COPY sessions_app_session
         (id, service_id, location_id, room_id, series_id, occurrence_on, starts_at, ends_at, local_start,
          time_zone, capacity, booked, public_note, staff_note, is_listed, version)
    FROM STDIN
"""
_COPY_SLOTS = "COPY scheduling_slot (room_id, during, holder) FROM STDIN"
_INSERT_SELECT = """
    INSERT INTO sessions_app_session
           (service_id, location_id, room_id, series_id, occurrence_on, starts_at, ends_at, local_start,
            time_zone, capacity, booked, public_note, staff_note, is_listed, version)
    SELECT s.service_id, s.location_id, s.room_id, s.id, s.starts_on + 7 * week,
           (s.starts_on + 7 * week + s.starts_time) AT TIME ZONE l.time_zone,
           (s.starts_on + 7 * week + s.starts_time) AT TIME ZONE l.time_zone + interval '1 hour',
           (s.starts_on + 7 * week + s.starts_time) AT TIME ZONE 'UTC',
           l.time_zone, s.capacity, 0, '', '', true, 1
      FROM scheduling_series s JOIN scheduling_location l ON l.id = s.location_id,
           generate_series(0, s.count - 1) AS week
     WHERE s.id = ANY(%s)
"""

_DIFFERENT = """
    SELECT count(*) FROM (
        SELECT split_part(s.import_key, ':', 2), x.occurrence_on, x.starts_at, x.ends_at, x.local_start,
               x.time_zone, x.capacity, x.booked, x.is_listed, x.version
          FROM sessions_app_session x JOIN scheduling_series s ON s.id = x.series_id
         GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
        HAVING count(*) <> %s) AS different
"""


def run(*, sessions: int = SESSIONS, scale: int = 1) -> dict[str, Row]:
    """Rows ``expansion_copy``, ``expansion_copy_with_slots`` and ``expansion_insert_select``.

    The database that Django is connected to is filled: use one of the bench's own.
    """
    size = sessions * scale // BLOCKS // DATES * DATES
    _fill(size * BLOCKS // DATES)
    measured = {side: harness.Turns() for side in SIDES}
    turns = {side: _turns(side, size) for side in SIDES}
    for _ in range(BLOCKS):
        for side in SIDES:
            measured[side].add(next(turns[side]), size)
    _check(size)
    rows = {
        f"expansion_{side}": harness.row(
            measured["product"],
            measured[side],
            must=MUST,
            is_rate=True,
            unit="seconds a session",
            size=size * BLOCKS,
        )
        for side in SIDES
        if side != "product"
    }
    rows["expansion_copy"] |= {
        "sessions_a_second": round(1 / rows["expansion_copy"]["product"]),
        "peak_memory_mb": harness.peak_memory_mb(),
    }
    return rows


def _turns(side: str, size: int) -> Iterator[harness.Cost]:
    """What each block of this side costs; what a floor is given is made ready outside of the measurement."""
    ids = list(
        Series.objects.filter(import_key__startswith=f"{side}:").order_by("pk").values_list("pk", flat=True)
    )
    for block in range(BLOCKS):
        of_block = ids[block * size // DATES : (block + 1) * size // DATES]
        if side == "product":
            Series.objects.filter(pk__in=of_block).update(is_enabled=True)
            yield harness.measure(partial(expansion.expand, by=SYSTEM, at=AT))
        elif side == "insert_select":
            yield harness.measure(partial(_execute, _INSERT_SELECT, [of_block]))
        else:
            rows, slots = _ready(of_block, with_slots=side == "copy_with_slots")
            yield harness.measure(partial(_copy, rows, slots))


def _ready(series_ids: list[int], *, with_slots: bool) -> tuple[bytes, bytes]:
    """A block of sessions, and of their slots, as COPY reads them."""
    first = _take_ids(len(series_ids) * DATES)
    rows, slots = [], []
    for series in Series.objects.filter(pk__in=series_ids).order_by("pk"):
        dates = recurrence.zoned(_rule(), series.starts_time, HOUR, ZONE)
        for on, starts_at, ends_at, _ in dates:
            local = datetime.combine(on, series.starts_time)
            keys = (first, series.service_id, series.location_id, series.room_id, series.pk)
            rows.append(
                "\t".join(
                    map(str, (*keys, on, starts_at, ends_at, f"{local}+00", ZONE, 10, 0, "", "", "t", 1))
                )
            )
            if with_slots:
                slots.append(f'{series.room_id}\t["{starts_at}","{ends_at}")\tsession:{first}')
            first += 1
    return "\n".join(rows).encode(), "\n".join(slots).encode()


def _copy(rows: bytes, slots: bytes) -> None:
    """One transaction for a block: fewer commits than the product makes are the floor's to have."""
    connection.ensure_connection()
    link = connection.connection
    with link.transaction(), link.cursor() as cursor:
        for statement, content in ((_COPY, rows), (_COPY_SLOTS, slots)):
            if content:
                with cursor.copy(statement) as copy:
                    copy.write(content)


def _execute(statement: str, values: list[list[int]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _take_ids(count: int) -> int:
    """So many numbers of the table's own sequence; returns the first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT min(nextval(pg_get_serial_sequence('sessions_app_session', 'id')))
                 FROM generate_series(1, %s)""",
            [count],
        )
        return int(cursor.fetchone()[0])


def _rule() -> Rule:
    return Rule(weekdays=(FIRST.weekday(),), starts_on=FIRST, count=DATES)


def _fill(series_count: int) -> None:
    """As many series for each side; each holds a room of its own for an hour of the week."""
    place = Location.objects.create(name="Bench", time_zone=ZONE)
    service = Service.objects.create(name="Bench", capacity=10)
    hours = range(6, 22)
    for side in SIDES:
        rooms = Room.objects.bulk_create(
            Room(name=f"{side} {number}", location=place) for number in range(-(-series_count // len(hours)))
        )
        Series.objects.bulk_create(
            Series(
                service=service,
                location=place,
                room=rooms[number // len(hours)],
                weekdays=[FIRST.weekday()],
                starts_on=FIRST,
                starts_time=time(hours[number % len(hours)]),
                duration_minutes=60,
                count=DATES,
                capacity=10,
                is_enabled=False,
                import_key=f"{side}:{number}",
            )
            for number in range(series_count)
        )
    _execute("ANALYZE", [])


def _check(size: int) -> None:
    """A fast wrong answer counts nothing: all sides wrote the same sessions, and every invariant holds."""
    for side in SIDES:
        made = Session.objects.filter(series__import_key__startswith=f"{side}:")
        assert made.count() == size * BLOCKS, f"{side}: {made.count()} sessions instead of {size * BLOCKS}"
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENT, [len(SIDES)])
        assert cursor.fetchone()[0] == 0, "The sides wrote different sessions"
    # The floors that write no slots break the rule that a session occupies its room; the product keeps it.
    of_product = Session.objects.filter(series__import_key__startswith="product:")
    product_ids = set(of_product.values_list("pk", flat=True))
    broken = [line for line in verify.violations() if not line.startswith("S5")]
    assert broken == [], broken[:3]
    assert _slots(product_ids) == len(product_ids), "The product left a room free"


def _slots(session_ids: set[int]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM scheduling_slot WHERE holder = ANY(%s)",
            [[f"session:{number}" for number in session_ids]],
        )
        return int(cursor.fetchone()[0])
