"""Money, dates and times in words (UX 3.8)."""

from datetime import date, datetime

import pytest

from studio.lib.money import Money
from studio.web import formats

TODAY = date(2026, 3, 2)
SIX = datetime(2026, 3, 5, 18, 0)  # noqa: DTZ001 a wall clock
SEVEN = datetime(2026, 3, 5, 19, 0)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("minor", "currency", "words"),
    [
        (168000, "GBP", "£1,680.00"),
        (-4500, "GBP", "−£45.00"),
        (0, "GBP", "£0.00"),
        (5, "USD", "$0.05"),
        (1680, "JPY", "¥1,680"),
        (12345, "KWD", "KWD\u00a012.345"),
    ],
)
def test_money_has_its_sign_its_separators_and_a_real_minus(minor: int, currency: str, words: str) -> None:
    assert formats.money(Money(minor, currency)) == words


def test_a_balance_says_who_owes() -> None:
    balances = [formats.owes(Money(minor, "GBP")) for minor in (4500, -2000, 0)]
    assert balances == ["Owes £45.00", "£20.00 in credit", "Nothing owed"]


def test_a_change_shows_its_direction() -> None:
    assert [formats.number(each, sign=True) for each in (10, -5, 0)] == ["+10", "−5", "0"]
    assert formats.money(Money(100, "GBP"), sign=True) == "+£1.00"


@pytest.mark.parametrize(
    ("on", "locale", "long", "words"),
    [
        (date(2026, 3, 5), "en-GB", False, "Thu 5 Mar"),
        (date(2026, 3, 5), "en-GB", True, "Thursday 5 March"),
        (date(2026, 3, 5), "en-US", False, "Thu, Mar 5"),
        # More than six months away: no weekday. Another year: the year.
        (date(2026, 12, 24), "en-GB", False, "24 Dec"),
        (date(2027, 1, 4), "en-GB", False, "4 Jan 2027"),
        (date(2025, 12, 30), "en-GB", False, "Tue 30 Dec 2025"),
        (date(2025, 12, 30), "en-US", True, "Tuesday, December 30, 2025"),
    ],
)
def test_a_day_says_what_is_needed_to_know_it(on: date, locale: str, long: bool, words: str) -> None:
    assert formats.day(on, today=TODAY, locale=locale, long=long) == words


@pytest.mark.parametrize(
    ("starts", "ends", "locale", "words"),
    [
        (SIX, SEVEN, "en-GB", "18:00–19:00"),
        (SIX, None, "en-GB", "18:00"),
        (SIX, SEVEN, "en-US", "6:00–7:00 PM"),
        (SIX.replace(hour=11, minute=30), SIX.replace(hour=12, minute=30), "en-US", "11:30 AM–12:30 PM"),
        (SIX.replace(hour=0), None, "en-US", "12:00 AM"),
    ],
)
def test_the_time_of_day(starts: datetime, ends: datetime | None, locale: str, words: str) -> None:
    assert formats.clock(starts, ends, locale=locale) == words


def test_when_something_is_has_day_and_times() -> None:
    assert formats.when(SIX, SEVEN, today=TODAY) == "Thu 5 Mar, 18:00–19:00"
    assert formats.when(SIX, SEVEN, today=TODAY, locale="en-US") == "Thu, Mar 5, 6:00–7:00 PM"


def test_a_range_over_midnight_names_both_days() -> None:
    after_midnight = datetime(2026, 3, 6, 1, 0)  # noqa: DTZ001
    assert formats.when(SIX, after_midnight, today=TODAY) == "Thu 5 Mar, 18:00 – Fri 6 Mar, 01:00"


@pytest.mark.parametrize(
    ("first", "last", "locale", "words"),
    [
        (date(2026, 3, 2), date(2026, 3, 8), "en-GB", "2–8 Mar"),
        (date(2026, 3, 30), date(2026, 4, 5), "en-GB", "30 Mar – 5 Apr"),
        (date(2026, 12, 28), date(2027, 1, 3), "en-GB", "28 Dec 2026 – 3 Jan 2027"),
        (date(2027, 1, 4), date(2027, 1, 10), "en-GB", "4–10 Jan 2027"),
        (date(2026, 3, 2), date(2026, 3, 8), "en-US", "Mar 2–8"),
        (date(2026, 3, 30), date(2026, 4, 5), "en-US", "Mar 30 – Apr 5"),
        (date(2026, 3, 2), date(2026, 3, 2), "en-GB", "Mon 2 Mar"),
    ],
)
def test_a_span_of_days(first: date, last: date, locale: str, words: str) -> None:
    assert formats.days(first, last, today=TODAY, locale=locale) == words


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 min"), (45, "45 min"), (60, "1 h"), (90, "1 h 30 min"), (125, "2 h 5 min")]
)
def test_a_length(count: int, words: str) -> None:
    assert formats.minutes(count) == words
