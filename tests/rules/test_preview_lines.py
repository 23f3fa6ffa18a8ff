"""The lines of a series preview, without a database."""

from datetime import date, time, timedelta

from scheduling.rules import preview, recurrence
from scheduling.rules.preview import Conflict
from scheduling.rules.recurrence import Rule, Zoned

HOUR = timedelta(hours=1)


def zoned(starts_on: date, count: int, starts_time: time, *, every: int = 1) -> Zoned:
    rule = Rule(weekdays=(starts_on.weekday(),), starts_on=starts_on, count=count, every=every)
    return recurrence.zoned(rule, starts_time, HOUR, "Europe/London")


def notes(dates: Zoned, starts_time: time) -> list[tuple[str, ...]]:
    return [line.notes for line in preview.planned(dates, starts_time=starts_time, zone="Europe/London")]


def test_no_dates_make_no_lines():
    assert preview.planned(Zoned([], [], [], []), starts_time=time(18), zone="Europe/London") == []


def test_a_change_later_on_the_last_day_is_not_mentioned():
    """V-10: the class of 25 October at 00:30 is over before the clocks change."""
    assert notes(zoned(date(2026, 10, 18), 2, time(0, 30)), time(0, 30)) == [(), ()]


def test_each_change_is_mentioned_on_the_first_date_after_it():
    """V-10: a year of weeks goes through two changes, and dates far apart show the first of several."""
    weekly = notes(zoned(date(2026, 1, 5), 52, time(18)), time(18))
    assert [note for line in weekly for note in line] == [
        "clocks changed on 29 Mar: still 18:00 local time",
        "clocks changed on 25 Oct: still 18:00 local time",
    ]
    assert notes(zoned(date(2026, 1, 5), 2, time(18), every=50), time(18)) == [
        (),
        ("clocks changed on 29 Mar: still 18:00 local time",),
    ]


def test_a_conflict_is_said_as_people_say_it():
    (at,), (ends_at,) = (
        getattr(zoned(date(2026, 7, 6), 1, time(18)), column) for column in ("starts_at", "ends_at")
    )
    room = Conflict(0, "room", 3, "Studio 3", "session:1", at, ends_at)
    ana = Conflict(0, "practitioner", 5, "Ana", "session:1", at, ends_at)
    assert [
        preview.in_words(who, "Europe/London", label) for who in (room, ana) for label in ("", "Spin")
    ] == [
        "Studio 3 is in use until 19:00",
        "Studio 3 holds Spin until 19:00",
        "Ana is busy until 19:00",
        "Ana teaches Spin until 19:00",
    ]


def test_what_needs_a_look_is_a_conflict_a_closure_or_a_moved_start():
    gap = zoned(date(2026, 3, 29), 1, time(1, 30))
    (moved,) = preview.planned(gap, starts_time=time(1, 30), zone="Europe/London")
    assert (moved.status, moved.shift, moved.needs_a_look) == ("ok", "gap", True)
    (plain,) = preview.planned(
        zoned(date(2026, 3, 29), 1, time(18)), starts_time=time(18), zone="Europe/London"
    )
    assert (plain.status, plain.needs_a_look) == ("ok", False)
