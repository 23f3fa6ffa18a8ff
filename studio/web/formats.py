"""How money, dates and times are written on screens, by locale (UX 3.8). Pure: values in, words out.

``locale`` is the studio's (``en-GB`` or ``en-US``); others are written like ``en-GB``. Nothing here
reads a clock.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from studio.lib import money as amounts
from studio.lib.money import Money

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"


def money(amount: Money, *, sign: bool = False) -> str:
    """``£1,680.00``, ``−£45.00`` with a real minus; with ``sign`` also ``+£45.00``."""
    return amounts.shown(amount.minor, amount.currency, sign=sign)


def owes(amount: Money) -> str:
    """A balance in words: ``Owes £45.00``, ``£20.00 in credit``, ``Nothing owed``. Positive is owed."""
    if amount.minor > 0:
        return f"Owes {money(amount)}"
    if amount.minor < 0:
        return f"{money(-amount)} in credit"
    return "Nothing owed"


def number(value: int, *, sign: bool = False) -> str:
    """``1,200``, ``−5``; with ``sign`` also ``+10``."""
    before = MINUS if value < 0 else "+" if sign and value > 0 else ""
    return f"{before}{abs(value):,}"


def day(on: date, *, today: date, locale: str = "en-GB", long: bool = False) -> str:
    """``Thu 5 Mar`` or ``Thu, Mar 5``; ``long``: ``Thursday 5 March``.

    The year only when it is not this one; the weekday only when the day is within six months of today.
    """
    near = abs(on - today) <= timedelta(days=184)
    weekday = f"{on:%A}" if long else f"{on:%a}"
    month = f"{on:%B}" if long else f"{on:%b}"
    if locale == "en-US":
        words = f"{weekday}, {month} {on.day}" if near or long else f"{month} {on.day}"
        return words if on.year == today.year else f"{words}, {on.year}"
    words = f"{weekday} {on.day} {month}" if near or long else f"{on.day} {month}"
    return words if on.year == today.year else f"{words} {on.year}"


def clock(starts: datetime, ends: datetime | None = None, *, locale: str = "en-GB") -> str:
    """``18:00``, ``18:00–19:00``; ``6:00–7:00 PM``. Both are local times already."""
    if locale != "en-US":
        return f"{starts:%H:%M}" + (f"{DASH}{ends:%H:%M}" if ends else "")
    if ends is None:
        return _twelve_hours(starts, half=True)
    first = _twelve_hours(starts, half=f"{starts:%p}" != f"{ends:%p}")
    return f"{first}{DASH}{_twelve_hours(ends, half=True)}"


def when(
    starts: datetime, ends: datetime | None, *, today: date, locale: str = "en-GB", long: bool = False
) -> str:
    """``Thu 5 Mar, 18:00–19:00``. A range over midnight names both days. Both are local times already."""
    first = f"{day(starts.date(), today=today, locale=locale, long=long)}, "
    if ends is None or ends.date() == starts.date():
        return first + clock(starts, ends, locale=locale)
    last = day(ends.date(), today=today, locale=locale, long=long)
    return f"{first}{clock(starts, locale=locale)} {DASH} {last}, {clock(ends, locale=locale)}"


def days(first: date, last: date, *, today: date, locale: str = "en-GB") -> str:
    """``2–8 Mar``, ``30 Mar – 5 Apr``, with the year when it is not this one: the head of a week."""
    year = "" if last.year == today.year and first.year == last.year else f" {last.year}"
    if first == last:
        return day(first, today=today, locale=locale)
    if locale == "en-US":
        end = f"{last.day}" if first.month == last.month else f"{last:%b} {last.day}"
        joint = DASH if first.month == last.month else f" {DASH} "
        return f"{first:%b} {first.day}{joint}{end}" + (f",{year}" if year else "")
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}{DASH}{last.day} {last:%b}{year}"
    first_year = f" {first.year}" if first.year != last.year else ""
    return f"{first.day} {first:%b}{first_year} {DASH} {last.day} {last:%b}{year}"


def minutes(count: int) -> str:
    """A length: ``45 min``, ``1 h``, ``1 h 30 min``."""
    hours, rest = divmod(count, 60)
    return " ".join(
        part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest or not hours else "") if part
    )


def in_zone(moment: datetime, zone: str) -> datetime:
    """The wall clock of ``zone`` at this moment."""
    return moment.astimezone(ZoneInfo(zone))


def _twelve_hours(moment: datetime, *, half: bool) -> str:
    words = f"{moment.hour % 12 or 12}:{moment:%M}"
    return f"{words} {moment:%p}" if half else words
