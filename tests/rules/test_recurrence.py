"""Recurrence: which dates, how many, and at what instants."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduling.rules import recurrence
from scheduling.rules.recurrence import Occurrence, Rule
from studio.lib import localtime

MON, TUE, WED, THU, FRI, SAT, SUN = range(7)
HOUR = timedelta(hours=1)
RESTLESS = [
    *(
        "Africa/Cairo",
        "Africa/Casablanca",
        "America/Havana",
        "America/Nuuk",
        "America/Santiago",
        "Antarctica/Troll",
    ),
    *("Asia/Beirut", "Australia/Lord_Howe", "Europe/London", "Pacific/Auckland", "UTC"),
]


def days(rule: Rule) -> list[str]:
    return [on.isoformat() for on in recurrence.dates(rule)]


def codes(rule: Rule) -> list[tuple[str, str]]:
    return [(reason.field, reason.code) for reason in recurrence.why_not(rule)]


def weekly(*weekdays: int, **changes) -> Rule:
    return Rule(**{"weekdays": weekdays, "starts_on": date(2026, 1, 5), "count": 10} | changes)


def monthly(*weekdays: int, **changes) -> Rule:
    return weekly(*weekdays, **{"frequency": "monthly"} | changes)


# ------------------------------------------------------------------------------------------------- dates


def test_ten_sessions_on_mondays_and_wednesdays():
    """V-08, S3-03, S3-04: the first one counts."""
    assert days(weekly(MON, WED)) == [
        "2026-01-05", "2026-01-07", "2026-01-12", "2026-01-14", "2026-01-19",
        "2026-01-21", "2026-01-26", "2026-01-28", "2026-02-02", "2026-02-04",
    ]  # fmt: skip


def test_four_monthly_sessions_on_first_mondays_and_wednesdays():
    """V-09, X-16, S3-05"""
    assert days(monthly(MON, WED, count=4)) == ["2026-01-05", "2026-01-07", "2026-02-02", "2026-02-04"]


def test_a_last_date_is_itself_included():
    """S3-08, RELIABILITY 6.5"""
    assert days(weekly(MON, count=None, until=date(2026, 1, 19))) == [
        "2026-01-05",
        "2026-01-12",
        "2026-01-19",
    ]
    assert days(weekly(MON, count=None, until=date(2026, 1, 18))) == ["2026-01-05", "2026-01-12"]
    assert days(weekly(MON, count=None, until=date(2026, 1, 5))) == ["2026-01-05"]


def test_every_second_week_counts_weeks_from_monday_to_sunday():
    """S3-05: starting on the Wednesday, that week's Monday has passed, and the next is a week off."""
    assert days(weekly(MON, WED, every=2, starts_on=date(2026, 1, 7), count=4)) == [
        "2026-01-07", "2026-01-19", "2026-01-21", "2026-02-02",
    ]  # fmt: skip


def test_all_seven_days_and_one_day_named_twice():
    assert days(weekly(*range(7), count=8)) == [f"2026-01-{day:02}" for day in range(5, 13)]
    assert days(weekly(WED, MON, MON, count=3)) == ["2026-01-05", "2026-01-07", "2026-01-12"]


def test_the_second_tuesday_stays_the_second_tuesday():
    """X-16"""
    rule = monthly(TUE, starts_on=date(2026, 1, 13), count=3)
    assert days(rule) == ["2026-01-13", "2026-02-10", "2026-03-10"]


def test_a_fifth_weekday_means_the_last_one():
    """X-16: no month is left out."""
    rule = monthly(FRI, starts_on=date(2026, 1, 30), count=4)
    assert days(rule) == ["2026-01-30", "2026-02-27", "2026-03-27", "2026-04-24"]


def test_a_fourth_weekday_stays_the_fourth_even_where_it_was_the_last():
    """X-16: February's fourth Wednesday is its last, April has a fifth."""
    rule = monthly(WED, starts_on=date(2026, 2, 25), count=3)
    assert days(rule) == ["2026-02-25", "2026-03-25", "2026-04-22"]


def test_within_a_month_dates_are_in_order_whatever_the_weekdays():
    """X-16: April 2026 begins on a Wednesday, so its first Wednesday is before its first Monday."""
    rule = monthly(MON, WED, starts_on=date(2026, 3, 2), count=4)
    assert days(rule) == ["2026-03-02", "2026-03-04", "2026-04-01", "2026-04-06"]


def test_a_first_week_that_crosses_into_the_next_month_repeats_as_it_is():
    """X-16: Wednesday 28 January and Monday 2 February are the fourth Wednesday and a first Monday."""
    rule = monthly(MON, WED, starts_on=date(2026, 1, 28), count=5)
    assert days(rule) == ["2026-01-28", "2026-02-02", "2026-02-25", "2026-03-02", "2026-03-25"]
    other_month = monthly(MON, WED, starts_on=date(2026, 1, 28), count=4, every=2)
    assert days(other_month) == ["2026-01-28", "2026-02-02", "2026-03-25", "2026-04-06"]


def test_the_same_day_of_the_month_does_not_drift():
    """X-16, RELIABILITY 6.4: 31 January, 28 February, 31 March, and 29 February in a leap year."""
    rule = monthly(monthly_kind="day", starts_on=date(2026, 1, 31), count=5)
    assert days(rule) == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]
    yearly = monthly(monthly_kind="day", starts_on=date(2027, 2, 28), every=12, count=3)
    assert days(yearly) == ["2027-02-28", "2028-02-28", "2029-02-28"]
    leap = monthly(monthly_kind="day", starts_on=date(2028, 2, 29), every=12, count=5)
    assert days(leap) == ["2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]


def test_months_are_counted_over_new_year():
    rule = monthly(monthly_kind="day", starts_on=date(2026, 11, 15), every=3, count=3)
    assert days(rule) == ["2026-11-15", "2027-02-15", "2027-05-15"]


RULES = [
    weekly(MON, WED, count=40),
    weekly(THU, SUN, every=3, starts_on=date(2026, 1, 8), count=40),
    weekly(*range(7), starts_on=date(2026, 1, 10), count=None, until=date(2026, 3, 1)),
    monthly(MON, WED, count=40),
    monthly(FRI, SAT, SUN, starts_on=date(2026, 1, 30), count=40),
    monthly(monthly_kind="day", starts_on=date(2026, 1, 31), every=2, count=40),
    monthly(TUE, every=5, starts_on=date(2026, 1, 27), count=None, until=date(2034, 1, 1)),
]


@pytest.mark.parametrize("rule", RULES)
def test_any_window_shows_exactly_the_dates_inside_it(rule):
    """P9: jumping to a window gives what walking from the start gives."""
    everything = list(recurrence.dates(rule))
    assert everything == sorted(set(everything))
    edges = [on + timedelta(days=days) for on in everything[::7] for days in (-1, 0, 1)]
    for earliest in edges:
        for latest in edges:
            expected = [on for on in everything if earliest <= on <= latest]
            assert recurrence.dates_between(rule, earliest, latest) == expected, (earliest, latest)


@pytest.mark.parametrize("rule", RULES)
def test_the_last_date_is_found_without_walking(rule):
    everything = list(recurrence.dates(rule))
    assert recurrence.how_many(rule) == len(everything)
    if rule.count is not None:
        assert recurrence.last_on(rule) == everything[-1]
    else:
        assert recurrence.last_on(rule) == rule.until >= everything[-1]


def test_a_rule_without_an_end_answers_for_any_window_but_has_no_list():
    endless = weekly(MON, count=None)
    assert recurrence.last_on(endless) is None
    assert recurrence.dates_between(endless, date(2090, 1, 1), date(2090, 1, 10)) == [
        date(2090, 1, 2),
        date(2090, 1, 9),
    ]
    with pytest.raises(ValueError, match="no end"):
        recurrence.dates(endless)


# ----------------------------------------------------------------------------------------------- instants


def test_a_weekly_class_stays_at_six_through_a_year_of_clock_changes():
    """V-10"""
    rule = weekly(MON, WED, count=104)
    for zone in ("Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo"):
        rows = list(recurrence.zoned(rule, time(18), HOUR, zone))
        assert [row.on for row in rows] == list(recurrence.dates(rule))
        assert {row.starts_at.astimezone(ZoneInfo(zone)).time() for row in rows} == {time(18)}
        assert {row.starts_at.astimezone(ZoneInfo(zone)).date() == row.on for row in rows} == {True}
        assert {(row.ends_at - row.starts_at, row.shift, row.starts_at.tzinfo) for row in rows} == {
            (HOUR, "none", UTC)
        }


def test_a_start_that_the_clocks_skip_is_kept_and_flagged():
    """V-10, RELIABILITY 6.3: 01:30 on 29 March does not exist in London; the session is at 02:30."""
    rule = weekly(SUN, starts_on=date(2026, 3, 22), count=3)
    assert list(recurrence.zoned(rule, time(1, 30), HOUR, "Europe/London")) == [
        Occurrence(date(2026, 3, 22), *hours("2026-03-22T01:30", "2026-03-22T02:30"), "none"),
        Occurrence(date(2026, 3, 29), *hours("2026-03-29T01:30", "2026-03-29T02:30"), "gap"),
        Occurrence(date(2026, 4, 5), *hours("2026-04-05T00:30", "2026-04-05T01:30"), "none"),
    ]


def test_a_start_that_comes_twice_is_the_first_and_flagged():
    """V-10, RELIABILITY 6.3: 90 minutes from the first 01:30 end when the clocks show 02:00."""
    rule = weekly(SUN, starts_on=date(2026, 10, 25), count=2)
    assert list(recurrence.zoned(rule, time(1, 30), 1.5 * HOUR, "Europe/London")) == [
        Occurrence(date(2026, 10, 25), *hours("2026-10-25T00:30", "2026-10-25T02:00"), "fold"),
        Occurrence(date(2026, 11, 1), *hours("2026-11-01T01:30", "2026-11-01T03:00"), "none"),
    ]


def test_the_day_that_apia_skipped_moves_to_the_next():
    """RELIABILITY 6.2"""
    rule = weekly(FRI, starts_on=date(2011, 12, 30), count=2)
    assert list(recurrence.zoned(rule, time(18), HOUR, "Pacific/Apia")) == [
        Occurrence(date(2011, 12, 30), *hours("2011-12-31T04:00", "2011-12-31T05:00"), "gap"),
        Occurrence(date(2012, 1, 6), *hours("2012-01-06T04:00", "2012-01-06T05:00"), "none"),
    ]


@pytest.mark.parametrize(
    "starts_time", [time(0), time(0, 30), time(1, 30), time(2), time(2, 30), time(3), time(23, 59, 59)]
)
def test_runs_between_clock_changes_agree_with_resolving_every_date(starts_time):
    """V-10, P9: the quick way and the plain way are the same, for every day of two years."""
    rule = weekly(*range(7), count=730)
    for zone in RESTLESS:
        quick = recurrence.zoned(rule, starts_time, HOUR, zone)
        plain = [localtime.resolve(datetime.combine(on, starts_time), zone) for on in recurrence.dates(rule)]
        assert quick.starts_at == [resolved.at for resolved in plain], zone
        assert quick.shifts == [resolved.shift for resolved in plain], zone


def test_a_window_of_instants_is_cut_from_the_whole():
    rule = weekly(MON, WED, every=2, count=60)
    whole = list(recurrence.zoned(rule, time(18), HOUR, "Europe/London"))
    window = recurrence.zoned(
        rule, time(18), HOUR, "Europe/London", earliest=date(2026, 3, 20), latest=date(2026, 4, 20)
    )
    assert list(window) == [row for row in whole if date(2026, 3, 20) <= row.on <= date(2026, 4, 20)]
    assert len(window) == 4


def test_a_window_without_dates_is_empty():
    rule = weekly(MON, count=2)
    assert recurrence.dates_between(rule, date(2026, 1, 13), date(2030, 1, 1)) == []
    assert recurrence.dates_between(rule, date(2025, 1, 1), date(2026, 1, 4)) == []
    assert recurrence.dates_between(rule, date(2026, 1, 6), date(2026, 1, 11)) == []
    assert len(recurrence.zoned(rule, time(18), HOUR, "Europe/London", latest=date(2026, 1, 4))) == 0


def test_a_window_far_beyond_ten_years_is_found_too():
    rule = weekly(MON, every=52, count=100)
    assert recurrence.dates_between(rule, date(2026, 1, 1), date(2199, 1, 1)) == list(recurrence.dates(rule))
    assert recurrence.last_on(rule) == date(2026, 1, 5) + timedelta(weeks=52 * 99)


# ------------------------------------------------------------------------------------------------ reasons


@pytest.mark.parametrize("rule", [*RULES, weekly(MON, count=1), weekly(MON, count=400)])
def test_a_good_rule_has_no_reason_against_it(rule):
    assert recurrence.why_not(rule) == []


def test_both_ends_are_refused_by_both_names():
    """X-19, S3-08"""
    (reason,) = recurrence.why_not(weekly(MON, count=5, until=date(2026, 3, 1)))
    assert str(reason) == "Both the number of sessions and the last date are filled. Leave one of them blank."
    assert (reason.code, reason.field, reason.facts) == ("two_ends", "count", {"fields": ["count", "until"]})


def test_no_end_is_refused_by_both_names():
    """X-19, S3-08"""
    (reason,) = recurrence.why_not(weekly(MON, count=None))
    assert str(reason) == "Neither the number of sessions nor the last date is filled. Fill one of them."
    assert (reason.code, reason.field, reason.facts) == ("no_end", "count", {"fields": ["count", "until"]})


def test_a_start_on_another_weekday_gets_a_suggestion():
    """X-17"""
    (reason,) = recurrence.why_not(weekly(MON, FRI, starts_on=date(2026, 1, 8)))
    assert str(reason) == (
        "Thu 8 Jan 2026 is not on a chosen weekday. Start on Fri 9 Jan 2026, or choose Thursday as well."
    )
    assert reason.field == "starts_on"
    assert reason.facts == {"starts_on": "2026-01-08", "suggestion": "2026-01-09", "weekday": THU}


def test_the_suggested_start_may_be_next_week():
    """X-17"""
    (reason,) = recurrence.why_not(monthly(MON, starts_on=date(2026, 1, 8)))
    assert reason.facts["suggestion"] == "2026-01-12"


def test_a_monthly_rule_by_day_of_the_month_asks_for_no_weekday():
    """X-16"""
    assert recurrence.why_not(monthly(monthly_kind="day", count=3)) == []
    assert recurrence.why_not(monthly(FRI, monthly_kind="day", count=3)) == []


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (weekly(), [("weekdays", "no_weekday")]),
        (monthly(), [("weekdays", "no_weekday")]),
        (weekly(MON, 7), [("weekdays", "unknown_weekday")]),
        (weekly(-1), [("weekdays", "unknown_weekday")]),
        (weekly(MON, frequency="daily"), [("frequency", "unknown_frequency")]),
        (monthly(MON, monthly_kind="moon"), [("monthly_kind", "unknown_monthly_kind")]),
        (weekly(MON, every=0), [("every", "every_out_of_range")]),
        (weekly(MON, every=53), [("every", "every_out_of_range")]),
        (weekly(MON, count=0), [("count", "count_out_of_range")]),
        (weekly(MON, count=401), [("count", "count_out_of_range")]),
        (weekly(MON, count=None, until=date(2026, 1, 4)), [("until", "ends_before_start")]),
        (weekly(MON, starts_on=date(2200, 1, 6)), [("starts_on", "too_far_ahead")]),
        (weekly(MON, starts_on=date.max - timedelta(days=4), count=5), [("starts_on", "too_far_ahead")]),
        (weekly(MON, every=52, count=400), [("count", "too_far_ahead")]),
        (weekly(MON, count=None, until=date(2200, 1, 1)), [("until", "too_far_ahead")]),
        (
            weekly(every=0, count=None),
            [("weekdays", "no_weekday"), ("every", "every_out_of_range"), ("count", "no_end")],
        ),
    ],
)
def test_every_reason_is_given_and_names_its_field(rule, expected):
    assert codes(rule) == expected
    assert all(reason.text.endswith(".") for reason in recurrence.why_not(rule))


def test_a_last_date_with_more_than_400_dates_suggests_the_farthest():
    """RELIABILITY 6.5"""
    assert recurrence.why_not(weekly(MON, WED, count=None, until=date(2029, 11, 4))) == []
    (reason,) = recurrence.why_not(weekly(MON, WED, count=None, until=date(2029, 11, 5)))
    assert (reason.field, reason.code) == ("until", "too_many_dates")
    assert str(reason) == (
        "Until Mon 5 Nov 2029 there are 401 sessions; a series has at most 400. "
        "Choose a last date up to Wed 31 Oct 2029."
    )


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (weekly(WED, MON), "Mon, Wed"),
        (weekly(MON, every=2), "every 2 weeks on Mon"),
        (monthly(MON, WED), "the 1st Mon, 1st Wed of every month"),
        (monthly(FRI, starts_on=date(2026, 1, 30), every=3), "the last Fri of every 3 months"),
        (monthly(monthly_kind="day", starts_on=date(2026, 1, 31)), "day 31 of every month"),
    ],
)
def test_a_rule_is_said_in_words(rule, words):
    assert recurrence.in_words(rule) == words


def hours(*texts: str) -> list[datetime]:
    return [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in texts]
