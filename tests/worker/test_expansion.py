"""Series become sessions in the worker: run twice, in parallel, killed, or with its broker emptied."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from scheduling.models import Location, Room, Series, Slot
from scheduling.rules import recurrence
from scheduling.rules.recurrence import Rule
from sessions_app.models import Session
from studio.celery import app
from studio.ops import verify
from tests import make
from tests.worker.conftest import Crew, until

pytestmark = pytest.mark.worker
TICK = app.conf.beat_schedule["expand series"]["task"]
SERIES, DATES = 14, 400
EVERY_DAY = Rule(weekdays=tuple(range(7)), starts_on=date(2026, 1, 5), count=DATES)
HOUR = timedelta(hours=1)

Made = list[tuple[int, date, datetime]]


@pytest.fixture
def due(crew: Crew) -> Made:
    """Series that wait for the worker, and the sessions that they must become: no more, no fewer."""
    location = Location.objects.create(name="North", time_zone="Europe/London")
    rooms = Room.objects.bulk_create(Room(name=f"Room {n}", location=location) for n in range(SERIES))
    spin = make.service("Spin")
    series = Series.objects.bulk_create(
        Series(
            service=spin,
            location=location,
            room=room,
            weekdays=EVERY_DAY.weekdays,
            starts_on=EVERY_DAY.starts_on,
            starts_time=time(18),
            duration_minutes=60,
            count=DATES,
            capacity=10,
        )
        for room in rooms
    )
    dates = recurrence.zoned(EVERY_DAY, time(18), HOUR, "Europe/London")
    return [(each.pk, on, starts_at) for each in series for on, starts_at, _, _ in dates]


def made() -> Made:
    rows = Session.objects.order_by("series_id", "occurrence_on")
    return list(rows.values_list("series_id", "occurrence_on", "starts_at"))


def is_done() -> bool:
    return not Series.objects.filter(is_enabled=True, expanded_through=None).exists()


def is_under_way() -> bool:
    return 0 < Session.objects.count() < SERIES * DATES


def right(due: Made) -> bool:
    """Each session once, in its room, and all books right."""
    return made() == due and Slot.objects.count() == len(due) and verify.violations() == []


def test_two_workers_at_once_and_again_make_each_session_once(crew: Crew, due: Made) -> None:
    crew.need(2)
    done = crew.tasks_done()
    crew.send(TICK, times=6)
    until(lambda: crew.tasks_done() == done + 6, "All ticks are answered")
    assert right(due)
    before = made()
    crew.send(TICK, times=2)
    until(lambda: crew.tasks_done() == done + 8, "The later ticks are answered")
    assert made() == before


def test_killed_in_the_middle_whole_series_stand_and_the_next_worker_goes_on(crew: Crew, due: Made) -> None:
    crew.need(1)
    crew.send(TICK)
    until(is_under_way, "The worker begins")
    crew.kill()
    assert is_under_way()
    expanded = set(Series.objects.exclude(expanded_through=None).values_list("pk", flat=True))
    assert made() == [each for each in due if each[0] in expanded]
    crew.need(1)
    crew.send(TICK)
    until(is_done, "The next worker goes on")
    assert right(due)


def test_a_broker_that_loses_everything_loses_no_session(crew: Crew, due: Made) -> None:
    crew.need(1)
    done = crew.tasks_done()
    late = Series.objects.filter(pk=due[-1][0])
    late.update(is_enabled=False)
    crew.send(TICK, times=9)
    until(is_under_way, "The workers begin")
    crew.lose_everything()
    until(is_done, "They finish what they began")
    # Its nudge is lost; the next tick finds it.
    late.update(is_enabled=True)
    crew.send(TICK)
    until(is_done, "The next tick is heard")
    assert crew.tasks_done() < done + 10
    assert right(due)
