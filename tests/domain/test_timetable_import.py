"""A weekly timetable from a file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scheduling.models import Closure, Location, Room, Series, Service
from sessions_app.domain import expansion, timetable, timetable_import
from sessions_app.domain.timetable_import import CannotImport
from sessions_app.models import Session
from studio.audit.domain import operations
from studio.audit.models import Event, Operation
from studio.lib.transactions import preview
from studio.ops import demo
from studio.people.rules.permissions import SYSTEM
from tests import make

pytestmark = pytest.mark.django_db
NOW = make.NOW
MARCH = date(2026, 3, 2)
HEADER = "location,time_zone,weekday,starts,ends,service,room"
MORE = HEADER + ",practitioner,capacity,cost,wage"
SPIN = "North,Europe/London,Monday,18:00,18:45,Spin,Hall"
YOGA = "North,Europe/London,Wed,19:00,20:00,Yoga,Studio"
GYM = Path(demo.__file__).parent / "timetable.csv"


def timetable_of(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows]).encode()


def load(*rows: str, header: str = HEADER, **fields: Any) -> dict[str, Any]:
    request = {"starts_on": MARCH, "weeks": 3, "by": SYSTEM, "at": NOW} | fields
    return timetable_import.import_rows(content=timetable_of(*rows, header=header), **request)


def problems(*rows: str, header: str = HEADER, **fields: Any) -> list[tuple[int | None, str, str, str]]:
    with pytest.raises(CannotImport) as refused:
        load(*rows, header=header, **fields)
    return [(each.row, each.column, each.text, each.remedy) for each in refused.value.problems]


def counts() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Location, Room, Service, Series, Session))


def texts(seen: Sequence[Any]) -> list[str]:
    return [each.text for each in seen]


def test_a_row_becomes_a_place_a_service_and_a_weekly_series() -> None:
    result = load(SPIN, YOGA)
    assert result == {
        "series": 2,
        "sessions": 6,
        "there_already": 0,
        "skipped": 0,
        "locations": ["North"],
        "rooms": ["Hall", "Studio"],
        "services": ["Spin", "Yoga"],
    }
    assert counts() == (1, 2, 2, 2, 0)
    spin = Series.objects.get(service__name="Spin")
    assert (spin.room.name, spin.location.name, spin.location.time_zone) == ("Hall", "North", "Europe/London")
    assert (spin.weekdays, spin.starts_on, spin.starts_time, spin.duration_minutes, spin.count) == (
        [0],
        MARCH,
        time(18),
        45,
        3,
    )
    yoga = Series.objects.get(service__name="Yoga")
    assert (yoga.starts_on, yoga.capacity) == (date(2026, 3, 4), 12)
    assert expansion.expand(by=SYSTEM, at=NOW) == 6


def test_the_week_of_a_real_gym_is_imported() -> None:
    """46 classes in three rooms, some of them at the same time."""
    request = {"content": GYM.read_bytes(), "starts_on": MARCH, "weeks": 20, "by": SYSTEM, "at": NOW}
    result = timetable_import.import_rows(**request)
    assert (result["series"], result["sessions"], len(result["rooms"])) == (46, 920, 3)
    assert expansion.expand(by=SYSTEM, at=NOW) == 920
    assert timetable_import.import_rows(**request)["there_already"] == 46
    assert expansion.expand(by=SYSTEM, at=NOW) == 0
    assert Session.objects.count() == 920


def test_importing_twice_changes_nothing() -> None:
    load(SPIN, YOGA)
    expansion.expand(by=SYSTEM, at=NOW)
    before = counts()
    seen = preview(
        timetable_import.import_rows,
        content=timetable_of(SPIN.upper().replace("EUROPE/LONDON", "Europe/London"), YOGA),
        starts_on=MARCH + timedelta(days=3),
        weeks=5,
        by=SYSTEM,
        at=NOW,
    )
    assert texts(seen.consequences) == ["2 series were there already"]
    assert load(SPIN, YOGA)["series"] == 0
    assert counts() == before


def test_a_season_after_the_end_of_the_last_one_is_new() -> None:
    load(SPIN)
    assert load(SPIN, starts_on=date(2026, 3, 16))["there_already"] == 1
    assert load(SPIN, starts_on=date(2026, 3, 17))["series"] == 1
    assert expansion.expand(by=SYSTEM, at=NOW) == 6


def test_what_is_there_is_found_whatever_its_case() -> None:
    hall = make.room("HALL", make.location("north"), capacity=7)
    spin = make.service("SPIN", capacity=20, cost_minor=900)
    result = load(SPIN)
    assert (result["locations"], result["rooms"], result["services"]) == ([], [], [])
    series = Series.objects.get()
    # No more places than the room holds; the price stays the service's.
    assert (series.room, series.service, series.capacity, series.cost_minor) == (hall, spin, 7, None)


def test_optional_columns_say_who_how_many_and_how_much() -> None:
    coach = make.practitioner("Ana Gil")
    load(SPIN + ",ana gil,9,12.50,20", YOGA + ",,,,", header=MORE)
    spin, yoga = Series.objects.order_by("pk")
    assert (spin.practitioner, spin.capacity, spin.service.cost_minor, spin.service.wage_minor) == (
        coach,
        9,
        1250,
        2000,
    )
    # The service costs just that, so the series follows it.
    assert (spin.cost_minor, spin.wage_minor) == (None, None)
    assert (yoga.practitioner, yoga.capacity, yoga.service.cost_minor) == (None, 12, 0)


def test_a_price_that_differs_from_the_services_stays_with_the_row() -> None:
    make.service("Spin", cost_minor=900, wage_minor=500)
    load(SPIN + ",,,12.50,5", header=MORE)
    series = Series.objects.get()
    assert (series.cost_minor, series.wage_minor) == (1250, None)


def test_the_preview_names_what_is_added_and_writes_nothing() -> None:
    Closure.objects.create(name="Fair", starts_on=MARCH, ends_on=MARCH)
    seen = preview(
        timetable_import.import_rows,
        content=timetable_of(SPIN, "North,Europe/London,Caturday,9:00,10:00,Cats,Hall"),
        starts_on=MARCH,
        weeks=3,
        skip_bad=True,
        by=SYSTEM,
        at=NOW,
    )
    assert texts(seen.consequences) == [
        "1 series added, with 2 sessions",
        "1 location added: North",
        "1 room added: Hall",
        "1 service added: Spin",
        "1 row left out",
    ]
    assert counts() == (0, 0, 0, 0, 0)


def test_every_problem_is_listed_and_nothing_written() -> None:
    make.location("North", "Europe/Berlin")
    make.practitioner("Ana Gil")
    for _ in range(2):
        make.practitioner("Jo Ng")
    small = make.room("Closet", make.location("South"), capacity=4)
    before = counts()
    found = problems(
        SPIN + ",,,,",
        "East,Europe/London,Moonday,18:00,17:00,Spin,Hall,,,,",
        "South,Europe/London,Tue,18:00,19:00,Spin,Closet,Ana Gill,5,,",
        "South,Europe/London,Thu,18:00,19:00,Spin,Hall,Nobody Here,,,",
        "South,Europe/London,Fri,18:00,19:00,Spin,Hall,jo ng,,,",
        header=MORE,
    )
    assert [(row, column) for row, column, _, _ in found] == [
        (2, "time_zone"),
        (3, "ends"),
        (3, "weekday"),
        (4, "practitioner"),
        (4, "capacity"),
        (5, "practitioner"),
        (6, "practitioner"),
    ]
    said = {(row, column): (text, remedy) for row, column, text, remedy in found}
    assert said[2, "time_zone"] == (
        "North is in Europe/Berlin already, not in Europe/London.",
        "Type Europe/Berlin, or another location.",
    )
    assert said[4, "practitioner"][1] == "Did you mean Ana Gil?"
    assert said[4, "capacity"][0] == f"{small.name} holds 4 people, and the series has 5 places."
    assert said[5, "practitioner"][1] == "Add the practitioner first, or leave the cell blank."
    assert said[6, "practitioner"][0] == "2 practitioners are called jo ng."
    assert counts() == before and not Operation.objects.filter(verb="timetable.import").exists()


def test_a_room_that_is_in_use_is_a_problem() -> None:
    hall = make.room("Hall", make.location("North"))
    timetable.create_series(
        service_id=make.service("Row").pk,
        location_id=hall.location_id,
        room_id=hall.pk,
        weekdays=[0],
        starts_on=date(2026, 3, 9),
        starts_time=time(18, 30),
        count=1,
        by=SYSTEM,
        at=NOW,
    )
    expansion.expand(by=SYSTEM, at=NOW)
    assert problems(SPIN, YOGA) == [
        (
            2,
            "room",
            "Hall is in use on Mon 9 Mar 2026, 18:30–19:30 for Row.",
            "Change the room or the time, or import from a later date.",
        )
    ]
    assert load(SPIN, YOGA, skip_bad=True)["services"] == ["Yoga"]


def test_a_practitioner_who_is_busy_is_a_problem() -> None:
    coach = make.practitioner("Ana Gil")
    make.location("North")
    row = SPIN + ",Ana Gil,,,"
    load(row.replace("North", "South"), header=MORE)
    expansion.expand(by=SYSTEM, at=NOW)
    assert [(column, text) for _, column, text, _ in problems(row, header=MORE)] == [
        ("practitioner", f"{coach.name} is in use on Mon 2 Mar 2026, 18:00–18:45 for Spin.")
    ]


def test_bad_rows_are_left_out_when_asked() -> None:
    result = load(SPIN, YOGA.replace("Wed", "Someday"), skip_bad=True)
    assert (result["series"], result["skipped"]) == (1, 1)
    assert (Series.objects.get().service.name, Service.objects.count()) == ("Spin", 1)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2", "location\xe9".encode("latin-1")])
def test_a_file_that_is_no_timetable_is_refused_even_with_skip_bad(content: bytes) -> None:
    with pytest.raises(CannotImport):
        timetable_import.import_rows(
            content=content, starts_on=MARCH, weeks=3, skip_bad=True, by=SYSTEM, at=NOW
        )
    assert counts() == (0, 0, 0, 0, 0)


@pytest.mark.parametrize("fields", [{"weeks": 0}, {"weeks": 105}, {"starts_on": date(1926, 3, 2)}])
def test_figures_out_of_reach_are_refused(fields: dict[str, Any]) -> None:
    assert [column for _, column, _, _ in problems(SPIN, **fields)] == list(fields)


def test_importing_needs_its_permission() -> None:
    assert problems(SPIN, by=make.staff().actor) == [
        (None, "", "Importing is not among the things you may do.", "Ask an admin.")
    ]
    load(SPIN, by=make.admin().actor)


def test_one_key_imports_once() -> None:
    assert load(SPIN, key="form-1") == load(SPIN, key="form-1")
    assert Event.objects.filter(verb="timetable.imported").count() == 1


def test_an_import_can_be_undone_and_done_again() -> None:
    load(SPIN, YOGA, starts_on=date(2026, 3, 9), key="form-1")
    expansion.expand(by=SYSTEM, at=NOW)
    made = Operation.objects.get(key="form-1")
    undo = operations.verb_named(made.inverse["verb"])
    assert undo(**made.inverse["kwargs"], by=SYSTEM, at=NOW, undoes=made.pk) == 6
    assert load(SPIN, YOGA, starts_on=date(2026, 3, 9))["series"] == 2
    assert expansion.expand(by=SYSTEM, at=NOW) == 6


@pytest.mark.parametrize("rows", [1, 40])
def test_a_file_of_any_length_takes_as_many_statements(rows: int) -> None:
    make.room("Hall", make.location("North"))
    classes = [
        f"North,Europe/London,{day},{hour}:00,{hour}:45,Spin,Hall"
        for day in ("Mon", "Tue", "Wed")
        for hour in range(7, 22)
    ]
    with CaptureQueriesContext(connection) as seen:
        load(*classes[:rows])
    assert len(seen) <= 22


# --- the command -------------------------------------------------------------------------------------


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("import_timetable", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def test_the_command_says_what_it_did(tmp_path: Path) -> None:
    file = tmp_path / "week.csv"
    file.write_bytes(timetable_of(SPIN))
    arguments = (str(file), "--from", "2026-03-02", "--weeks", "2")
    said = ["1 series added, with 2 sessions", "1 location added: North", "1 room added: Hall"]
    said += ["1 service added: Spin"]
    dry = run(*arguments, "--dry-run").splitlines()
    assert dry == [*said, "Nothing was written: this was a dry run."]
    assert not Series.objects.exists()
    assert run(*arguments).splitlines() == said
    assert run(*arguments).splitlines() == ["1 series was there already"]


def test_the_command_lists_bad_rows_and_writes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "week.csv"
    file.write_bytes(timetable_of(SPIN, YOGA.replace("Wed", "Wedday")))
    out = StringIO()
    with pytest.raises(CommandError) as stopped:
        call_command("import_timetable", str(file), "--from", "2026-03-02", stderr=out)
    assert out.getvalue() == "Row 3: “Wedday” is not a weekday. Did you mean Wednesday? [weekday: Wedday]\n"
    assert str(stopped.value) == (
        "1 problem, and nothing was written. Correct the file, or leave these rows out with --skip-bad."
    )
    assert not Series.objects.exists()
    assert run(str(file), "--from", "2026-03-02", "--skip-bad").splitlines()[-1] == "1 row left out"


def test_the_command_names_a_file_or_date_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        run(str(tmp_path / "absent.csv"))
    with pytest.raises(CommandError, match="“soon” is not a date"):
        run(str(tmp_path / "absent.csv"), "--from", "soon")
