"""P9: expanding a rule, beside python-dateutil in the same process.

The floor does with dateutil and its own zones what the product does: every date with its start and end as
instants in UTC. ``ratio`` is product / floor, the median of paired slices taken A-B-A.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from statistics import median
from time import perf_counter
from typing import Any

from dateutil import rrule, tz

from scheduling.rules import recurrence
from scheduling.rules.recurrence import Rule

ZONE = "Europe/London"
SIX = time(18)
HOUR = timedelta(hours=1)
MOST_RATIO = {"dates": 1 / 10, "month": 1 / 40}


def run(*, pairs: int = 20, slice_seconds: float = 0.05) -> dict[str, dict[str, Any]]:
    """Both halves of P9: 520 zoned dates, and one month of a rule that is ten years old.

    Each row has floor and product (seconds per call), ratio, must, and size.
    """
    first, second = date(2026, 1, 5), date(2016, 1, 4)
    new = Rule(weekdays=(0, 2), starts_on=first, count=520)
    last = date(2036, 1, 4)
    old = Rule(weekdays=(0, 2), starts_on=second, until=last)
    starts, ends = datetime.combine(date(2026, 1, 1), time()), datetime.combine(date(2026, 1, 31), time())
    theirs = rrule.rrule(
        rrule.WEEKLY,
        byweekday=(0, 2),
        dtstart=datetime.combine(second, SIX),
        until=datetime.combine(last, SIX),
    )
    return {
        "dates": _compare(
            lambda: _with_dateutil(first, 520),
            lambda: recurrence.zoned(new, SIX, HOUR, ZONE),
            size=520,
            most=MOST_RATIO["dates"],
            pairs=pairs,
            slice_seconds=slice_seconds,
        ),
        "month": _compare(
            lambda: theirs.between(starts, ends),
            lambda: recurrence.zoned(old, SIX, HOUR, ZONE, earliest=starts.date(), latest=ends.date()),
            size=len(theirs.between(starts, ends)),
            most=MOST_RATIO["month"],
            pairs=pairs,
            slice_seconds=slice_seconds,
        ),
    }


def _with_dateutil(starts_on: date, count: int) -> list[tuple[datetime, datetime]]:
    dtstart = datetime.combine(starts_on, SIX, tz.gettz(ZONE))
    moments = (
        moment.astimezone(tz.UTC)
        for moment in rrule.rrule(rrule.WEEKLY, byweekday=(0, 2), dtstart=dtstart, count=count)
    )
    return [(moment, moment + HOUR) for moment in moments]


def _compare(
    floor: Callable[[], object],
    product: Callable[[], object],
    *,
    size: int,
    most: float,
    pairs: int,
    slice_seconds: float,
) -> dict[str, Any]:
    floor(), product()
    floors, products, ratios = [], [], []
    before = _slice(floor, slice_seconds)
    for _ in range(pairs):
        ours, after = _slice(product, slice_seconds), _slice(floor, slice_seconds)
        ratios.append(ours / ((before + after) / 2))
        floors.append(after)
        products.append(ours)
        before = after
    ratio = median(ratios)
    return {
        "floor": median(floors),
        "product": median(products),
        "ratio": ratio,
        "must": most,
        "is_met": ratio <= most,
        "size": size,
    }


def _slice(call: Callable[[], object], seconds: float) -> float:
    """Seconds per call, over a slice of time."""
    calls, began = 0, perf_counter()
    while (passed := perf_counter() - began) < seconds:
        call()
        calls += 1
    return passed / calls
