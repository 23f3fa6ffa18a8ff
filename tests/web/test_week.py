"""Where sessions stand in a week: times as classes, parallel sessions side by side."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from studio.web import week
from studio.web.week import Block, Column

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def block(title: str, starts: str, ends: str) -> Block:
    return Block(title, "#", _at(starts), _at(ends))


def _at(clock: str) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return MONDAY + timedelta(hours=hour, minutes=minute)


def placed(*blocks: Block) -> dict[str, str]:
    """Title to classes."""
    laid_out = week.lay_out([Column(blocks, on=date(2026, 3, 2))])
    return {each.title: each.classes for each in laid_out.columns[0].blocks}


def test_a_block_says_when_it_starts_and_how_long_it_lasts() -> None:
    assert placed(block("Yoga", "07:30", "08:45")) == {"Yoga": "at-h7 at-m30 for-h1 for-m15 lane-1 lanes-1"}


def test_parallel_sessions_stand_side_by_side() -> None:
    lanes = placed(block("A", "09:00", "10:00"), block("B", "09:30", "10:30"), block("C", "10:00", "11:00"))
    assert {title: classes.split()[-2:] for title, classes in lanes.items()} == {
        "A": ["lane-1", "lanes-2"],
        "B": ["lane-2", "lanes-2"],
        # A has ended: C takes its lane.
        "C": ["lane-1", "lanes-2"],
    }


def test_sessions_one_after_another_use_the_whole_width() -> None:
    lanes = placed(block("A", "09:00", "10:00"), block("B", "10:00", "11:00"))
    assert [classes.split()[-1] for classes in lanes.values()] == ["lanes-1", "lanes-1"]


def test_the_order_is_that_of_the_clock_whatever_was_given() -> None:
    assert list(placed(block("Late", "18:00", "19:00"), block("Early", "07:00", "08:00"))) == [
        "Early",
        "Late",
    ]


def test_the_grid_grows_to_hold_an_early_and_a_late_session() -> None:
    assert week.lay_out([Column([])] * 7).classes == "from-8 hours-12"
    early_and_late = Column([block("Swim", "05:45", "06:30"), block("Dance", "21:00", "22:15")])
    assert week.lay_out([early_and_late] * 7).classes == "from-5 hours-18"


def test_a_session_over_midnight_is_shown_to_midnight() -> None:
    over = Block("Night", "#", _at("23:00"), _at("23:00") + timedelta(hours=3))
    laid_out = week.lay_out([Column([over])] * 7)
    assert laid_out.classes == "from-8 hours-16"
    assert laid_out.columns[0].blocks[0].classes == "at-h23 at-m0 for-h1 for-m0 lane-1 lanes-1"


def test_minutes_between_two_steps_round_down() -> None:
    assert placed(block("Odd", "09:03", "09:50")) == {"Odd": "at-h9 at-m0 for-h0 for-m45 lane-1 lanes-1"}


def test_the_line_of_now_is_drawn_only_inside_the_hours_shown() -> None:
    morning, night = (week.lay_out([Column([], now=_at(clock))]).columns[0] for clock in ("09:22", "03:00"))
    assert (morning.now_classes, night.now_classes) == ("at-h9 at-m20", "")


def test_the_stylesheet_knows_every_class_that_can_be_written() -> None:
    written = (Path(__file__).parents[2] / "static/css/week.css").read_text()
    assert written == week.stylesheet()
