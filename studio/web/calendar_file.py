"""One session as an iCalendar file (RFC 5545), which every calendar program opens."""

from __future__ import annotations

from datetime import UTC, datetime

_LINE = 75  # octets; longer lines go on after a line break and a space


def of_session(
    *,
    uid: str,
    title: str,
    starts_at: datetime,
    ends_at: datetime,
    where: str,
    description: str,
    address: str,
    at: datetime,
    version: int,
    is_canceled: bool,
) -> bytes:
    """The file. ``uid`` stays and ``version`` grows, so that opening a newer file moves the same entry.

    Times are instants in UTC: the calendar shows them on the reader's own clock.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Studio//Sessions//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"DTSTAMP:{_instant(at)}",
        f"DTSTART:{_instant(starts_at)}",
        f"DTEND:{_instant(ends_at)}",
        f"SEQUENCE:{version - 1}",
        f"SUMMARY:{_text(title)}",
        f"LOCATION:{_text(where)}",
        *([f"DESCRIPTION:{_text(description)}"] if description else []),
        f"URL:{address}",
        f"STATUS:{'CANCELLED' if is_canceled else 'CONFIRMED'}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return b"".join(_folded(line) + b"\r\n" for line in lines)


def _instant(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(words: str) -> str:
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n")):
        words = words.replace(plain, escaped)
    return words


def _folded(line: str) -> bytes:
    """Lines of at most 75 octets, never cut inside a character."""
    parts: list[bytes] = []
    current = b""
    for letter in line:
        encoded = letter.encode()
        if len(current) + len(encoded) > (_LINE if not parts else _LINE - 1):
            parts.append(current)
            current = b""
        current += encoded
    return b"\r\n ".join([*parts, current])
