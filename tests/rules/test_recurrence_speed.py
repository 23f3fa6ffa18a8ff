"""Recurrence is quick: measured against python-dateutil in the same process, in short alternating slices."""

from studio.ops.bench import recurrence


def test_expanding_a_rule_costs_a_tenth_of_dateutil_and_a_month_of_an_old_rule_a_fortieth():
    """P9"""
    measured = recurrence.run(pairs=5, slice_seconds=0.02)
    assert {name: row["is_met"] for name, row in measured.items()} == {"dates": True, "month": True}, measured
    assert {name: row["size"] for name, row in measured.items()} == {"dates": 520, "month": 8}
