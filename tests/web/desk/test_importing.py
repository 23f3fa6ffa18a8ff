"""Importing a timetable at the desk: look at every row, then all of it, or the good rows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from scheduling.models import Location, Series
from sessions_app.domain import expansion
from studio.people.rules.permissions import SYSTEM, Role
from tests import logins, make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("moment")]

IMPORT = "/desk/series/import/"
HEADER = "location,time_zone,weekday,starts,ends,service,room\n"
GOOD = (
    HEADER
    + "Main,Europe/London,Monday,18:00,19:00,Yoga,Studio 1\nMain,Europe/London,Tue,7pm,8pm,Spin,Studio 2\n"
)
BAD = GOOD + "Main,Europe/London,Blursday,18:00,19:00,Tango,Studio 1\n"


def look(browser: Client, content: str | bytes = GOOD, **fields: str) -> HttpResponse:
    raw = content.encode() if isinstance(content, str) else content
    file = SimpleUploadedFile("week.csv", raw, content_type="text/csv")
    return browser.post(IMPORT, {"file": file, "starts_on": "2026-03-09", "weeks": "4", "look": "1"} | fields)


def confirm(browser: Client, looked_at: HttpResponse, **fields: str) -> HttpResponse:
    """Press the button under what was looked at: the file travels in the page."""
    page = looked_at.content.decode()
    hidden = dict(re.findall(r'type="hidden" name="(upload|seen|seen_for|skip_bad)" value="([^"]*)"', page))
    sent = {"starts_on": "2026-03-09", "weeks": "4", "import": "1", "key": "one-press"}
    return browser.post(IMPORT, sent | hidden | fields)


def test_a_file_is_looked_at_before_anything_is_written(owner):
    answer = look(owner)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Yoga" in page and "Monday 18:00–19:00" in page and "Tuesday 19:00–20:00" in page
    assert "2 series added, with 8 sessions" in page and "1 location added: Main" in page
    assert "Import 2 rows" in page
    assert (Series.objects.count(), Location.objects.count()) == (0, 0)


def test_what_was_looked_at_is_imported_once_and_can_be_taken_back(owner):
    looked_at = look(owner)
    for _ in range(2):
        answer = confirm(owner, looked_at)
        assert (answer.status_code, answer["Location"]) == (302, "/desk/series/")
    assert Series.objects.count() == 2
    assert expansion.expand(by=SYSTEM, at=make.NOW) == 8
    page = owner.get("/desk/series/")
    assert "2 series imported, 8 sessions on their way" in page.content.decode()
    assert owner.post(page.context["toasts"][0].href).status_code == 302
    assert Series.objects.filter(is_enabled=True).count() == 0


def test_importing_the_same_file_twice_changes_nothing(owner):
    confirm(owner, look(owner))
    page = look(owner).content.decode()
    assert page.count("There already") == 2
    assert "Nothing is new: every good row is there already." in page
    assert "seen_for" not in page


def test_bad_rows_are_listed_with_number_value_and_remedy(owner):
    answer = look(owner, BAD)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "1 problem<" in page and "Row 4" in page and "Blursday" in page
    assert "Import 2 good rows, leave out 1" in page
    assert "Tango" not in page
    answer = confirm(owner, answer)
    assert answer.status_code == 302
    assert Series.objects.count() == 2


def test_problems_can_be_taken_along_as_a_file_that_no_spreadsheet_runs(owner):
    answer = look(owner, GOOD + "Main,Europe/London,=1+1,18:00,19:00,Tango,Studio 3\n", problems="1")
    assert answer["Content-Type"].startswith("text/csv")
    lines = answer.content.decode().splitlines()
    assert lines[0] == "row,column,value,problem,remedy"
    assert lines[1].startswith("4,weekday,'=1+1,")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (HEADER, "The file has a header and no classes."),
        ("", "empty"),
        (GOOD.encode("utf-16"), "file"),
        ("location,weekday\nMain,Monday\n", "time_zone"),
    ],
    ids=["no rows", "empty", "other encoding", "missing columns"],
)
def test_a_file_that_cannot_be_read_says_why(owner, content, words):
    answer = look(owner, content)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "1 problem" in page or "problems" in page
    assert words in page
    assert Series.objects.count() == 0


def test_a_file_that_is_too_large_is_refused_by_its_size(owner):
    answer = look(owner, GOOD + "x" * 1_000_001)
    assert answer.status_code == 422
    assert "The file is larger than 1 MB. Divide it into several files." in answer.content.decode()


def test_without_a_file_the_form_asks_for_one(owner):
    answer = owner.post(IMPORT, {"starts_on": "2026-03-09", "weeks": "4"})
    assert answer.status_code == 422
    assert "Choose a file." in answer.content.decode()


def test_what_the_page_carries_cannot_be_made_up(owner):
    """The file in the page is signed: nobody has us unpack what we did not pack."""
    looked_at = look(owner)
    answer = confirm(owner, looked_at, upload="eyJjb250ZW50IjoiIn0:made:up")
    assert answer.status_code == 422
    assert "Choose a file." in answer.content.decode()
    assert Series.objects.count() == 0


def test_other_weeks_than_those_looked_at_are_shown_first(owner):
    answer = confirm(owner, look(owner), weeks="6")
    assert answer.status_code == 200
    assert "2 series added, with 12 sessions" in answer.content.decode()
    assert Series.objects.count() == 0


def test_a_world_that_moved_since_the_look_is_shown_again(owner):
    """UX D5."""
    looked_at = look(owner)
    make.location("Main")
    answer = confirm(owner, looked_at)
    assert answer.status_code == 409
    assert "This changed since you looked." in answer.content.decode()
    assert Series.objects.count() == 0


def test_a_real_week_of_a_gym_is_imported(owner):
    """46 rows, three rooms, parallel classes."""
    file = Path(__file__).parents[3] / "studio/ops/demo/timetable.csv"
    if not file.exists():
        pytest.fail(f"{file} is not there")
    page = look(owner, file.read_bytes()).content.decode()
    assert "46 series added, with 184 sessions" in page and "Import 46 rows" in page


def test_the_sample_is_a_file_that_can_be_imported(owner):
    sample = owner.get("/desk/series/import/sample.csv")
    assert look(owner, sample.content).status_code == 200


def test_importing_is_for_who_was_given_it(desk):
    assert desk.get(IMPORT).status_code == 403
    granted = logins.browser(Role.STAFF, capabilities=["data.import"])
    assert granted.get(IMPORT).status_code == 200


def test_looking_costs_the_same_for_one_row_and_for_three(owner, queries):
    counts = []
    for rows in (1, 3):
        lines = [f"Main,Europe/London,Monday,{9 + n}:00,{9 + n}:45,S{n},Studio 1" for n in range(rows)]
        content = HEADER + "\n".join(lines)
        look(owner, content)
        with queries() as seen:
            look(owner, content)
        counts.append(len(seen))
    assert counts[0] == counts[1]
