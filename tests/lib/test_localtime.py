"""Local time: every clock change of every zone, both ways, and days that are not 24 hours long."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from studio.lib import localtime
from studio.lib.localtime import ClockChange, Resolved, UnknownZone

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)

PLACES = {
    "Africa": "Cairo Casablanca El_Aaiun Johannesburg",
    "America": "Adak Anchorage Asuncion Bogota Chicago Denver Godthab Havana Halifax Los_Angeles Mexico_City "
    "Miquelon New_York Nuuk Phoenix Port-au-Prince Santiago Sao_Paulo Scoresbysund St_Johns Tijuana",
    "Antarctica": "Troll",
    "Asia": "Almaty Beirut Gaza Hebron Jerusalem Kathmandu Kolkata Tehran Tokyo",
    "Atlantic": "Azores Bermuda",
    "Australia": "Adelaide Eucla Lord_Howe Perth Sydney",
    "Europe": "Athens Berlin Chisinau Dublin Istanbul Lisbon London Moscow",
    "Pacific": "Apia Auckland Chatham Easter Fiji Kiritimati Norfolk Pago_Pago",
}
ZONES = ["UTC", *(f"{region}/{place}" for region, places in PLACES.items() for place in places.split())]


def changes_by_the_hour(zone: str, earliest: int, latest: int) -> list[tuple[datetime, timedelta, timedelta]]:
    """Clock changes found the slow way, (instant, offset before, offset after): days, then half hours."""
    place, found = ZoneInfo(zone), []
    at = datetime(earliest, 1, 1, tzinfo=UTC)
    while at < datetime(latest + 1, 1, 1, tzinfo=UTC):
        if at.astimezone(place).utcoffset() != (at + DAY).astimezone(place).utcoffset():
            half_hours = [at + HOUR / 2 * n for n in range(49)]
            for one, other in pairwise(half_hours):
                before, after = one.astimezone(place).utcoffset(), other.astimezone(place).utcoffset()
                if before != after:
                    found.append((other, before, after))
        at += DAY
    return found


TABLE = [(zone, *change) for zone in ZONES for change in changes_by_the_hour(zone, 2024, 2035)]


def at_offset(local: datetime, offset: timedelta) -> datetime:
    return local.replace(tzinfo=timezone(offset)).astimezone(UTC)


def test_the_table_covers_hundreds_of_clock_changes_and_both_kinds():
    assert len(TABLE) > 700
    assert {after > before for _, _, before, after in TABLE} == {True, False}


def test_a_skipped_time_moves_forward_by_the_gap_everywhere():
    """V-10, RELIABILITY 6.3: the first skipped minute, one in the middle, and the last second."""
    for zone, at, before, after in (row for row in TABLE if row[3] > row[2]):
        skipped_from = (at + before).replace(tzinfo=None)
        gap = after - before
        for local in (skipped_from, skipped_from + gap / 2, skipped_from + gap - SECOND):
            resolved = localtime.resolve(local, zone)
            assert resolved == Resolved(at_offset(local, before), "gap"), (zone, local)
            assert resolved.at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local + gap, (zone, local)


def test_a_doubled_time_is_the_first_everywhere():
    """V-10, RELIABILITY 6.3"""
    for zone, at, before, after in (row for row in TABLE if row[3] < row[2]):
        doubled_from = (at + after).replace(tzinfo=None)
        fold = before - after
        for local in (doubled_from, doubled_from + fold / 2, doubled_from + fold - SECOND):
            resolved = localtime.resolve(local, zone)
            assert resolved == Resolved(at_offset(local, before), "fold"), (zone, local)
            assert resolved.at < at, (zone, local)


def test_the_times_just_outside_a_change_are_what_they_are():
    for zone, at, before, after in TABLE:
        first, last = sorted([(at + before).replace(tzinfo=None), (at + after).replace(tzinfo=None)])
        assert localtime.resolve(first - SECOND, zone) == Resolved(
            at_offset(first - SECOND, before), "none"
        ), zone
        assert localtime.resolve(last, zone) == Resolved(at_offset(last, after), "none"), zone


def test_every_clock_change_is_found_to_the_second():
    for zone in ZONES:
        slow = [(at, after - before) for at, before, after in changes_by_the_hour(zone, 2024, 2035)]
        quick = [change for year in range(2024, 2036) for change in localtime.changes_in(year, zone)]
        assert [(change.at, change.by) for change in quick] == slow, zone
        for change in quick:
            kinds = [localtime.resolve(local, zone).shift for local in change.unclear]
            assert kinds == ["gap" if change.by > 0 * HOUR else "fold", "none"], (zone, change)


def test_days_follow_each_other_without_gap_or_overlap():
    """RELIABILITY 6.2: around every clock change, a day's end is the next one's start, lengths are right."""
    for zone, at, before, after in TABLE:
        on = (at + before).date() - DAY
        bounds = [localtime.day_bounds(on + n * DAY, zone) for n in range(4)]
        for (_, ends), (starts, _) in pairwise(bounds):
            assert ends == starts, (zone, on)
        assert bounds[-1][1] - bounds[0][0] == 4 * DAY - (after - before), (zone, on)


def test_every_instant_of_a_day_is_on_that_day():
    """RELIABILITY 6.2: in Cairo or Santiago the day does not begin at midnight."""
    for zone, at, before, _ in TABLE:
        on = (at + before).date()
        for day in (on - DAY, on, on + DAY):
            starts, ends = localtime.day_bounds(day, zone)
            assert localtime.local_day(starts, zone) == day, (zone, day)
            assert localtime.local_day(ends - SECOND, zone) == day, (zone, day)
            assert localtime.local_day(starts - SECOND, zone) == day - DAY, (zone, day)


@pytest.mark.parametrize(
    ("zone", "on"),
    [
        ("Africa/Cairo", date(2026, 4, 24)),
        ("Asia/Beirut", date(2026, 3, 29)),
        ("America/Santiago", date(2026, 9, 6)),
        ("America/Havana", date(2026, 3, 8)),
    ],
)
def test_a_day_without_midnight_begins_at_one(zone, on):
    """RELIABILITY 6.2"""
    starts, ends = localtime.day_bounds(on, zone)
    assert starts.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == datetime.combine(on, time(1))
    assert ends - starts == 23 * HOUR


def test_the_day_that_apia_skipped_has_no_length():
    """RELIABILITY 6.2"""
    moment = datetime(2011, 12, 30, 10, tzinfo=UTC)
    assert localtime.day_bounds(date(2011, 12, 30), "Pacific/Apia") == (moment, moment)
    assert localtime.day_bounds(date(2011, 12, 29), "Pacific/Apia")[1] == moment
    assert localtime.day_bounds(date(2011, 12, 31), "Pacific/Apia") == (moment, moment + DAY)
    assert localtime.resolve(datetime.combine(date(2011, 12, 30), time(18)), "Pacific/Apia") == Resolved(
        datetime(2011, 12, 31, 4, tzinfo=UTC), "gap"
    )
    assert localtime.local_day(moment, "Pacific/Apia") == date(2011, 12, 31)


def test_a_gap_around_midnight_begins_the_day_where_the_clocks_land():
    """Toronto's clocks went from 23:30 to 00:30 in 1919."""
    starts, _ = localtime.day_bounds(date(1919, 3, 31), "America/Toronto")
    assert starts.astimezone(ZoneInfo("America/Toronto")).time() == time(0, 30)


def test_days_of_23_24_and_25_hours():
    lengths = [
        localtime.elapsed(*localtime.day_bounds(on, "Europe/London"))
        for on in (date(2026, 3, 29), date(2026, 6, 1), date(2026, 10, 25))
    ]
    assert lengths == [23 * HOUR, 24 * HOUR, 25 * HOUR]


def test_a_weekly_class_stays_at_six_through_both_changes():
    """V-10"""
    starts = [
        localtime.resolve(datetime.combine(date(2026, 10, 19) + 7 * n * DAY, time(18)), "Europe/London").at
        for n in range(2)
    ]
    assert [at.hour for at in starts] == [17, 18]
    assert [localtime.local_time(at, "Europe/London").time() for at in starts] == [time(18), time(18)]


def test_elapsed_time_is_not_wall_clock_time():
    """RELIABILITY 6.3: 23:00 to 05:00 over the spring change is five hours; Python's subtraction says six."""
    london = ZoneInfo("Europe/London")
    earlier, later = datetime(2026, 3, 28, 23, tzinfo=london), datetime(2026, 3, 29, 5, tzinfo=london)
    assert later - earlier == 6 * HOUR
    assert localtime.elapsed(earlier, later) == 5 * HOUR
    assert localtime.plus(earlier, 5 * HOUR) == later
    assert localtime.plus(earlier, 5 * HOUR).tzinfo is UTC


def test_a_preview_names_the_change_between_two_dates():
    """V-10, UX 1.6"""
    changes = localtime.clock_changes(date(2026, 10, 19), date(2026, 10, 26), "Europe/London")
    two_o_clock = datetime.combine(date(2026, 10, 25), time(2))
    assert changes == [
        ClockChange(datetime(2026, 10, 25, 1, tzinfo=UTC), -HOUR, (two_o_clock - HOUR, two_o_clock))
    ]
    assert changes[0].on == date(2026, 10, 25)
    assert localtime.shift_note(changes[0], time(18)) == "clocks changed on 25 Oct: still 18:00 local time"
    assert localtime.clock_changes(date(2026, 10, 26), date(2026, 12, 31), "Europe/London") == []
    assert len(localtime.clock_changes(date(2026, 1, 1), date(2028, 12, 31), "Europe/London")) == 6


def test_a_change_belongs_to_the_date_that_the_clocks_showed():
    """Beirut's clocks fall from midnight to 23:00: that is still the evening before."""
    assert [change.on for change in localtime.changes_in(2026, "Asia/Beirut")] == [
        date(2026, 3, 29),
        date(2026, 10, 24),
    ]


def test_a_zone_without_changes_has_none():
    assert localtime.changes_in(2026, "Asia/Tokyo") == ()


@pytest.mark.parametrize(
    "zone", ["", "Europe/Londn", "europe/", "../etc/passwd", "/etc/localtime", "Europe", "a\0b"]
)
def test_an_unknown_zone_is_refused(zone):
    with pytest.raises(UnknownZone, match="is not a time zone"):
        localtime.zone_named(zone)


def test_the_zones_to_choose_from_are_places_and_all_of_them_work():
    names = localtime.zone_names()
    assert {"Europe/London", "UTC", "Pacific/Apia"} <= set(names)
    assert [name for name in names if name.startswith(("Etc/", "posix/", "right/"))] == []
    for name in names:
        assert localtime.zone_named(name).key == name


def test_wall_clock_times_and_instants_are_not_confused(now):
    with pytest.raises(ValueError, match="no zone of its own"):
        localtime.resolve(now, "Europe/London")
    for confused in (localtime.local_day, localtime.local_time):
        with pytest.raises(ValueError, match="carries its zone"):
            confused(now.replace(tzinfo=None), "Europe/London")
    with pytest.raises(ValueError, match="carries its zone"):
        localtime.elapsed(now.replace(tzinfo=None), now)


def test_dates_are_spoken_with_their_weekday_in_any_locale():
    assert localtime.spoken(date(2026, 1, 5)) == "Mon 5 Jan 2026"
