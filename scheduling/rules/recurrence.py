"""Which dates a series falls on, and when they start, without a database and without a clock.

A rule repeats weekly (any weekdays, every so many weeks of Monday to Sunday) or monthly, and ends after a
count that includes the first date (S3-04) or on a last date, itself included (S3-08). Monthly means the same
ordinal weekdays as the first ones: the second Tuesday stays the second Tuesday, and a fifth one means the
last (X-16); or the same day of the month, anchored on the first date and moved to the end of shorter months,
so that 31 January, 28 February, 31 March do not drift (RELIABILITY 6.4).

Dates are counted, not walked to: a window in the tenth year of a rule costs no more than in its first (P9).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import repeat
from operator import add
from typing import Literal, NamedTuple

from studio.lib import localtime
from studio.lib.localtime import Shift
from studio.lib.refusals import Reason

Frequency = Literal["weekly", "monthly"]
MonthlyKind = Literal["weekday", "day"]

MOST_DATES = 400
"""The most dates that one series may have (RELIABILITY 6.5)."""
MOST_EVERY = 52
LATEST_ON = date(2199, 12, 31)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_ORDINALS = ("1st", "2nd", "3rd", "4th", "last")
_DAY = timedelta(days=1)
_DAYS = tuple(timedelta(days=days) for days in range(3700))
"""Ten years of steps, made once: adding a ready step to a date is most of what expanding a rule costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How a series repeats. Weekdays count from 0, Monday. Exactly one of ``count`` and ``until`` is filled.

    A rule can be built from whatever a form holds; ask :func:`why_not` before asking for its dates.
    ``weekdays`` have no say in a monthly rule by ``day``.
    """

    weekdays: tuple[int, ...]
    starts_on: date
    frequency: Frequency = "weekly"
    monthly_kind: MonthlyKind = "weekday"
    every: int = 1
    count: int | None = None
    until: date | None = None


class Occurrence(NamedTuple):
    """One date of a rule with its instants in UTC. ``shift`` tells of a skipped or doubled start."""

    on: date
    starts_at: datetime
    ends_at: datetime
    shift: Shift


@dataclass(frozen=True, slots=True)
class Zoned:
    """The dates of a rule on the clocks of a zone, in columns as SQL takes them; iterate for rows."""

    on: list[date]
    starts_at: list[datetime]
    ends_at: list[datetime]
    shifts: list[Shift]

    def __len__(self) -> int:
        return len(self.on)

    def __iter__(self) -> Iterator[Occurrence]:
        return map(Occurrence, self.on, self.starts_at, self.ends_at, self.shifts)


def why_not(rule: Rule) -> list[Reason]:
    """Every reason why a rule cannot be used, each naming its field; empty when it can (X-17, X-19)."""
    reasons = [*_why_not_repeat(rule), *_why_not_end(rule)]
    return reasons or [*_why_not_start(rule), *_why_not_length(rule)]


def dates(rule: Rule) -> Iterator[date]:
    """Every date of a rule, in order.

    :raises ValueError: when the rule has no end; ask :func:`dates_between` instead.
    """
    if rule.count is None and rule.until is None:
        raise ValueError("This rule has no end.")
    return iter(dates_between(rule, rule.starts_on, LATEST_ON))


def dates_between(rule: Rule, earliest: date, latest: date) -> list[date]:
    """The dates of a rule from ``earliest`` to ``latest``, both included, without walking to them."""
    base, steps = _steps(rule, earliest, latest)
    return list(map(add, repeat(base), steps))


def how_many(rule: Rule) -> int:
    """How many dates a rule has in all (S3-04)."""
    return rule.count if rule.count is not None else len(list(dates(rule)))


def last_on(rule: Rule) -> date | None:
    """The last date that a rule may fall on, found by counting; None when it has no end."""
    if rule.count is None:
        return rule.until
    if rule.frequency == "weekly":
        return _weekly_at(rule, rule.count - 1)
    if rule.monthly_kind == "day":
        return _same_day(rule, rule.count - 1)
    return _monthly_at(rule, rule.count - 1)


def zoned(
    rule: Rule,
    starts_time: time,
    duration: timedelta,
    zone: str,
    *,
    earliest: date | None = None,
    latest: date | None = None,
) -> Zoned:
    """The dates of a rule as instants: the wall-clock time stays through clock changes (V-10).

    ``duration`` is elapsed time. A start that a clock change skips moves forward by the gap and keeps its
    date; one that comes twice is the first; ``shift`` flags both.

    :raises UnknownZone: when there is no such zone.
    """
    base, steps = _steps(rule, earliest or rule.starts_on, latest or LATEST_ON)
    on = list(map(add, repeat(base), steps))
    starts_at, shifts = _instants(on, steps, starts_time, zone)
    return Zoned(on, starts_at, list(map(add, starts_at, repeat(duration))), shifts)


def in_words(rule: Rule) -> str:
    """How a rule repeats, for a heading: “Mon, Wed”, “every 2 weeks on Mon”, “the 2nd Tue of every month”."""
    if rule.frequency == "weekly":
        days = ", ".join(WEEKDAYS[weekday][:3] for weekday in sorted(set(rule.weekdays)))
        return days if rule.every == 1 else f"every {rule.every} weeks on {days}"
    months = "every month" if rule.every == 1 else f"every {rule.every} months"
    if rule.monthly_kind == "day":
        return f"day {rule.starts_on.day} of {months}"
    days = ", ".join(f"{_ORDINALS[nth - 1]} {WEEKDAYS[weekday][:3]}" for _, nth, weekday in _ordinals(rule))
    return f"the {days} of {months}"


# ------------------------------------------------------------------------------------------------ reasons


def _why_not_repeat(rule: Rule) -> Iterator[Reason]:
    if rule.starts_on > LATEST_ON:
        yield Reason(
            "too_far_ahead",
            f"The series would start on {localtime.spoken(rule.starts_on)}.",
            f"Choose a date before {LATEST_ON.year + 1}.",
            {"starts_on": rule.starts_on.isoformat()},
            "starts_on",
        )
    by_weekday = rule.frequency == "weekly" or rule.monthly_kind == "weekday"
    if rule.frequency not in ("weekly", "monthly"):
        yield Reason(
            "unknown_frequency", "A series repeats weekly or monthly.", "Choose one.", field="frequency"
        )
    if rule.monthly_kind not in ("weekday", "day"):
        yield Reason(
            "unknown_monthly_kind",
            "A monthly series keeps the weekday or the day of the month.",
            "Choose one.",
            field="monthly_kind",
        )
    if by_weekday and not rule.weekdays:
        yield Reason("no_weekday", "No weekday is chosen.", "Choose at least one weekday.", field="weekdays")
    if any(weekday not in range(7) for weekday in rule.weekdays):
        yield Reason(
            "unknown_weekday", "Weekdays are numbered from 0, Monday, to 6, Sunday.", field="weekdays"
        )
    if not 1 <= rule.every <= MOST_EVERY:
        yield Reason(
            "every_out_of_range",
            f"A series cannot repeat every {rule.every} weeks or months.",
            f"Type a number from 1 to {MOST_EVERY}.",
            {"every": rule.every, "most": MOST_EVERY},
            "every",
        )


def _why_not_end(rule: Rule) -> Iterator[Reason]:
    if rule.count is not None and rule.until is not None:
        yield Reason(
            "two_ends",
            "Both the number of sessions and the last date are filled.",
            "Leave one of them blank.",
            {"fields": ["count", "until"]},
            "count",
        )
    elif rule.count is None and rule.until is None:
        yield Reason(
            "no_end",
            "Neither the number of sessions nor the last date is filled.",
            "Fill one of them.",
            {"fields": ["count", "until"]},
            "count",
        )
    if rule.count is not None and not 1 <= rule.count <= MOST_DATES:
        yield Reason(
            "count_out_of_range",
            f"A series cannot have {rule.count} sessions.",
            f"Type a number from 1 to {MOST_DATES}.",
            {"count": rule.count, "most": MOST_DATES},
            "count",
        )
    if rule.until is not None and rule.until < rule.starts_on:
        yield Reason(
            "ends_before_start",
            f"The last date, {localtime.spoken(rule.until)}, is before the first, "
            f"{localtime.spoken(rule.starts_on)}.",
            "Choose a later last date.",
            {"starts_on": rule.starts_on.isoformat(), "until": rule.until.isoformat()},
            "until",
        )


def _why_not_start(rule: Rule) -> Iterator[Reason]:
    """A first date on a weekday that was not chosen is not silently moved: the form suggests (X-17)."""
    by_day_of_month = rule.frequency == "monthly" and rule.monthly_kind == "day"
    weekday = rule.starts_on.weekday()
    if by_day_of_month or weekday in rule.weekdays:
        return
    suggestion = min(rule.starts_on + _DAYS[(chosen - weekday) % 7] for chosen in rule.weekdays)
    yield Reason(
        "start_not_on_a_chosen_weekday",
        f"{localtime.spoken(rule.starts_on)} is not on a chosen weekday.",
        f"Start on {localtime.spoken(suggestion)}, or choose {WEEKDAYS[weekday]} as well.",
        {"starts_on": rule.starts_on.isoformat(), "suggestion": suggestion.isoformat(), "weekday": weekday},
        "starts_on",
    )


def _why_not_length(rule: Rule) -> Iterator[Reason]:
    last = last_on(rule)
    assert last is not None
    if last > LATEST_ON:
        yield Reason(
            "too_far_ahead",
            f"The series would run until {localtime.spoken(last)}.",
            f"Choose an end before {LATEST_ON.year + 1}.",
            {"last_on": last.isoformat()},
            "until" if rule.count is None else "count",
        )
    elif rule.until is not None and how_many(rule) > MOST_DATES:
        farthest = last_on(_counted(rule, MOST_DATES))
        assert farthest is not None
        yield Reason(
            "too_many_dates",
            f"Until {localtime.spoken(rule.until)} there are {how_many(rule)} sessions; "
            f"a series has at most {MOST_DATES}.",
            f"Choose a last date up to {localtime.spoken(farthest)}.",
            {"dates": how_many(rule), "most": MOST_DATES, "suggestion": farthest.isoformat()},
            "until",
        )


def _counted(rule: Rule, count: int) -> Rule:
    return Rule(
        weekdays=rule.weekdays,
        starts_on=rule.starts_on,
        frequency=rule.frequency,
        monthly_kind=rule.monthly_kind,
        every=rule.every,
        count=count,
    )


# -------------------------------------------------------------------------------------------------- dates


def _steps(rule: Rule, earliest: date, latest: date) -> tuple[date, list[timedelta]]:
    """The dates of a window as steps from a base date; the same steps lead to its instants."""
    end = last_on(rule)
    latest = latest if end is None or latest < end else end
    earliest = max(earliest, rule.starts_on)
    if latest < earliest:
        return earliest, []
    if rule.frequency == "weekly":
        return _weekly(rule, earliest, latest)
    base = rule.starts_on
    days = _monthly(rule, earliest, latest)
    return base, [on - base for on in days if earliest <= on <= latest]


def _weekly(rule: Rule, earliest: date, latest: date) -> tuple[date, list[timedelta]]:
    period = 7 * rule.every
    monday = rule.starts_on - _DAYS[rule.starts_on.weekday()]
    base = monday + timedelta(days=(earliest - monday).days // period * period)
    weekdays = sorted(set(rule.weekdays))
    days_ahead = (latest - base).days + 1
    columns = [_days(weekday, days_ahead, period) for weekday in weekdays]
    steps = [timedelta()] * sum(map(len, columns))
    for position, column in enumerate(columns):
        steps[position :: len(columns)] = column
    too_early = sum(weekday < (earliest - base).days for weekday in weekdays)
    return base, steps[too_early:]


def _days(first: int, end: int, step: int) -> Sequence[timedelta]:
    if end <= len(_DAYS):
        return _DAYS[first:end:step]
    return [timedelta(days=days) for days in range(first, end, step)]


def _weekly_at(rule: Rule, index: int) -> date:
    """The date with this index: whole periods are divided out, only the first week is short."""
    weekdays = sorted(set(rule.weekdays))
    weekday = rule.starts_on.weekday()
    monday = rule.starts_on - _DAYS[weekday]
    periods, position = divmod(index + sum(chosen < weekday for chosen in weekdays), len(weekdays))
    return monday + timedelta(days=7 * rule.every * periods + weekdays[position])


def _monthly(rule: Rule, earliest: date, latest: date) -> list[date]:
    """The dates of all months that touch the window, in order; a little more than asked for at both ends."""
    months = _months(earliest) - _months(rule.starts_on)
    groups = range(
        max(0, (months - 1) // rule.every), (_months(latest) - _months(rule.starts_on)) // rule.every + 1
    )
    if rule.monthly_kind == "day":
        return [_same_day(rule, group) for group in groups]
    ordinals = _ordinals(rule)
    return [on for group in groups for on in _group(rule, ordinals, group)]


def _monthly_at(rule: Rule, index: int) -> date:
    ordinals = _ordinals(rule)
    group, position = divmod(index, len(ordinals))
    return _group(rule, ordinals, group)[position]


def _same_day(rule: Rule, group: int) -> date:
    year, month = divmod(_months(rule.starts_on) + group * rule.every, 12)
    return date(year, month + 1, min(rule.starts_on.day, _length(year, month)))


def _ordinals(rule: Rule) -> list[tuple[int, int, int]]:
    """What "the same weekdays" means, from the seven days that begin with the first date (X-16).

    Each is (months after the first date's, which one of its month, weekday): a series that starts on
    Wednesday 28 January, with Mondays, meets on fourth Wednesdays and on the first Monday of the month after.
    """
    first_week = (
        rule.starts_on + _DAYS[(weekday - rule.starts_on.weekday()) % 7] for weekday in set(rule.weekdays)
    )
    return [
        (_months(on) - _months(rule.starts_on), (on.day - 1) // 7 + 1, on.weekday())
        for on in sorted(first_week)
    ]


def _group(rule: Rule, ordinals: list[tuple[int, int, int]], group: int) -> list[date]:
    """The dates of one repetition, in order: the first Wednesday may come before the first Monday."""
    start = _months(rule.starts_on) + group * rule.every
    return sorted(_nth(start + later, nth, weekday) for later, nth, weekday in ordinals)


def _nth(months: int, nth: int, weekday: int) -> date:
    year, month = divmod(months, 12)
    first = date(year, month + 1, 1)
    day = 1 + (weekday - first.weekday()) % 7 + 7 * (nth - 1)
    # A fifth weekday means the last one, so that no month is left out.
    return first.replace(day=day if day <= _length(year, month) else day - 7)


def _months(on: date) -> int:
    return on.year * 12 + on.month - 1


def _length(year: int, month: int) -> int:
    """Days of a month counted from 0, January."""
    if month == 1:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (3, 5, 8, 10) else 31


# ------------------------------------------------------------------------------------------------ instants


def _instants(
    on: list[date], steps: list[timedelta], starts_time: time, zone: str
) -> tuple[list[datetime], list[Shift]]:
    """Instants by runs between clock changes: one zone look-up for the whole series, and no walk by dates.

    Each run ends with the times that the change makes unclear. Counted from the offset before it, a skipped
    time moves forward by the gap and a doubled one is the first: what :func:`localtime.resolve` says.
    """
    starts_at: list[datetime] = []
    shifts: list[Shift] = ["none"] * len(on)
    if not on:
        return starts_at, shifts
    before = on[0] - 2 * _DAY
    base = localtime.resolve(datetime.combine(before, starts_time), zone).at + 2 * _DAY - steps[0]
    done = 0
    for change in localtime.clock_changes(on[0] - _DAY, on[-1] + _DAY, zone):
        unclear = _not_before(on, starts_time, change.unclear[0], done)
        clear = _not_before(on, starts_time, change.unclear[1], unclear)
        starts_at += map(add, repeat(base), steps[done:clear])
        if clear > unclear:
            shifts[unclear:clear] = ["gap" if change.by > timedelta() else "fold"] * (clear - unclear)
        base, done = base - change.by, clear
    starts_at += map(add, repeat(base), steps[done:])
    return starts_at, shifts


def _not_before(on: list[date], starts_time: time, moment: datetime, lowest: int) -> int:
    """Position of the first date whose start, on the wall clock, is at or after a moment."""
    day = moment.date()
    return bisect_left(on, day if starts_time >= moment.time() else day + _DAY, lowest)
