"""Series through the API: seen before they are made, made once, made by who may."""

from __future__ import annotations

import pytest

from scheduling.models import Closure, Series
from sessions_app.models import Session
from studio.lib import codes
from studio.people.rules.permissions import Role
from tests import make
from tests.web.api.conftest import problem

pytestmark = pytest.mark.django_db


def plan(**fields) -> dict[str, object]:
    """Mondays and Wednesdays at 18:00, four times, unless said otherwise."""
    service, place = make.service("Reformer"), make.location("Riverside")
    return {
        "service": codes.encode(service.pk),
        "location": codes.encode(place.pk),
        "weekdays": [0, 2],
        "starts_on": "2026-03-09",
        "starts_time": "18:00",
        "count": 4,
    } | fields


def test_a_series_is_made_and_says_what_it_is(caller):
    """S3-03, S3-05, S3-08."""
    answer = caller(Role.STAFF).post("series/", plan())

    assert answer.status_code == 201, answer.content
    made = Series.objects.get()
    said = answer.json()
    assert said["id"] == codes.encode(made.pk)
    assert (said["service"]["name"], said["location"]["name"], said["room"]) == (
        "Reformer",
        "Riverside",
        None,
    )
    assert (said["weekdays"], said["count"], said["until"]) == ([0, 2], 4, None)
    assert (said["starts_time"], said["duration_minutes"], said["capacity"]) == ("18:00:00", 60, 8)
    assert (said["state"], said["sessions"]) == ("waiting", 0)
    assert caller(Role.STAFF).get(f"series/{said['id']}/").json() == said
    assert caller(Role.STAFF).get("series/").json()["results"] == [said]


def test_a_preview_lists_every_date_and_writes_nothing(caller):
    """S3-04, X-16, X-51, V-10: closures are left out, clock changes are told."""
    staff = caller(Role.STAFF)
    Closure.objects.create(starts_on="2026-03-25", ends_on="2026-03-25", name="Stocktaking")
    asked = plan(weekdays=[2], starts_on="2026-03-18", count=3)

    answer = staff.post("series/preview/", asked)

    assert answer.status_code == 200, answer.content
    said = answer.json()
    assert [(each["on"], each["starts_at"], each["is_held"]) for each in said["dates"]] == [
        ("2026-03-18", "2026-03-18T18:00:00Z", True),
        ("2026-03-25", "2026-03-25T18:00:00Z", False),
        ("2026-04-01", "2026-04-01T17:00:00Z", True),
    ]
    assert (said["held"], said["left_out"]) == (2, 1)
    assert "Stocktaking" in said["dates"][1]["left_out_because"]
    assert any("still 18:00 local time" in note for note in said["dates"][2]["notes"])
    assert [each["kind"] for each in said["consequences"]] == ["places", "places"]
    assert Series.objects.count() == Session.objects.count() == 0


def test_what_was_previewed_is_what_is_made_unless_the_world_moved(caller):
    staff = caller(Role.STAFF)
    asked = plan()
    seen = staff.post("series/preview/", asked).json()["fingerprint"]
    Closure.objects.create(starts_on="2026-03-11", ends_on="2026-03-11", name="Stocktaking")

    answer = staff.post("series/", asked | {"expecting": seen})

    assert problem(answer, 409) == ["world_moved"]
    assert any("11 Mar" in each["text"] for each in answer.json()["consequences"])
    assert Series.objects.count() == 0
    seen = staff.post("series/preview/", asked).json()["fingerprint"]
    assert staff.post("series/", asked | {"expecting": seen}).status_code == 201


def test_every_reason_names_its_field(caller):
    """X-17, X-19."""
    staff = caller(Role.STAFF)
    elsewhere = make.room("Far Room", capacity=5)
    asked = plan(room=codes.encode(elsewhere.pk), count=None, weekdays=[], capacity=6)

    for path in ("series/", "series/preview/"):
        answer = staff.post(path, asked)
        assert problem(answer, 422) != []
        fields = {reason["field"] for reason in answer.json()["reasons"]}
        assert {"weekdays", "room", "capacity"} <= fields
        assert all(reason["text"] and reason["remedy"] for reason in answer.json()["reasons"])
    assert Series.objects.count() == 0


def test_something_that_does_not_exist_is_not_found(caller):
    staff, asked = caller(Role.STAFF), plan(service="zzzzzz")

    for answer in (
        staff.post("series/", asked),
        staff.post("series/preview/", asked),
        staff.get("series/zzzzzz/"),
    ):
        assert problem(answer, 404) == ["not_found"]


def test_the_same_key_makes_one_series(caller):
    staff, asked = caller(Role.STAFF), plan()

    first, second = staff.post("series/", asked, key="once"), staff.post("series/", asked, key="once")

    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert Series.objects.count() == 1
    assert problem(staff.post("series/", asked | {"count": 5}, key="once"), 409) == ["key_reused"]


def test_practitioners_plan_their_own_sessions_and_members_none(caller):
    coach, member, asked = caller(Role.PRACTITIONER), caller(), plan()
    own = asked | {"practitioner": codes.encode(coach.person.pk)}

    assert problem(coach.post("series/", asked), 409) == ["not_yours"]
    assert coach.post("series/", own).status_code == 201
    for answer in (
        member.post("series/", asked),
        member.post("series/preview/", asked),
        member.get("series/"),
    ):
        assert problem(answer, 403) == ["not_allowed"]
    assert Series.objects.count() == 1


def test_costs_wages_and_staff_notes_are_for_who_may_set_them(caller):
    staff, admin, asked = caller(Role.STAFF), caller(Role.ADMIN), plan(cost_minor=900, wage_minor=400)
    coach = caller(Role.PRACTITIONER)
    own = plan_of(asked, coach) | {"staff_note": "x", "public_note": "y"}

    assert problem(staff.post("series/", asked), 403) == ["no_cost_minor", "no_wage_minor"]
    assert problem(coach.post("series/", own), 403) == ["no_staff_note", "no_cost_minor", "no_wage_minor"]
    made = admin.post("series/", asked | {"staff_note": "x"})

    assert made.status_code == 201
    assert (made.json()["cost_minor"], made.json()["wage_minor"], made.json()["staff_note"]) == (
        900,
        400,
        "x",
    )
    seen = staff.get(f"series/{made.json()['id']}/").json()
    assert (seen["cost_minor"], seen["wage_minor"], seen["staff_note"]) == (900, None, "x")


def plan_of(asked: dict[str, object], coach) -> dict[str, object]:
    return asked | {"practitioner": codes.encode(coach.person.pk)}


def test_the_list_costs_the_same_for_one_series_and_for_three(caller, queries):
    staff, asked = caller(Role.STAFF), plan()
    counts = []
    for several in (1, 2):
        for number in range(several):
            staff.post("series/", asked | {"starts_time": f"{8 + number + several}:00"})
        staff.get("series/")
        with queries() as seen:
            assert len(staff.get("series/").json()["results"]) == Series.objects.count()
        counts.append(len(seen))

    assert Series.objects.count() == 3
    assert counts[0] == counts[1] <= 4
