"""How a message writes days and times: in full and with the zone, because nobody knows when it is read."""

from __future__ import annotations

from datetime import date, datetime

from studio.lib import localtime

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def day(on: date, locale: str = "en-GB") -> str:
    """``Thursday 5 March 2026``, or ``Thursday, March 5, 2026`` for en-US."""
    weekday, month = _DAYS[on.weekday()], _MONTHS[on.month - 1]
    if locale == "en-US":
        return f"{weekday}, {month} {on.day}, {on.year}"
    return f"{weekday} {on.day} {month} {on.year}"


def moment(at: datetime, zone: str, locale: str = "en-GB") -> str:
    """``Thursday 5 March 2026, 18:00 (Europe/London time)``: the wall clock where it happens."""
    local = localtime.local_time(at, zone)
    hours = f"{local:%H:%M}"
    if locale == "en-US":
        hours = f"{local.hour % 12 or 12}:{local:%M} {'AM' if local.hour < 12 else 'PM'}"
    return f"{day(local.date(), locale)}, {hours} ({zone.replace('_', ' ')} time)"
