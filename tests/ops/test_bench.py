"""The bench measures what it says, on little work: that its two sides do the same is checked by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from studio.ops.bench import calendar, expansion, harness
from studio.ops.bench.harness import Cost, Turns
from studio.ops.management.commands import bench
from tests.databases import own_database


@pytest.fixture
def of_its_own(transactional_db: None) -> Iterator[None]:
    with own_database():
        yield


@pytest.mark.sabotage  # the floors leave rooms free
def test_expansion_is_measured_beside_three_floors(of_its_own: None) -> None:
    """P10."""
    rows = expansion.run(sessions=1_000)
    assert list(rows) == ["expansion_copy", "expansion_copy_with_slots", "expansion_insert_select"]
    assert {row["size"] for row in rows.values()} == {1_000}
    assert all(row["ratio"] > 0 for row in rows.values())


def test_the_calendar_is_measured_beside_its_own_sql(of_its_own: None) -> None:
    """P7, P8: one statement for a feed."""
    rows = calendar.run(sessions=5_000, crowds=(10, 20), pairs=1, slice_seconds=0.01)
    assert [(name, row["size"]) for name, row in rows.items()] == [
        ("week_json", 500),
        ("week_page", 500),
        ("month_10", 40),
        ("month_20", 80),
    ]
    assert rows["week_json"]["statements"] == rows["month_20"]["statements"] == 1
    assert rows["week_page"]["statements"] <= 15


def test_cpu_decides_where_it_disagrees_with_time() -> None:
    slow_clock = Turns(seconds=[1.0, 1.0, 9.0], cpu=[1.0, 1.0, 1.0])
    floor = Turns(seconds=[1.0, 1.0, 1.0], cpu=[2.0, 2.0, 2.0])
    row = harness.row(slow_clock, floor, must=0.9, unit="seconds", size=1)
    assert (row["ratio"], row["cpu_ratio"], row["is_met"]) == (1.0, 0.5, True)
    as_rate = harness.row(slow_clock, floor, must=1.9, unit="seconds", size=1, is_rate=True)
    assert (as_rate["ratio"], as_rate["cpu_ratio"], as_rate["is_met"]) == (1.0, 2.0, True)


def test_costs_are_per_unit_of_work() -> None:
    turns = Turns()
    turns.add(Cost(10.0, 5.0), 10)
    turns.add(Cost(20.0, None), 10)
    assert (turns.seconds, turns.cpu) == ([1.0, 2.0], [0.5])


def test_the_command_prints_json() -> None:
    """P9. Dates need no database."""
    out = StringIO()
    call_command("bench", "recurrence", "--json", stdout=out, stderr=StringIO())
    rows = json.loads(out.getvalue())
    assert list(rows) == ["dates", "month"]
    assert all(set(row) >= {"product", "floor", "ratio", "must", "is_met"} for row in rows.values())


def test_the_table_says_what_is_met() -> None:
    rows = {
        "good": {"product": 1.5, "floor": 1.0, "ratio": 1.5, "must": 2.0, "is_met": True, "size": 1000},
        "bad": {"product": 0.25, "floor": 1, "ratio": 0.25, "cpu_ratio": 0.3, "must": 0.5, "is_met": False},
    }
    assert [line.split() for line in bench.table(rows)[1:]] == [
        ["good", "1.5", "1", "1.5", "2", "met", "1,000"],
        ["bad", "0.25", "1", "0.25", "0.3", "0.5", "NOT", "MET"],
    ]


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(CommandError, match=r"There is no bench called speed\. Choose from recurrence, "):
        call_command("bench", "speed")
