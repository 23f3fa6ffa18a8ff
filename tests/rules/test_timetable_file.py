"""The timetable file: what is read, and what every kind of mistake is told."""

from datetime import time
from pathlib import Path

import pytest

from scheduling.rules import cells, timetable
from scheduling.rules.timetable import Row, Timetable

HEADER = "location,time_zone,weekday,starts,ends,service,room"
GLASGOW = Path(timetable.__file__).parents[2] / "studio/ops/demo/timetable.csv"
GOOD = {
    "location": "Stevenson Building",
    "time_zone": "Europe/London",
    "weekday": "Monday",
    "starts": "18:00",
    "ends": "19:00",
    "service": "Spin",
    "room": "Studio 3",
}


def read(*lines: str, header: str = HEADER) -> Timetable:
    return timetable.read("\n".join([header, *lines]).encode(), currency="GBP")


def line(**changes: str) -> str:
    return ",".join((GOOD | changes).values())


def told(found: Timetable) -> list[str]:
    return [str(problem) for problem in found.problems]


def only_problem(**changes: str) -> timetable.Problem:
    header = ",".join(GOOD | changes)
    found = read(line(**changes), header=header)
    assert found.rows == ()
    (problem,) = found.problems
    return problem


# --------------------------------------------------------------------------------------------- what is read


def test_a_real_timetable_of_46_parallel_classes_is_read():
    found = timetable.read(GLASGOW.read_bytes(), currency="GBP")
    assert found.problems == ()
    assert len(found.rows) == 46
    assert len({row.import_key for row in found.rows}) == 46
    assert found.rows[0] == Row(
        number=2,
        location="Stevenson Building",
        time_zone="Europe/London",
        weekday=0,
        starts=time(7, 30),
        duration_minutes=40,
        service="Total Body Workout",
        room="Studio 3",
        practitioner="",
        capacity=None,
        cost_minor=None,
        wage_minor=None,
    )
    assert sum(row.duration_minutes for row in found.rows if row.weekday == 6) == 40 + 40 + 40 + 60


def test_optional_columns_may_be_there_in_any_order_and_case():
    found = read(
        "12.50,Spin,Ana Gil,20,Studio 3,Stevenson Building,Europe/London,7.30pm,0645,WED.,8",
        header="Cost,service,practitioner,CAPACITY,room,location,Time zone,ends,starts,weekday,wage",
    )
    assert found.problems == ()
    (row,) = found.rows
    assert (row.practitioner, row.capacity, row.cost_minor, row.wage_minor) == ("Ana Gil", 20, 1250, 800)
    assert (row.weekday, row.starts, row.duration_minutes, row.hours) == (2, time(6, 45), 765, "06:45–19:30")


def test_blank_optional_cells_say_nothing():
    found = read(
        line(practitioner="", capacity="", cost="", wage=""), header=",".join([HEADER, *timetable.OPTIONAL])
    )
    assert [(row.practitioner, row.capacity, row.cost_minor, row.wage_minor) for row in found.rows] == [
        ("", None, None, None)
    ]


@pytest.mark.parametrize("encode", [lambda text: text.encode("utf-8-sig"), lambda text: text.encode()])
def test_a_byte_order_mark_may_be_there_or_not(encode):
    found = timetable.read(encode(f"{HEADER}\r\n{line(service='Pilates für Ältere')}\r\n"), currency="GBP")
    assert [row.service for row in found.rows] == ["Pilates für Ältere"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_commas_semicolons_and_tabs_separate(separator):
    found = timetable.read(f"{HEADER}\n{line()}".replace(",", separator).encode(), currency="GBP")
    assert (len(found.rows), found.problems) == (1, ())


def test_blank_rows_and_surplus_spaces_are_passed_over_and_rows_keep_their_numbers():
    found = read("", ",,,,,,", line(service="  Total   Body ", room=" Hall "), "", line(weekday="Munday"))
    assert [(row.number, row.service, row.room) for row in found.rows] == [(4, "Total Body", "Hall")]
    assert [problem.row for problem in found.problems] == [6]


def test_quoted_cells_may_hold_commas_and_line_breaks_count_as_one_row():
    found = read('"Hall, north",Europe/London,Mon,18:00,19:00,"Spin\nlate",Studio 3', line(weekday="x"))
    assert [(row.location, row.service) for row in found.rows] == [("Hall, north", "Spin late")]
    assert [problem.row for problem in found.problems] == [3]


@pytest.mark.parametrize(
    ("typed", "weekday"),
    [
        ("Monday", 0),
        ("MON", 0),
        ("tue", 1),
        ("Tues", 1),
        ("wed.", 2),
        ("Thurs", 3),
        ("fr", 4),
        ("SATURDAY", 5),
        ("sun", 6),
    ],
)
def test_weekdays_are_read_by_name_or_beginning(typed, weekday):
    assert cells.weekday(typed) == weekday


@pytest.mark.parametrize(
    ("typed", "clock"),
    [
        ("19:30", "19:30"),
        ("19.30", "19:30"),
        ("19h30", "19:30"),
        ("0730", "07:30"),
        ("730", "07:30"),
        ("7:30", "07:30"),
        ("7.30pm", "19:30"),
        ("7:30 PM", "19:30"),
        ("7 p.m.", "19:00"),
        ("7am", "07:00"),
        ("12am", "00:00"),
        ("12.15pm", "12:15"),
        ("19:30:00", "19:30"),
        ("00:00", "00:00"),
    ],
)
def test_times_are_read_as_people_type_them(typed, clock):
    assert cells.clock(cells.minute(typed)) == clock


@pytest.mark.parametrize("typed", ["24:00", "00:00", "12am", "2400"])
def test_a_class_may_end_at_midnight(typed):
    (row,) = read(line(starts="23:00", ends=typed)).rows
    assert (row.duration_minutes, row.hours) == (60, "23:00–24:00")


def test_a_class_keeps_its_key_until_it_is_another_class():
    (row,) = read(line()).rows
    assert row.import_key == "timetable:fdea0b412806ae455b665b15ee336196"
    same = [line(ends="20:00"), line(service="SPIN"), line(time_zone="Europe/Dublin"), line(starts="6pm")]
    assert {read(text).rows[0].import_key for text in same} == {row.import_key}
    other = [
        line(room="Hall"),
        line(starts="18:01"),
        line(weekday="Tue"),
        line(service="Yoga"),
        line(location="B"),
    ]
    keys = {read(text).rows[0].import_key for text in other}
    assert len(keys) == 5 and row.import_key not in keys
    assert len(row.import_key) <= 64


# ------------------------------------------------------------------------------------------ the whole file


@pytest.mark.parametrize("content", [b"", b"\n\n  \n", b"\xef\xbb\xbf"])
def test_an_empty_file_says_what_belongs_in_it(content):
    found = timetable.read(content, currency="GBP")
    assert told(found) == [
        "The file is empty. Its first row holds the columns "
        "location, time_zone, weekday, starts, ends, service, room."
    ]


def test_a_header_alone_has_no_classes():
    assert told(read()) == ["The file has a header and no classes. Add a row for each class of the week."]


def test_missing_columns_are_named():
    found = read("x", header="location,weekday,starts,ends,service,room")
    assert told(found) == [
        "Row 1: The column time_zone is missing. The first row holds the columns "
        "location, time_zone, weekday, starts, ends, service, room."
    ]
    found = read(header="location;service;room")
    assert (found.problems[0].column, found.problems[0].text) == (
        "time_zone", "The columns time_zone, weekday, starts, ends are missing.",
    )  # fmt: skip


def test_separators_alone_are_a_file_without_columns():
    (problem,) = timetable.read(b",,,\n,,\n", currency="GBP").problems
    assert problem.text.startswith("The columns location, time_zone,")


def test_an_unknown_column_is_not_silently_passed_over():
    found = read(line() + ",20,red", header=f"{HEADER},capcity,xyz")
    assert told(found) == [
        "Row 1: The column “capcity” is not known. Rename it to capacity, or remove it.",
        "Row 1: The column “xyz” is not known. Remove it.",
    ]


def test_a_column_that_is_there_twice_is_refused():
    found = read(line() + ",Hall", header=f"{HEADER},Room")
    assert told(found) == ["Row 1: The column room is there twice. Remove one of them."]


def test_another_encoding_is_told_by_row_and_byte():
    found = timetable.read(
        f"{HEADER}\n{line()}\n{line(service='Pilates für')}".encode("latin-1"), currency="GBP"
    )
    assert told(found) == ["Row 3: Byte 180 of the file (0xFC) is not UTF-8. Save the file as “CSV UTF-8”."]
    assert (found.problems[0].value, found.rows) == ("0xFC", ())


def test_another_encoding_after_a_byte_order_mark_is_told_by_the_same_byte():
    content = b"\xef\xbb\xbfab\xff"
    assert told(timetable.read(content, currency="GBP")) == [
        "Row 1: Byte 6 of the file (0xFF) is not UTF-8. Save the file as “CSV UTF-8”."
    ]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (HEADER.encode("utf-16"), "The file is written in UTF-16; UTF-8 is expected."),
        (b"PK\x03\x04rest of a spreadsheet", "This is a spreadsheet, not a CSV file."),
        (b"x" * 1_000_001, "The file has 1,000,001 bytes; a timetable has at most 1,000,000."),
    ],
)
def test_other_kinds_of_file_are_recognized(content, text):
    (problem,) = timetable.read(content, currency="GBP").problems
    assert problem.text == text
    assert problem.remedy.endswith(".")


def test_more_than_2000_classes_are_too_many():
    many = [
        line(starts=f"{n // 60 % 23:02}:{n % 60:02}", ends=f"{n // 60 % 23:02}:{n % 60 + 1:02}", room=f"R{n}")
        for n in range(59)
    ]
    lines = [text.replace("Stevenson Building", f"House {house}") for house in range(34) for text in many]
    assert (len(lines), len(read(*lines[:2000]).problems)) == (2006, 0)
    assert told(read(*lines)) == [
        "Row 2002: The file has more than 2000 classes. Divide it into several files."
    ]


def test_an_unclosed_quotation_mark_is_told():
    found = read(line(), '"Stevenson,Europe/London,Mon')
    assert told(found) == [
        "Row 3: This row is not CSV (unexpected end of data). "
        "Check its quotation marks: each opening one needs a closing one."
    ]


def test_a_file_full_of_mistakes_is_not_read_to_its_end():
    found = read(*[line(time_zone=f"Nowhere/Place{n}") for n in range(1500)])
    assert len(found.problems) == timetable.MOST_PROBLEMS


# ----------------------------------------------------------------------------------------------- the cells


@pytest.mark.parametrize(
    ("column", "typed", "expected"),
    [
        ("weekday", "Munday", "Row 2: “Munday” is not a weekday. Did you mean Monday?"),
        ("weekday", "T", "Row 2: “T” is not a weekday. Type one such as Monday or Mon."),
        ("weekday", "", "Row 2: The weekday is empty. Type one such as Monday or Mon."),
        ("weekday", "1", "Row 2: “1” is not a weekday. Type one such as Monday or Mon."),
        ("starts", "7", "Row 2: “7” is not a time. Type it like 19:30 or 7.30pm."),
        ("starts", "25:00", "Row 2: “25:00” is not a time. Type it like 19:30 or 7.30pm."),
        ("starts", "18:60", "Row 2: “18:60” is not a time. Type it like 19:30 or 7.30pm."),
        ("starts", "13pm", "Row 2: “13pm” is not a time. Type it like 19:30 or 7.30pm."),
        ("starts", "24:00", "Row 2: “24:00” is not a time. Type it like 19:30 or 7.30pm."),
        ("starts", "noon", "Row 2: “noon” is not a time. Type it like 19:30 or 7.30pm."),
        ("ends", "", "Row 2: The time is empty. Type it like 19:30 or 7.30pm."),
        (
            "ends",
            "17:00",
            "Row 2: The class ends at 17:00, not after it starts at 18:00. Correct one of them.",
        ),
        (
            "ends",
            "18:00",
            "Row 2: The class ends at 18:00, not after it starts at 18:00. Correct one of them.",
        ),
        (
            "time_zone",
            "Europe/Londn",
            "Row 2: “Europe/Londn” is not a time zone. Did you mean Europe/London?",
        ),
        ("time_zone", "london", "Row 2: “london” is not a time zone. Did you mean Europe/London?"),
        ("time_zone", "New York", "Row 2: “New York” is not a time zone. Did you mean America/New_York?"),
        (
            "time_zone",
            "europe/london",
            "Row 2: “europe/london” is not a time zone. Did you mean Europe/London?",
        ),
        ("time_zone", "#%", "Row 2: “#%” is not a time zone. Type one such as Europe/London."),
        ("time_zone", "", "Row 2: The time zone is empty. Type one such as Europe/London."),
        ("service", "", "Row 2: The cell is empty. Fill it."),
        ("room", "  ", "Row 2: The cell is empty. Fill it."),
        ("location", "a\x07b", "Row 2: The cell holds a character that cannot be shown. Type the cell anew."),
        ("service", "y" * 81, f"Row 2: “{'y' * 39}…” has 81 characters. Use at most 80."),
        (
            "practitioner",
            "a\x00b",
            "Row 2: The cell holds a character that cannot be shown. Type the cell anew.",
        ),
        ("capacity", "0", "Row 2: “0” is not a number of places. Type one from 1 to 10000."),
        ("capacity", "10001", "Row 2: “10001” is not a number of places. Type one from 1 to 10000."),
        ("capacity", "12.5", "Row 2: “12.5” is not a number of places. Type one from 1 to 10000."),
        ("cost", "ten", "Row 2: “ten” is not an amount in GBP. Type the digits only, such as 12.50."),
        ("wage", "-8", "Row 2: “-8” is below zero. Type an amount from 0."),
    ],
)
def test_a_cell_that_cannot_be_used_is_told_with_its_row_and_what_to_type(column, typed, expected):
    problem = only_problem(**{column: typed})
    assert str(problem) == expected
    assert (problem.row, problem.column, problem.value) == (2, column, typed.strip())


def test_every_wrong_cell_of_a_row_is_told_at_once():
    found = read(line(weekday="x", starts="y", room=""))
    assert [(problem.row, problem.column) for problem in found.problems] == [
        (2, "starts"),
        (2, "weekday"),
        (2, "room"),
    ]


def test_a_row_with_too_many_or_too_few_cells_is_told():
    found = read(line() + ",surplus", "Stevenson Building,Europe/London,Monday")
    assert told(found) == [
        "Row 2: There are 8 cells in this row and 7 columns. "
        "Put quotation marks around a cell that contains a comma.",
        "Row 3: The time is empty. Type it like 19:30 or 7.30pm.",
        "Row 3: The time is empty. Type it like 19:30 or 7.30pm.",
        "Row 3: The cell is empty. Fill it.",
        "Row 3: The cell is empty. Fill it.",
    ]


# ------------------------------------------------------------------------------------------- between rows


def test_a_location_has_one_time_zone():
    found = read(line(), line(weekday="Tue", location="STEVENSON building", time_zone="Europe/Paris"))
    assert told(found) == [
        "Row 3: STEVENSON building is in Europe/Paris here and in Europe/London in row 2. "
        "Give a location one time zone."
    ]
    assert read(line(), line(location="Lyon", time_zone="Europe/Paris")).problems == ()


def test_a_room_used_twice_at_once_names_both_rows():
    found = read(line(), line(service="Yoga", starts="18:59", ends="20:00", room="studio 3"))
    assert told(found) == [
        "Row 3: studio 3 is in use on Monday 18:00–19:00 by Spin (row 2) when Yoga begins at 18:59. "
        "Change the room or the time of one of them."
    ]
    (problem,) = found.problems
    assert (problem.column, problem.value) == ("room", "studio 3")


@pytest.mark.parametrize(
    "other",
    [{"starts": "19:00", "ends": "20:00"}, {"room": "Hall"}, {"weekday": "Tue"}, {"location": "Annex"}],
)
def test_classes_one_after_the_other_or_elsewhere_do_not_clash(other):
    assert read(line(), line(service="Yoga", **other)).problems == ()


def test_a_long_class_clashes_with_each_that_begins_during_it():
    found = read(
        line(starts="10:00", ends="14:00"),
        line(service="Yoga", starts="11:00", ends="12:00"),
        line(service="Pilates", starts="13:00", ends="15:00"),
        line(service="Boxing", starts="14:30", ends="15:30"),
    )
    assert [
        (problem.row, "(row 2)" in problem.text, "(row 4)" in problem.text) for problem in found.problems
    ] == [
        (3, True, False),
        (4, True, False),
        (5, False, True),
    ]


def test_a_practitioner_in_two_rooms_at_once_names_both_rows():
    header = f"{HEADER},practitioner"
    found = read(
        line(practitioner="Ana"),
        line(room="Hall", service="Yoga", starts="18:30", practitioner="ANA"),
        header=header,
    )
    assert told(found) == [
        "Row 3: ANA is in use on Monday 18:00–19:00 by Spin (row 2) when Yoga begins at 18:30. "
        "Change the practitioner or the time of one of them."
    ]
    assert read(line(practitioner="Ana"), line(room="Hall", practitioner="Joe"), header=header).problems == ()


def test_a_row_that_is_there_twice_names_the_first():
    found = read(line(), line(weekday="Tue"), line(service="spin", ends="19:30"))
    assert told(found) == [
        "Row 4: spin, Monday 18:00–19:30, Studio 3, is in row 2 already. Remove one of the two rows."
    ]
