"""What people type into the cells of a timetable, and what it means: names, zones, weekdays, times, figures.

Every reader takes the text of one cell and returns its value, or raises :class:`Unreadable` with what is
wrong and what to type instead.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from scheduling.rules.recurrence import WEEKDAYS
from studio.lib import localtime, money

MOST_CAPACITY = 10_000
LONGEST_NAME = 80
MIDNIGHT = 24 * 60
"""The last minute of a day, as an end: 00:00 of the next."""

_TIME = re.compile(r"([0-9]{1,2})(?:[:.h]?([0-9]{2}))?(?::00)?(?:\s*([ap])\.?m\.?)?", re.IGNORECASE)


class Unreadable(ValueError):
    """A cell that cannot be used: what is wrong, and the remedy."""

    def __init__(self, text: str, remedy: str = "") -> None:
        super().__init__(text)
        self.text, self.remedy = text, remedy


def name(typed: str) -> str:
    """A name of something, its spaces tidied."""
    tidy = " ".join(typed.split())
    if not tidy:
        raise Unreadable("The cell is empty.", "Fill it.")
    if not tidy.isprintable():
        raise Unreadable("The cell holds a character that cannot be shown.", "Type the cell anew.")
    if len(tidy) > LONGEST_NAME:
        raise Unreadable(f"“{short(tidy)}” has {len(tidy)} characters.", f"Use at most {LONGEST_NAME}.")
    return tidy


def optional_name(typed: str) -> str:
    """A name, or "" for a blank cell."""
    return name(typed) if typed else ""


def zone(typed: str) -> str:
    """A time zone by its name in the time zone database."""
    if typed in localtime.zone_names():
        return typed
    remedy = "Type one such as Europe/London."
    if not typed:
        raise Unreadable("The time zone is empty.", remedy)
    near = nearest_zone(typed)
    raise Unreadable(f"“{short(typed)}” is not a time zone.", f"Did you mean {near}?" if near else remedy)


def weekday(typed: str) -> int:
    """A weekday, 0 for Monday, by its English name or a beginning that no other has: Monday, Mon, tues."""
    wanted = typed.lower().rstrip(".")
    matching = [number for number, day in enumerate(WEEKDAYS) if day.lower().startswith(wanted)]
    if len(wanted) > 1 and len(matching) == 1:
        return matching[0]
    remedy = "Type one such as Monday or Mon."
    if not typed:
        raise Unreadable("The weekday is empty.", remedy)
    near = nearest(typed, WEEKDAYS)
    raise Unreadable(f"“{short(typed)}” is not a weekday.", f"Did you mean {near}?" if near else remedy)


def minute(typed: str) -> int:
    """A time of day in minutes from midnight: 19:30, 19.30, 0730, 7.30pm, 7 PM."""
    remedy = "Type it like 19:30 or 7.30pm."
    if not typed:
        raise Unreadable("The time is empty.", remedy)
    match = _TIME.fullmatch(typed)
    hour, minutes, half = match.groups(default="") if match else ("", "", "")
    # A bare "7" could be morning or evening.
    is_clear = bool(match) and bool(minutes or half) and int(minutes or 0) < 60
    if not is_clear or (half and not 1 <= int(hour) <= 12) or (not half and int(hour) > 23):
        raise Unreadable(f"“{short(typed)}” is not a time.", remedy)
    hours = int(hour) % 12 + (12 if half.lower() == "p" else 0) if half else int(hour)
    return hours * 60 + int(minutes or 0)


def end_minute(typed: str) -> int:
    """An end, in minutes from midnight; midnight itself is the end of the day, not its beginning."""
    if typed in ("24:00", "2400", "24.00"):
        return MIDNIGHT
    return minute(typed) or MIDNIGHT


def capacity(typed: str) -> int | None:
    """How many people there is a place for; None for a blank cell."""
    if not typed:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", typed) or not 1 <= int(typed) <= MOST_CAPACITY:
        raise Unreadable(
            f"“{short(typed)}” is not a number of places.", f"Type one from 1 to {MOST_CAPACITY}."
        )
    return int(typed)


def amount(typed: str, currency: str) -> int | None:
    """An amount in minor units; None for a blank cell."""
    if not typed:
        return None
    try:
        return money.parse_minor(typed, currency)
    except money.NotAnAmount as error:
        raise Unreadable(str(error)) from None


def nearest_zone(typed: str) -> str:
    """The zone that was probably meant, or "": by its city alone ("london"), else the most similar name."""
    wanted = typed.lower().replace(" ", "_")
    for known in localtime.zone_names():
        if wanted in (known.lower(), known.lower().rpartition("/")[2]):
            return known
    return nearest(typed, localtime.zone_names())


def nearest(typed: str, names: Iterable[str]) -> str:
    """The most similar of some names, or "" when none is close."""
    known = {candidate.lower(): candidate for candidate in names}
    wanted = typed.lower()[:64]
    near = difflib.get_close_matches(wanted, known)
    # People get the first letter right: Munday is Monday, not Sunday.
    near.sort(key=lambda candidate: candidate[0] != wanted[0])
    return known[near[0]] if near else ""


def short(typed: str) -> str:
    """What was typed, short enough to repeat in a sentence."""
    return typed if len(typed) <= 40 else f"{typed[:39]}…"


def clock(minutes: int) -> str:
    """Minutes from midnight as 18:05; the end of the day is 24:00."""
    return f"{minutes // 60:02}:{minutes % 60:02}"
