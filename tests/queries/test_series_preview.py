"""The live preview of a series: conflicts, closures and clock changes beside every date."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import connection

from scheduling.models import Closure, Location, Slot
from scheduling.queries import preview, slots
from scheduling.rules.recurrence import Rule
from tests import make
from tests.make import on

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
MON, WED = 0, 2
SIX = time(18)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def slot(starts: str, *, lasts: timedelta = HOUR, holder: str = "session:1", **resource) -> Slot:
    at = moment(starts)
    return Slot.objects.create(during=(at, at + lasts), holder=holder, **resource)


def mondays(count: int, starts_on: str = "2026-10-05", **changes) -> Rule:
    return Rule(**{"weekdays": (MON,), "starts_on": on(starts_on), "count": count} | changes)


def lines(rule: Rule, location: Location, **changes) -> list[tuple[str, str, tuple[str, ...]]]:
    planned = preview.planned_dates(
        rule, **{"starts_time": SIX, "duration_minutes": 60, "location_id": location.pk} | changes
    )
    return [(line.on.isoformat(), line.status, line.notes) for line in planned]


# ------------------------------------------------------------------------------------------------- slots


def test_conflicts_say_who_what_and_when_for_each_interval():
    ana, room = make.practitioner("Ana Gil"), make.room("Studio 3")
    slot("2026-10-05T17:30", room=room, holder="session:7")
    slot("2026-10-12T16:45", practitioner=ana, holder="session:8")
    wanted = [(moment(f"2026-10-{day:02}T17:00"), moment(f"2026-10-{day:02}T18:00")) for day in (5, 12, 19)]
    assert [
        (met.position, met.resource, met.resource_id, met.name, met.holder, met.starts_at, met.ends_at)
        for met in slots.conflicts(wanted, room_id=room.pk, practitioner_id=ana.pk)
    ] == [
        (0, "room", room.pk, "Studio 3", "session:7", moment("2026-10-05T17:30"), moment("2026-10-05T18:30")),
        (
            1,
            "practitioner",
            ana.pk,
            "Ana Gil",
            "session:8",
            moment("2026-10-12T16:45"),
            moment("2026-10-12T17:45"),
        ),
    ]


def test_only_the_resource_that_was_asked_about_can_be_in_the_way():
    ana, room, other = make.practitioner(), make.room(), make.room()
    slot("2026-10-05T17:00", room=room)
    slot("2026-10-05T17:00", practitioner=ana)
    wanted = [(moment("2026-10-05T17:00"), moment("2026-10-05T18:00"))]
    assert [met.resource for met in slots.conflicts(wanted, room_id=room.pk)] == ["room"]
    assert [met.resource for met in slots.conflicts(wanted, practitioner_id=ana.pk)] == ["practitioner"]
    assert slots.conflicts(wanted, room_id=other.pk) == []


def test_sessions_back_to_back_are_not_in_each_others_way():
    room = make.room()
    slot("2026-10-05T16:00", room=room)
    slot("2026-10-05T18:00", room=room)
    assert slots.conflicts([(moment("2026-10-05T17:00"), moment("2026-10-05T18:00"))], room_id=room.pk) == []
    touching = [(moment("2026-10-05T16:59:59"), moment("2026-10-05T18:00:01"))]
    assert len(slots.conflicts(touching, room_id=room.pk)) == 2


def test_a_slot_with_an_allowed_overlap_is_still_in_use():
    room = make.room()
    slot("2026-10-05T17:00", room=room, holder="session:1")
    slot("2026-10-05T17:00", room=room, holder="session:2", overlap_reason="open gym")
    wanted = [(moment("2026-10-05T17:00"), moment("2026-10-05T18:00"))]
    assert [met.holder for met in slots.conflicts(wanted, room_id=room.pk)] == ["session:1", "session:2"]


def test_what_is_being_moved_is_not_in_its_own_way():
    room = make.room()
    slot("2026-10-05T17:00", room=room, holder="session:1")
    wanted = [(moment("2026-10-05T17:30"), moment("2026-10-05T18:30"))]
    assert slots.conflicts(wanted, room_id=room.pk, besides=["session:1"]) == []
    assert len(slots.conflicts(wanted, room_id=room.pk, besides=["session:11"])) == 1


def test_nothing_is_asked_where_nothing_can_be_in_the_way(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert slots.conflicts([], room_id=1) == []
        assert slots.conflicts([(moment("2026-10-05T17:00"), moment("2026-10-05T18:00"))]) == []


# ----------------------------------------------------------------------------------------------- preview


def test_a_plain_series_shows_every_date_and_nothing_to_look_at():
    """X-16: the preview of all dates before saving."""
    place = make.location()
    rule = Rule(weekdays=(MON, WED), starts_on=on("2026-01-05"), count=10)
    planned = preview.planned_dates(rule, starts_time=SIX, duration_minutes=45, location_id=place.pk)
    assert [line.on.isoformat()[5:] for line in planned] == [
        "01-05", "01-07", "01-12", "01-14", "01-19", "01-21", "01-26", "01-28", "02-02", "02-04",
    ]  # fmt: skip
    assert {(line.status, line.notes, line.shift, line.needs_a_look) for line in planned} == {
        ("ok", (), "none", False)
    }
    assert (planned[0].starts_at, planned[0].ends_at) == (
        moment("2026-01-05T18:00"),
        moment("2026-01-05T18:45"),
    )


def test_a_conflict_says_who_is_busy_until_when_on_the_clocks_of_the_location():
    """UX 1.6"""
    ana, place = make.practitioner("Ana"), make.location(time_zone="Europe/Berlin")
    room = make.room("Studio 3", at=place)
    slot("2026-10-12T15:15", practitioner=ana, holder="session:7")
    slot("2026-10-12T16:45", room=room, holder="session:9", lasts=8 * HOUR)
    names = {"session:7": "Spin"}
    assert lines(
        mondays(2), place, practitioner_id=ana.pk, room_id=room.pk, labels=lambda holders: names
    ) == [
        ("2026-10-05", "ok", ()),
        (
            "2026-10-12",
            "conflict",
            ("Ana teaches Spin until 18:15", "Studio 3 is in use until 02:45 on Tue 13 Oct 2026"),
        ),
    ]


def test_labels_are_asked_for_only_what_is_in_the_way():
    place = make.location()
    room = make.room("Studio 3", at=place)
    slot("2026-10-05T17:00", room=room, holder="session:7")
    asked = []

    def labels(holders):
        asked.append(sorted(holders))
        return {"session:7": "Spin"}

    assert lines(mondays(1), place, room_id=room.pk, labels=labels) == [
        ("2026-10-05", "conflict", ("Studio 3 holds Spin until 19:00",))
    ]
    assert lines(mondays(1, "2026-10-12"), place, room_id=room.pk, labels=labels) == [
        ("2026-10-12", "ok", ())
    ]
    assert asked == [["session:7"]]


def test_a_closure_is_named_and_outweighs_a_conflict():
    """S3-49, X-51"""
    place = make.location()
    room = make.room("Studio 3", at=place)
    Closure.objects.create(
        name="Half-term", starts_on=on("2026-10-12"), ends_on=on("2026-10-12"), location=place
    )
    Closure.objects.create(
        name="Elsewhere", starts_on=on("2026-10-05"), ends_on=on("2026-10-30"), location=make.location()
    )
    slot("2026-10-12T17:00", room=room)
    assert lines(mondays(3), place, room_id=room.pk) == [
        ("2026-10-05", "ok", ()),
        ("2026-10-12", "closure", ("Closed: Half-term", "Studio 3 is in use until 19:00")),
        ("2026-10-19", "ok", ()),
    ]


def test_the_first_date_after_a_clock_change_says_so():
    """V-10, UX 1.6"""
    found = preview.planned_dates(
        mondays(5), starts_time=SIX, duration_minutes=60, location_id=make.location().pk
    )
    assert [(line.on.day, line.notes) for line in found] == [
        (5, ()), (12, ()), (19, ()), (26, ("clocks changed on 25 Oct: still 18:00 local time",)), (2, ()),
    ]  # fmt: skip
    assert [line.starts_at.hour for line in found] == [17, 17, 17, 18, 18]
    assert [line.needs_a_look for line in found] == [False] * 5


def test_a_skipped_or_doubled_start_says_what_is_meant():
    """RELIABILITY 6.3"""
    place = make.location()
    spring = Rule(weekdays=(6,), starts_on=on("2026-03-22"), count=3)
    assert lines(spring, place, starts_time=time(1, 30)) == [
        ("2026-03-22", "ok", ()),
        ("2026-03-29", "ok", ("01:30 is skipped on this day: starts at 02:30",)),
        ("2026-04-05", "ok", ()),
    ]
    autumn = Rule(weekdays=(6,), starts_on=on("2026-10-25"), count=2)
    assert lines(autumn, place, starts_time=time(1, 30)) == [
        ("2026-10-25", "ok", ("01:30 comes twice on this day: the first one is meant",)),
        ("2026-11-01", "ok", ("clocks changed on 25 Oct: still 01:30 local time",)),
    ]


def test_a_change_before_the_first_or_after_the_last_date_is_not_mentioned():
    place = make.location()
    assert lines(mondays(1, "2026-10-26"), place) == [("2026-10-26", "ok", ())]
    assert lines(mondays(1, "2026-10-19"), place) == [("2026-10-19", "ok", ())]


def test_a_window_of_the_preview_and_an_empty_one():
    place = make.location()
    assert lines(mondays(10), place, earliest=on("2026-10-12"), latest=on("2026-10-19")) == [
        ("2026-10-12", "ok", ()),
        ("2026-10-19", "ok", ()),
    ]
    assert lines(mondays(10), place, latest=on("2026-10-04")) == []


def test_a_location_that_is_gone_has_no_preview():
    with pytest.raises(Location.DoesNotExist):
        lines(mondays(1), Location(pk=0))


@pytest.mark.parametrize("count", [1, 104])
def test_the_preview_takes_three_statements_for_any_number_of_dates(django_assert_num_queries, count):
    """Q17"""
    place = make.location()
    room, ana = make.room(at=place), make.practitioner()
    with django_assert_num_queries(3):
        found = lines(mondays(count), place, room_id=room.pk, practitioner_id=ana.pk)
    assert len(found) == count


def test_104_dates_among_20_000_slots_take_three_statements_as_well(
    django_assert_num_queries,
):
    """Q17: ten rooms and ten practitioners, busy all year round."""
    place = make.location()
    rooms = [make.room(at=place).pk for _ in range(10)]
    people = [make.practitioner().pk for _ in range(10)]
    with connection.cursor() as cursor:
        for column, resources in (("room_id", rooms), ("practitioner_id", people)):
            cursor.execute(
                f"INSERT INTO scheduling_slot ({column}, during, holder)"
                " SELECT resource, tstzrange(at, at + interval '30 minutes'), 'session:1'"
                " FROM unnest(%s) AS resource,"
                " generate_series(%s, %s + interval '375 days', interval '9 hours') AS at",
                [resources, moment("2026-01-01T06:00"), moment("2026-01-01T06:00")],
            )
    assert Slot.objects.count() == 20_020
    rule = Rule(weekdays=(MON, WED), starts_on=date(2026, 1, 5), count=104)
    with django_assert_num_queries(3):
        found = lines(rule, place, room_id=rooms[0], practitioner_id=people[0])
    assert len(found) == 104
    assert {status for _, status, _ in found} == {"ok", "conflict"}
