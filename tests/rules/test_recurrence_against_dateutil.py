"""Recurrence beside python-dateutil: the same dates wherever both mean the same."""

import random
from datetime import date, datetime, time, timedelta

from dateutil import rrule

from scheduling.rules import recurrence
from scheduling.rules.recurrence import Rule


def random_rule(chance: random.Random) -> Rule:
    """Any rule whose meaning dateutil can express; ours are anchored where its rules skip."""
    starts_on = date(2020, 1, 1) + timedelta(days=chance.randrange(4000))
    others = chance.sample(range(7), chance.randrange(4))
    ends = (
        {"count": chance.randrange(1, 14)}
        if chance.random() < 0.5
        else {"until": starts_on + timedelta(days=chance.randrange(250))}
    )
    frequency = chance.choice(["weekly", "weekly", "monthly"])
    # A first week that crosses into the next month is ours alone when months are left out.
    every = chance.randrange(1, 5) if frequency == "weekly" or starts_on.day <= 22 else 1
    return Rule(
        weekdays=tuple({starts_on.weekday(), *others}),
        starts_on=starts_on,
        frequency=frequency,
        monthly_kind=chance.choice(["weekday", "day"]),
        every=every,
        **ends,
    )


def same_in_dateutil(rule: Rule) -> rrule.rrule:
    common = {
        "dtstart": datetime.combine(rule.starts_on, time()),
        "interval": rule.every,
        "count": rule.count,
        "until": rule.until and datetime.combine(rule.until, time()),
    }
    if rule.frequency == "weekly":
        return rrule.rrule(rrule.WEEKLY, byweekday=rule.weekdays, wkst=rrule.MO, **common)
    if rule.monthly_kind == "day":
        days = range(min(rule.starts_on.day, 28), rule.starts_on.day + 1)
        return rrule.rrule(rrule.MONTHLY, bymonthday=list(days), bysetpos=-1, **common)
    first_week = [rule.starts_on + timedelta(days=days) for days in range(7)]
    chosen = [(on.weekday(), (on.day + 6) // 7) for on in first_week if on.weekday() in rule.weekdays]
    ordinals = [rrule.weekday(weekday, -1 if nth == 5 else nth) for weekday, nth in chosen]
    return rrule.rrule(rrule.MONTHLY, byweekday=ordinals, **common)


def test_ten_thousand_random_rules_give_the_same_dates():
    """P9: the same list on 10,000 random rules."""
    chance = random.Random(20260105)
    for _ in range(10_000):
        rule = random_rule(chance)
        assert recurrence.why_not(rule) == [], rule
        assert list(recurrence.dates(rule)) == [moment.date() for moment in same_in_dateutil(rule)], rule
