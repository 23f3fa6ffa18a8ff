"""Reading a weekly timetable from a CSV file: rows to use, and problems in words for those that cannot be.

A timetable has the columns location, time_zone, weekday, starts, ends, service and room, and may have
practitioner, capacity, cost and wage. Reading decides nothing about the studio: what exists already is asked
by whoever imports. A file with any problem is not imported in part, so every problem is listed at once.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import time

from scheduling.rules import cells
from scheduling.rules.recurrence import WEEKDAYS

REQUIRED = ("location", "time_zone", "weekday", "starts", "ends", "service", "room")
OPTIONAL = ("practitioner", "capacity", "cost", "wage")
MOST_ROWS = 2000
MOST_BYTES = 1_000_000
MOST_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class Row:
    """One class of the week. ``number`` is its row in the file as a spreadsheet counts, the header being 1.

    ``import_key`` stays the same when the file is read again, and when only the end, the practitioner, the
    capacity or an amount changes. What a cell leaves blank is None, or "" for the practitioner.
    """

    number: int
    location: str
    time_zone: str
    weekday: int
    starts: time
    duration_minutes: int
    service: str
    room: str
    practitioner: str
    capacity: int | None
    cost_minor: int | None
    wage_minor: int | None

    @property
    def import_key(self) -> str:
        what = (self.location, str(self.weekday), f"{self.starts:%H:%M}", self.service, self.room)
        digest = hashlib.sha256("\n".join(text.casefold() for text in what).encode())
        return f"timetable:{digest.hexdigest()[:32]}"

    @property
    def starts_minute(self) -> int:
        """Minutes from midnight."""
        return self.starts.hour * 60 + self.starts.minute

    @property
    def ends_minute(self) -> int:
        return self.starts_minute + self.duration_minutes

    @property
    def hours(self) -> str:
        return f"{cells.clock(self.starts_minute)}–{cells.clock(self.ends_minute)}"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in one place, and what to do. ``row`` is None when it is about the whole file."""

    row: int | None
    column: str
    value: str
    text: str
    remedy: str

    def __str__(self) -> str:
        where = "" if self.row is None else f"Row {self.row}: "
        return f"{where}{self.text} {self.remedy}".strip()


@dataclass(frozen=True, slots=True)
class Timetable:
    """A file that was read: its rows, and its problems in the order of the file."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]


class _WholeFile(Exception):
    """A problem that stops the reading."""

    def __init__(
        self, text: str, remedy: str, *, row: int | None = None, column: str = "", value: str = ""
    ) -> None:
        super().__init__(text)
        self.problem = Problem(row, column, value, text, remedy)


def read(content: bytes, *, currency: str) -> Timetable:
    """Read and check a timetable. Amounts are in ``currency``. Never raises for what a file may hold."""
    rows: list[Row] = []
    problems: list[Problem] = []
    try:
        records = _records(_decoded(content))
        columns = _columns(records, problems)
        for number, typed in records:
            row = _row(number, typed, columns, currency)
            if isinstance(row, Row):
                rows.append(row)
            else:
                problems += row
            if len(problems) >= MOST_PROBLEMS:
                break
        if not rows and not problems:
            raise _WholeFile("The file has a header and no classes.", "Add a row for each class of the week.")
    except _WholeFile as stopped:
        problems.append(stopped.problem)
    problems += [*_two_zones(rows), *_repeated(rows), *_used_twice(rows)]
    return Timetable(tuple(rows), tuple(sorted(problems, key=lambda problem: problem.row or 0)))


# --------------------------------------------------------------------------------------------- whole file


def _decoded(content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise _WholeFile(
            f"The file has {len(content):,} bytes; a timetable has at most {MOST_BYTES:,}.",
            "Check that this is the right file.",
        )
    if content.startswith(b"PK\x03\x04"):
        raise _WholeFile(
            "This is a spreadsheet, not a CSV file.", "Save it as “CSV UTF-8” and choose that file."
        )
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _WholeFile("The file is written in UTF-16; UTF-8 is expected.", "Save it as “CSV UTF-8”.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The position is counted after a byte order mark, where there is one.
        position = error.start + (3 if content.startswith(b"\xef\xbb\xbf") else 0)
        row = content.count(b"\n", 0, position) + 1
        raise _WholeFile(
            f"Byte {position + 1} of the file (0x{content[position]:02X}) is not UTF-8.",
            "Save the file as “CSV UTF-8”.",
            row=row,
            value=f"0x{content[position]:02X}",
        ) from None
    if not text.strip():
        raise _WholeFile("The file is empty.", f"Its first row holds the columns {', '.join(REQUIRED)}.")
    return text


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """The file's rows with their numbers, blank ones left out. Semicolons and tabs are read like commas."""
    heading = text.lstrip().split("\n", 1)[0]
    separator = max(",;\t", key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = used = 0
    try:
        for number, typed in enumerate(reader, start=1):
            stripped = [cell.strip() for cell in typed]
            if any(stripped):
                used += 1
                if used > MOST_ROWS + 1:
                    raise _WholeFile(
                        f"The file has more than {MOST_ROWS} classes.",
                        "Divide it into several files.",
                        row=number,
                    )
                yield number, stripped
    except csv.Error as error:
        raise _WholeFile(
            f"This row is not CSV ({error}).",
            "Check its quotation marks: each opening one needs a closing one.",
            row=number + 1,
        ) from None


def _columns(records: Iterable[tuple[int, list[str]]], problems: list[Problem]) -> list[str]:
    """The names in the header. A missing one stops the reading; an unknown one is a problem like others."""
    number, typed = next(iter(records), (1, []))
    names = [cell.lower().replace(" ", "_") for cell in typed]
    missing = [column for column in REQUIRED if column not in names]
    if missing:
        raise _WholeFile(
            f"The column{'s' if len(missing) > 1 else ''} {', '.join(missing)} {_are(missing)} missing.",
            f"The first row holds the columns {', '.join(REQUIRED)}.",
            row=number,
            column=missing[0],
        )
    for position, name in enumerate(names):
        if name in names[:position]:
            problems.append(
                Problem(
                    number, name, typed[position], f"The column {name} is there twice.", "Remove one of them."
                )
            )
        elif name and name not in REQUIRED + OPTIONAL:
            near = cells.nearest(name, REQUIRED + OPTIONAL)
            remedy = f"Rename it to {near}, or remove it." if near else "Remove it."
            problems.append(
                Problem(
                    number, name, typed[position], f"The column “{cells.short(name)}” is not known.", remedy
                )
            )
    return names


def _are(names: list[str]) -> str:
    return "are" if len(names) > 1 else "is"


# --------------------------------------------------------------------------------------------------- rows


class _Cells:
    """The cells of one row. Each that cannot be read becomes a problem, and the row is not used."""

    def __init__(self, number: int, typed: dict[str, str]) -> None:
        self.number = number
        self.typed = typed
        self.problems: list[Problem] = []

    def take[Value](self, column: str, reader: Callable[[str], Value], otherwise: Value) -> Value:
        try:
            return reader(self.typed.get(column, ""))
        except cells.Unreadable as wrong:
            self.refuse(column, wrong.text, wrong.remedy)
            return otherwise

    def refuse(self, column: str, text: str, remedy: str) -> None:
        self.problems.append(Problem(self.number, column, self.typed.get(column, ""), text, remedy))


def _row(number: int, typed: list[str], columns: list[str], currency: str) -> Row | list[Problem]:
    """A row, or everything that is wrong with it."""
    row = _Cells(number, dict(zip(columns, typed, strict=False)))
    if any(typed[len(columns) :]):
        row.refuse(
            "",
            f"There are {len(typed)} cells in this row and {len(columns)} columns.",
            "Put quotation marks around a cell that contains a comma.",
        )
    starts = row.take("starts", cells.minute, 0)
    ends = row.take("ends", cells.end_minute, cells.MIDNIGHT)
    if ends <= starts:
        row.refuse(
            "ends",
            f"The class ends at {cells.clock(ends)}, not after it starts at {cells.clock(starts)}.",
            "Correct one of them.",
        )
    read_row = Row(
        number=number,
        location=row.take("location", cells.name, ""),
        time_zone=row.take("time_zone", cells.zone, ""),
        weekday=row.take("weekday", cells.weekday, 0),
        starts=time(*divmod(starts, 60)),
        duration_minutes=ends - starts,
        service=row.take("service", cells.name, ""),
        room=row.take("room", cells.name, ""),
        practitioner=row.take("practitioner", cells.optional_name, ""),
        capacity=row.take("capacity", cells.capacity, None),
        cost_minor=row.take("cost", lambda cell: cells.amount(cell, currency), None),
        wage_minor=row.take("wage", lambda cell: cells.amount(cell, currency), None),
    )
    return row.problems or read_row


# ------------------------------------------------------------------------------------------ between rows


def _two_zones(rows: Iterable[Row]) -> Iterator[Problem]:
    """A location is in one time zone."""
    earliest: dict[str, Row] = {}
    for row in rows:
        named = earliest.setdefault(row.location.casefold(), row)
        if named.time_zone != row.time_zone:
            yield Problem(
                row.number,
                "time_zone",
                row.time_zone,
                f"{row.location} is in {row.time_zone} here and in {named.time_zone} in row {named.number}.",
                "Give a location one time zone.",
            )


def _repeated(rows: Iterable[Row]) -> Iterator[Problem]:
    seen: dict[str, Row] = {}
    for row in rows:
        named = seen.setdefault(row.import_key, row)
        if named is not row:
            when = f"{WEEKDAYS[row.weekday]} {row.hours}"
            text = f"{row.service}, {when}, {row.room}, is in row {named.number} already."
            yield Problem(row.number, "", row.service, text, "Remove one of the two rows.")


def _used_twice(rows: Iterable[Row]) -> Iterator[Problem]:
    """A room holds one class at a time, and a practitioner gives one."""
    yield from _overlaps(rows, "room", lambda row: (row.location.casefold(), row.room.casefold()))
    named = [row for row in rows if row.practitioner]
    # The clocks of two zones cannot be compared without a date.
    yield from _overlaps(named, "practitioner", lambda row: (row.time_zone, row.practitioner.casefold()))


def _overlaps(
    rows: Iterable[Row], column: str, resource: Callable[[Row], tuple[str, str]]
) -> Iterator[Problem]:
    until: dict[tuple[int, str, str], Row] = {}
    for row in sorted(rows, key=lambda row: (row.starts_minute, row.number)):
        key = (row.weekday, *resource(row))
        earlier = until.get(key)
        if earlier and row.starts_minute < earlier.ends_minute and row.import_key != earlier.import_key:
            value = getattr(row, column)
            yield Problem(
                row.number,
                column,
                value,
                f"{value} is in use on {WEEKDAYS[row.weekday]} {earlier.hours} by {earlier.service} "
                f"(row {earlier.number}) when {row.service} begins at {cells.clock(row.starts_minute)}.",
                f"Change the {column} or the time of one of them.",
            )
        if earlier is None or row.ends_minute > earlier.ends_minute:
            until[key] = row
