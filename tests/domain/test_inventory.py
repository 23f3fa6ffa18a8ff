"""Locations, rooms and services: saved as they should be, refused by the field, changed back by undo."""

import pytest

from scheduling.domain import inventory
from scheduling.domain.inventory import CannotSave
from scheduling.models import Location, Room, Series, Service, Slot
from scheduling.queries import inventory as queries
from studio.audit.models import Event, Operation
from studio.lib import transactions
from studio.lib.refusals import NotFound, Refused
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def by():
    return make.admin().actor


def fields(refusal: pytest.ExceptionInfo[Refused]) -> list[tuple[str, str]]:
    return [(reason.field, reason.code) for reason in refusal.value.reasons]


def series(**changes) -> Series:
    values = {
        "service": changes.pop("service", None) or make.service(),
        "weekdays": [0],
        "starts_on": make.on("2026-01-05"),
        "starts_time": "18:00",
        "duration_minutes": 60,
        "count": 4,
        "capacity": 8,
    }
    return Series.objects.create(**values | changes)


def events() -> list[tuple[str, str, dict]]:
    return list(Event.objects.order_by("id").values_list("verb", "subject", "facts"))


# ---------------------------------------------------------------------------------------------- locations


def test_a_location_is_added_with_its_zone(by, now):
    location_id = inventory.save_location(name=" Main  Street ", time_zone="Europe/London", by=by, at=now)
    location = Location.objects.get()
    assert (location.pk, location.name, location.time_zone, location.members_may_book) == (
        location_id, "Main Street", "Europe/London", True,
    )  # fmt: skip
    assert events() == [("location.added", f"location:{location_id}", {"name": "Main Street"})]


def test_a_location_is_changed_and_changed_back(by, now):
    place = make.location("Main Street", members_may_book=True)
    inventory.save_location(
        location_id=place.pk,
        name="High Street",
        time_zone="Europe/Dublin",
        members_may_book=False,
        by=by,
        at=now,
    )
    place.refresh_from_db()
    assert (place.name, place.time_zone, place.members_may_book) == ("High Street", "Europe/Dublin", False)
    inverse = Operation.objects.get().inverse
    assert inverse == {
        "verb": "location.save",
        "kwargs": {
            "location_id": place.pk,
            "name": "Main Street",
            "time_zone": "Europe/London",
            "members_may_book": True,
        },
    }
    inventory.save_location(**inverse["kwargs"], by=by, at=now)
    place.refresh_from_db()
    assert (place.name, place.time_zone, place.members_may_book) == ("Main Street", "Europe/London", True)


def test_saving_without_a_change_leaves_no_trace(by, now):
    place = make.location("Main Street")
    inventory.save_location(
        location_id=place.pk, name="Main Street", time_zone="Europe/London", by=by, at=now
    )
    assert (events(), Operation.objects.get().inverse) == ([], None)


def test_the_same_form_sent_twice_adds_one_location(by, now):
    """S1-07's kind of promise for the inventory: one key, one effect."""
    form = {"name": "Main Street", "time_zone": "Europe/London", "by": by, "at": now, "key": "form-1"}
    assert inventory.save_location(**form) == inventory.save_location(**form)
    assert Location.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "time_zone", "expected"),
    [
        ("", "Europe/London", [("name", "no_name")]),
        ("  ", "Europe/Londn", [("name", "no_name"), ("time_zone", "unknown_zone")]),
        ("x" * 81, "", [("name", "name_too_long"), ("time_zone", "unknown_zone")]),
        ("MAIN street", "Europe/London", [("name", "name_taken")]),
    ],
)
def test_a_location_that_cannot_be_is_refused_by_its_fields(by, now, name, time_zone, expected):
    make.location("Main Street")
    with pytest.raises(CannotSave) as refusal:
        inventory.save_location(name=name, time_zone=time_zone, by=by, at=now)
    assert fields(refusal) == expected
    assert (Location.objects.count(), Event.objects.count(), Operation.objects.count()) == (1, 0, 0)


def test_a_location_keeps_its_zone_once_series_are_held_there(by, now):
    place = make.location("Main Street")
    series(location=place)
    with pytest.raises(CannotSave, match="1 series is held here by the clocks of Europe/London") as refusal:
        inventory.save_location(
            location_id=place.pk, name="Main Street", time_zone="Asia/Tokyo", by=by, at=now
        )
    assert fields(refusal) == [("time_zone", "zone_in_use")]
    inventory.save_location(location_id=place.pk, name="Elsewhere", time_zone="Europe/London", by=by, at=now)
    assert Location.objects.get().name == "Elsewhere"


@pytest.mark.parametrize("save", [
    lambda **common: inventory.save_location(location_id=99, name="x", time_zone="UTC", **common),
    lambda **common: inventory.save_room(location_id=99, name="x", **common),
    lambda **common: inventory.save_room(location_id=make.location().pk, room_id=99, name="x", **common),
    lambda **common: inventory.save_service(service_id=99, name="x", **common),
])  # fmt: skip
def test_what_is_gone_is_not_found(by, now, save):
    with pytest.raises(NotFound, match="does not exist any more"):
        save(by=by, at=now)


@pytest.mark.parametrize("role", ["staff", "practitioner", "member"])
def test_only_who_may_change_settings_changes_the_inventory(now, role):
    actor, place = make.person(role=role).actor, make.location()
    for save in (
        lambda: inventory.save_location(name="A", time_zone="UTC", by=actor, at=now),
        lambda: inventory.save_room(location_id=place.pk, name="A", by=actor, at=now),
        lambda: inventory.save_service(name="A", by=actor, at=now),
    ):
        with pytest.raises(CannotSave, match="Ask an admin"):
            save()
    assert (Location.objects.count(), Room.objects.count(), Service.objects.count()) == (1, 0, 0)


def test_staff_who_were_given_the_permission_may(now):
    actor = make.staff(capabilities=["settings.change"]).actor
    inventory.save_service(name="Spin", by=actor, at=now)
    assert Service.objects.get().name == "Spin"


# -------------------------------------------------------------------------------------------------- rooms


def test_a_room_is_added_changed_and_changed_back(by, now):
    place = make.location("Main Street")
    room_id = inventory.save_room(location_id=place.pk, name="Studio 1", capacity=20, by=by, at=now)
    inventory.save_room(room_id=room_id, location_id=place.pk, name="Studio 1", by=by, at=now)
    room = Room.objects.get()
    assert (room.pk, room.name, room.capacity) == (room_id, "Studio 1", None)
    assert events()[-1] == (
        "room.changed",
        f"room:{room_id}",
        {"name": "Studio 1", "changed": {"capacity": None}},
    )
    undo = Operation.objects.order_by("id").last().inverse
    inventory.save_room(**undo["kwargs"], by=by, at=now)
    room.refresh_from_db()
    assert room.capacity == 20


def test_room_names_are_unique_at_a_location_only(by, now):
    here, there = make.location(), make.location()
    make.room("Studio 1", at=here)
    inventory.save_room(location_id=there.pk, name="Studio 1", by=by, at=now)
    with pytest.raises(CannotSave, match="There is a room called “studio 1” at this location already"):
        inventory.save_room(location_id=here.pk, name="studio 1", by=by, at=now)
    assert Room.objects.count() == 2


@pytest.mark.parametrize("capacity", [0, -1, 10_001])
def test_a_room_is_for_somebody(by, now, capacity):
    with pytest.raises(CannotSave) as refusal:
        inventory.save_room(location_id=make.location().pk, name="A", capacity=capacity, by=by, at=now)
    assert fields(refusal) == [("capacity", "out_of_range")]


def test_an_unused_room_moves_and_a_used_one_stays(by, now):
    here, there = make.location(), make.location()
    unused, used, planned = make.room("A", at=here), make.room("B", at=here), make.room("C", at=here)
    Slot.objects.create(room=used, during=(now, now.replace(hour=13)), holder="session:1")
    series(location=here, room=planned)
    inventory.save_room(room_id=unused.pk, location_id=there.pk, name="A", by=by, at=now)
    for room in (used, planned):
        with pytest.raises(CannotSave, match="Add a new room at the other location") as refusal:
            inventory.save_room(room_id=room.pk, location_id=there.pk, name=room.name, by=by, at=now)
        assert fields(refusal) == [("location_id", "room_in_use")]
    assert list(Room.objects.order_by("name").values_list("location", flat=True)) == [
        there.pk,
        here.pk,
        here.pk,
    ]


# ----------------------------------------------------------------------------------------------- services


def test_a_service_has_cost_wage_pricing_and_visibility(by, now):
    """S3-97, S3-84"""
    service_id = inventory.save_service(
        name="Spin",
        description=" Fast. ",
        pricing="hourly",
        cost_minor=1200,
        wage_minor=500,
        capacity=20,
        duration_minutes=45,
        members_may_book=False,
        hue=210,
        by=by,
        at=now,
    )
    assert Service.objects.values().get() == {
        "id": service_id,
        "name": "Spin",
        "description": "Fast.",
        "pricing": "hourly",
        "cost_minor": 1200,
        "wage_minor": 500,
        "capacity": 20,
        "duration_minutes": 45,
        "members_may_book": False,
        "hue": 210,
    }


def test_every_wrong_field_of_a_service_is_told_at_once(by, now):
    make.service("Spin")
    with pytest.raises(CannotSave) as refusal:
        inventory.save_service(
            name="SPIN",
            description="x" * 5001,
            pricing="free",
            cost_minor=-1,
            wage_minor=-1,
            capacity=0,
            duration_minutes=1441,
            hue=360,
            by=by,
            at=now,
        )
    assert fields(refusal) == [
        ("name", "name_taken"),
        ("description", "description_too_long"),
        ("pricing", "unknown_pricing"),
        ("cost_minor", "below_zero"),
        ("wage_minor", "below_zero"),
        ("capacity", "out_of_range"),
        ("duration_minutes", "out_of_range"),
        ("hue", "out_of_range"),
    ]


def test_a_new_price_is_told_before_it_counts(by, now):
    spin = make.service("Spin", cost_minor=1200)
    terms = {"service_id": spin.pk, "name": "Spin", "wage_minor": 500, "capacity": 8, "by": by, "at": now}
    told = transactions.preview(inventory.save_service, cost_minor=1400, pricing="hourly", **terms)
    assert [line.text for line in told.consequences] == [
        "Spin costs £14.00 an hour instead of £12.00 a session; what is booked keeps its price"
    ]
    assert Service.objects.get().cost_minor == 1200
    assert transactions.preview(inventory.save_service, cost_minor=1200, **terms).consequences == ()
    inventory.save_service(cost_minor=1400, pricing="hourly", expecting=told.fingerprint, **terms)
    assert Service.objects.get().cost_minor == 1400


def test_the_database_has_the_last_word_on_names_in_the_same_words(by, now):
    """Whoever saves a name between another's check and save meets the constraint.

    So does a name that Postgres and Python put into lower case differently, which needs no second person.
    """
    make.service("İstanbul")
    with pytest.raises(CannotSave, match="There is a service called “İstanbul” already") as refusal:
        inventory.save_service(name="İstanbul", by=by, at=now)
    assert fields(refusal) == [("name", "name_taken")]


# ------------------------------------------------------------------------------------------------ queries


def test_locations_come_with_their_rooms_by_name():
    there, here = make.location("B", time_zone="Asia/Tokyo"), make.location("A", members_may_book=False)
    second, first = make.room("Two", at=there), make.room("One", at=there, capacity=5)
    assert [(row.name, row.time_zone, [room.name for room in row.rooms]) for row in queries.locations()] == [
        ("A", "Europe/London", []),
        ("B", "Asia/Tokyo", ["One", "Two"]),
    ]
    assert queries.location(there.pk).rooms == (
        (first.pk, "One", 5, there.pk),
        (second.pk, "Two", None, there.pk),
    )
    assert queries.room(first.pk) == (first.pk, "One", 5, there.pk)
    assert (queries.location(0), queries.room(0), queries.service(0)) == (None, None, None)
    assert queries.location(here.pk).members_may_book is False


def test_members_are_offered_only_what_they_may_book():
    """S3-84"""
    make.location("Hidden", members_may_book=False)
    make.location("Shown")
    make.service("Hidden", members_may_book=False)
    make.service("Shown")
    assert [row.name for row in queries.locations(bookable_only=True)] == ["Shown"]
    assert [row.name for row in queries.services(bookable_only=True)] == ["Shown"]
    assert [row.name for row in queries.services()] == ["Hidden", "Shown"]


def test_services_say_how_many_series_are_held_of_them():
    spin, yoga = make.service("Spin"), make.service("Yoga")
    place = make.location()
    series(service=spin, location=place), series(service=spin, location=place)
    assert [(row.name, row.series) for row in queries.services()] == [("Spin", 2), ("Yoga", 0)]
    assert (queries.service(spin.pk).series, queries.service(yoga.pk).cost_minor) == (2, 1200)


@pytest.mark.parametrize("rows", [1, 3])
def test_the_inventory_takes_the_same_statements_for_any_number(count_of, rows):
    for _ in range(rows):
        make.room(at=make.location())
        make.service()
    assert (count_of(queries.locations), count_of(queries.services)) == (2, 1)


@pytest.fixture
def count_of(django_assert_max_num_queries):
    def count(ask) -> int:
        with django_assert_max_num_queries(99) as seen:
            ask()
        return len(seen)

    return count
