"""Where sessions stand in a week: days (or rooms) side by side, parallel sessions in lanes. Pure.

The page's content policy forbids style attributes, so a block says where it is in classes (``at-h7 at-m30
for-h0 for-m40 lane-1 lanes-2``) that ``static/css/week.css`` turns into numbers. Steps are five minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

STEP = 5  # minutes
LANES = 12
EARLIEST, LATEST = 8, 20  # hours that are always shown


@dataclass(frozen=True, slots=True)
class Block:
    """One session. ``starts`` and ``ends`` are wall-clock times of its place (naive or aware).

    ``state`` is a tag state, ``label`` its own word, ``kind`` class, private or course, ``facts`` short
    words: who, where, how full. ``classes`` is filled in by :func:`lay_out`.
    """

    title: str
    href: str
    starts: datetime
    ends: datetime
    state: str = "open"
    label: str = ""
    kind: str = ""
    facts: Sequence[str] = ()
    classes: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One day (``on``), or one room or person (``title``). ``note`` greys it: a closure and its name.

    ``now`` is the wall-clock time to draw a line at, on today's column only. ``add_href`` is where something
    new is planned for this column; a click on an empty hour adds ``&starts_time=`` to it.
    """

    blocks: Sequence[Block]
    on: date | None = None
    title: str = ""
    href: str = ""
    note: str = ""
    is_today: bool = False
    now: datetime | None = None
    now_classes: str = ""
    add_href: str = ""


@dataclass(frozen=True, slots=True)
class Week:
    """What the component ``week_grid`` shows."""

    columns: Sequence[Column]
    classes: str
    hours: Sequence[str] = field(default=())


def lay_out(columns: Iterable[Column], *, earliest: int = EARLIEST, latest: int = LATEST) -> Week:
    """Give every block its classes, and the grid the hours that hold all of them."""
    columns = list(columns)
    blocks = [block for column in columns for block in column.blocks]
    first = min([earliest, *(block.starts.hour for block in blocks)])
    last = max([latest, *(_last_hour(block) for block in blocks)])
    return Week(
        columns=[_placed(column, first, last) for column in columns],
        classes=f"from-{first} hours-{last - first}" + (" cols-wide" if len(columns) < 4 else ""),
        hours=[f"{hour:02}:00" for hour in range(first, last)],
    )


def stylesheet() -> str:
    """The text of ``static/css/week.css``."""
    steps = (
        ("at-h", "--h", range(24)),
        ("at-m", "--m", range(0, 60, STEP)),
        ("for-h", "--dh", range(25)),
        ("for-m", "--dm", range(0, 60, STEP)),
        ("from-", "--from", range(24)),
        ("hours-", "--hours", range(1, 25)),
        ("lane-", "--lane", range(1, LANES + 1)),
        ("lanes-", "--lanes", range(1, LANES + 1)),
    )
    rows = ("  " + " ".join(f".{name}{n}{{{prop}:{n}}}" for n in numbers) for name, prop, numbers in steps)
    return "\n".join([_HEAD, "@layer components {", *rows, "}", ""])


_HEAD = """\
/* Times as classes: a style attribute would break the content policy, so a block says when it is in classes.
   at-hH at-mM: start. for-hH for-mM: length. from-H hours-N: the part of the day shown.
   lane-N lanes-N: side by side.
   Written by studio.web.week.stylesheet(); tests/web/test_week.py keeps the two equal. */"""


def _last_hour(block: Block) -> int:
    """The hour at which the grid must not end yet; a block over midnight is shown to midnight."""
    if block.ends.date() > block.starts.date():
        return 24
    return block.ends.hour + (1 if block.ends.minute else 0)


def _placed(column: Column, first: int, last: int) -> Column:
    lanes = _lanes(column.blocks)
    blocks = [
        replace(block, classes=f"{_times(block)} lane-{min(lane, LANES)} lanes-{min(of, LANES)}")
        for block, lane, of in lanes
    ]
    now = column.now
    shown = f"{_at(now)}" if now is not None and first <= now.hour < last else ""
    return replace(column, blocks=blocks, now_classes=shown)


def _times(block: Block) -> str:
    midnight = block.starts.replace(hour=0, minute=0) + timedelta(days=1)
    length = max(STEP, _whole(int((min(block.ends, midnight) - block.starts).total_seconds() // 60)))
    return f"{_at(block.starts)} for-h{length // 60} for-m{length % 60}"


def _at(moment: datetime) -> str:
    return f"at-h{moment.hour} at-m{_whole(moment.minute)}"


def _whole(minutes: int) -> int:
    return minutes - minutes % STEP


def _lanes(blocks: Sequence[Block]) -> list[tuple[Block, int, int]]:
    """Each block with its lane and how many lanes its group has; a group is a chain of overlaps."""
    placed: list[tuple[Block, int, int]] = []
    group: list[tuple[Block, int]] = []
    lane_ends: list[datetime] = []
    for block in sorted(blocks, key=lambda each: (each.starts, each.ends, each.title)):
        if lane_ends and block.starts >= max(lane_ends):
            placed += [(each, lane, len(lane_ends)) for each, lane in group]
            group, lane_ends = [], []
        free = next((index for index, ends in enumerate(lane_ends) if ends <= block.starts), len(lane_ends))
        lane_ends[free : free + 1] = [block.ends]
        group.append((block, free + 1))
    return placed + [(each, lane, len(lane_ends)) for each, lane in group]
