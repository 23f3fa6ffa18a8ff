"""What a timetable names is found, or added once, in a handful of statements."""

from pathlib import Path

import pytest

from scheduling.domain import stock
from scheduling.domain.stock import OtherZone, Stock
from scheduling.models import Location, Room, Service
from scheduling.rules import timetable
from scheduling.rules.timetable import Row
from studio.audit.domain.operations import recorded
from studio.audit.models import Event
from studio.lib import transactions
from studio.lib.transactions import use_case
from studio.people.rules.permissions import SYSTEM
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db

GLASGOW = timetable.read(
    (Path(timetable.__file__).parents[2] / "studio/ops/demo/timetable.csv").read_bytes(), currency="GBP"
).rows
HEADER = "location,time_zone,weekday,starts,ends,service,room,capacity,cost,wage"


def rows_of(*lines: str) -> tuple[Row, ...]:
    found = timetable.read("\n".join([HEADER, *lines]).encode(), currency="GBP")
    assert found.problems == ()
    return found.rows


def verb_over(rows, taken: list[Stock]):
    @use_case
    @recorded("test.take_stock")
    def take_stock(*, by, at) -> None:
        taken.append(stock.add_missing(rows, at=at))

    return take_stock


def take(rows) -> Stock:
    taken: list[Stock] = []
    verb_over(rows, taken)(by=SYSTEM, at=NOW)
    return taken[0]


def test_a_timetable_brings_its_location_rooms_and_services():
    found = take(GLASGOW)
    assert Location.objects.values_list("name", "time_zone").get() == ("Stevenson Building", "Europe/London")
    assert sorted(Room.objects.values_list("name", flat=True)) == ["Activity Hall", "Fresh Air", "Studio 3"]
    assert sorted(Service.objects.values_list("name", flat=True)) == sorted({row.service for row in GLASGOW})
    for row in GLASGOW:
        assert Location.objects.get(pk=found.location_id(row)).name == row.location
        assert Room.objects.get(pk=found.room_id(row)).name == row.room
        assert Service.objects.get(pk=found.service_id(row)).name == row.service
    assert Event.objects.count() == 1 + 3 + Service.objects.count()


def test_taking_stock_again_adds_nothing():
    first, again = take(GLASGOW), take(GLASGOW)
    assert first == again
    assert Event.objects.count() == 4 + Service.objects.count()


def test_a_new_service_has_the_terms_of_its_earliest_row_and_an_old_one_keeps_its_own():
    make.service("Yoga", capacity=5, cost_minor=900)
    take(
        rows_of(
            "A,UTC,Mon,10:00,10:45,Spin,Hall,20,12.50,8",
            "A,UTC,Tue,10:00,11:00,SPIN,Hall,30,15,9",
            "A,UTC,Wed,10:00,11:00,yoga,Hall,40,20,10",
            "A,UTC,Thu,10:00,11:30,Boxing,Hall,,,",
        )
    )
    columns = ("name", "capacity", "duration_minutes", "cost_minor", "wage_minor")
    assert list(Service.objects.order_by("name").values_list(*columns)) == [
        ("Boxing", 12, 90, 0, 0),
        ("Spin", 20, 45, 1250, 800),
        ("Yoga", 5, 60, 900, 500),
    ]


def test_rooms_of_the_same_name_at_two_locations_are_two():
    found = take(rows_of("A,UTC,Mon,10:00,11:00,Spin,Hall,,,", "B,UTC,Mon,10:00,11:00,Spin,hall,,,"))
    assert Room.objects.count() == 2
    assert len(set(found._rooms.values())) == 2


def test_a_location_with_another_zone_stops_it():
    make.location("a", time_zone="Europe/London")
    make.location("C", time_zone="UTC")
    with pytest.raises(OtherZone) as refusal:
        take(rows_of("A,UTC,Mon,10:00,11:00,Spin,Hall,,,", "C,UTC,Mon,10:00,11:00,Spin,Hall,,,"))
    assert str(refusal.value) == (
        "a is in Europe/London, and in UTC in the file's row 2. Write Europe/London in the file."
    )
    assert (Location.objects.count(), Room.objects.count(), Event.objects.count()) == (2, 0, 0)


def test_what_would_be_added_is_told():
    told = transactions.preview(verb_over(GLASGOW, []), by=SYSTEM, at=NOW)
    assert [line.text for line in told.consequences] == [
        "1 location added: Stevenson Building",
        "3 rooms added: Activity Hall, Fresh Air, Studio 3",
        "16 services added: BoxFit, Cardio H.I.T., Cardio HIT, Circuit Express, Core Conditioning …",
    ]
    assert Location.objects.count() == 0


@pytest.mark.parametrize("rows", [GLASGOW[:1], GLASGOW])
def test_a_timetable_takes_six_statements_for_1_row_and_46(queries, rows):
    with queries() as seen:
        take(rows)
    ours = [statement["sql"].split()[0] for statement in seen if "scheduling_" in statement["sql"]]
    assert ours == ["SELECT", "INSERT"] * 3
