"""Two people plan at the same instant: a room is used once, and whoever comes second hears why."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall_clock
from functools import partial
from typing import Any

import psycopg
import pytest
from django.db import connection

from scheduling.models import Series, SeriesSkip, Slot
from sessions_app.domain import expansion, timetable, timetable_import
from sessions_app.models import Session
from studio.lib.refusals import Busy
from studio.people.rules.permissions import SYSTEM
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.usefixtures("books_hold")
DAY = date(2026, 3, 9)
WEEK = b"""location,time_zone,weekday,starts,ends,service,room
North,Europe/London,Monday,18:00,19:00,Spin,Hall
"""
WAITING = """
    SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
type Start = Callable[[Callable[[], Any]], Future[Any]]


def plan(room: Any, service: Any, count: int = 20) -> int:
    return timetable.create_series(
        service_id=service.pk,
        location_id=room.location_id,
        room_id=room.pk,
        weekdays=[0],
        starts_on=DAY,
        starts_time=wall_clock(18),
        count=count,
        by=SYSTEM,
        at=NOW,
    )


@contextmanager
def meanwhile(url: str, statement: str, values: list[Any]) -> Iterator[Start]:
    """Somebody else's open transaction, which commits once what is started inside waits for it."""
    with psycopg.connect(url) as other, ThreadPoolExecutor(1) as elsewhere:
        other.execute(statement, values)

        def start(act: Callable[[], Any]) -> Future[Any]:
            def alone() -> Any:
                try:
                    return act()
                finally:
                    connection.close()

            started = elsewhere.submit(alone)
            _until_somebody_waits(url)
            other.commit()
            return started

        yield start


def _until_somebody_waits(url: str) -> None:
    deadline = time.monotonic() + 10
    with psycopg.connect(url, autocommit=True) as watcher:
        while time.monotonic() < deadline:
            if watcher.execute(WAITING).fetchone():
                return
            time.sleep(0.01)
    raise AssertionError("Nobody waited for the open transaction")


def test_many_series_that_want_one_room_at_once_hold_each_date_once(race):
    """S5: the exclusion constraint has the last word, and what loses is a skip, not an error."""
    hall = make.room()
    series = [plan(hall, make.service()) for _ in range(6)]
    race([partial(expansion.expand_one, series_id=each, by=SYSTEM, at=NOW) for each in series])
    # A series that met too many others at once stays due; the next sweep settles it.
    expansion.expand(by=SYSTEM, at=NOW)
    assert Session.objects.count() == Slot.objects.count() == 20
    assert Session.objects.values("starts_at").distinct().count() == 20
    assert Session.objects.count() + SeriesSkip.objects.count() == 6 * 20


def test_sweeps_at_once_make_each_session_once(race):
    hall = make.location()
    for _ in range(12):
        timetable.create_series(
            service_id=make.service().pk,
            location_id=hall.pk,
            weekdays=[*range(7)],
            starts_on=DAY,
            starts_time=wall_clock(18),
            count=300,
            by=SYSTEM,
            at=NOW,
        )
    race([partial(expansion.expand, by=SYSTEM, at=NOW)] * 6)
    assert Session.objects.count() == 12 * 300
    assert not Series.objects.filter(expanded_through=None).exists()


def test_a_room_taken_between_the_look_and_the_write_is_seen_at_the_next_look(committed, race):
    hall = make.room("Hall")
    series = plan(hall, make.service(), count=2)
    six = datetime(2026, 3, 9, 18, tzinfo=UTC)
    take = "INSERT INTO scheduling_slot (room_id, during, holder) VALUES (%s, tstzrange(%s, %s), 'private:1')"
    with meanwhile(committed, take, [hall.pk, six, six + timedelta(hours=1)]) as start:
        made = start(partial(expansion.expand_one, series_id=series, by=SYSTEM, at=NOW))
    assert made.result() == 1
    assert list(SeriesSkip.objects.values_list("on", "reason")) == [(DAY, "Hall is in use until 19:00")]


def test_an_import_that_meets_another_of_the_same_names_is_told_to_try_again(committed, race):
    add = "INSERT INTO scheduling_location (name, time_zone, members_may_book) VALUES (%s, %s, true)"
    import_week = partial(
        timetable_import.import_rows, content=WEEK, starts_on=DAY, weeks=2, by=SYSTEM, at=NOW
    )
    with meanwhile(committed, add, ["North", "Europe/London"]) as start:
        answer = start(import_week)
    assert isinstance(answer.exception(), Busy)
    assert not Series.objects.exists()
    assert import_week()["series"] == 1
