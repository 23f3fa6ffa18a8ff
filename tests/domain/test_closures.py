"""Closures: added, flagged to everybody, removed, and both ways undone."""

import pytest

from scheduling.domain import closures
from scheduling.domain.closures import CannotClose
from scheduling.models import Closure
from scheduling.queries import closures as queries
from scheduling.rules import closures as rule
from studio.audit.domain import operations
from studio.audit.models import Event, Operation
from studio.lib import transactions
from studio.lib.refusals import NotFound
from tests import make
from tests.make import on

pytestmark = pytest.mark.django_db

CHRISTMAS = {"name": "Christmas", "starts_on": on("2026-12-25"), "ends_on": on("2026-12-26")}


@pytest.fixture
def by():
    return make.staff().actor


def test_staff_close_the_whole_business_for_days(by, now):
    """S3-48"""
    closure_id = closures.add(**CHRISTMAS, by=by, at=now)
    assert Closure.objects.values().get() == {"id": closure_id, "location_id": None, **CHRISTMAS}
    assert Event.objects.values_list("verb", "subject", "facts").get() == (
        "closure.added",
        f"closure:{closure_id}",
        {"name": "Christmas", "starts_on": "2026-12-25", "ends_on": "2026-12-26", "location": None},
    )


def test_a_closure_says_what_it_does_before_it_is_added(by, now):
    """X-51"""
    place = make.location("Main Street")
    told = transactions.preview(closures.add, **CHRISTMAS, location_id=place.pk, by=by, at=now)
    assert [(line.kind, line.text) for line in told.consequences] == [
        (
            "places",
            "Members cannot book Main Street from Fri 25 Dec 2026 to Sat 26 Dec 2026; "
            "sessions on these days stay",
        )
    ]
    assert Closure.objects.count() == 0


def test_adding_is_undone_by_removing_and_removing_by_adding(by, now):
    place = make.location()
    closure_id = closures.add(**CHRISTMAS, location_id=place.pk, by=by, at=now)
    undo(by, now)
    assert Closure.objects.count() == 0
    assert Event.objects.values_list("verb", "subject").last() == ("closure.removed", f"closure:{closure_id}")
    undo(by, now)
    assert Closure.objects.values("location_id", "name", "starts_on", "ends_on").get() == {
        "location_id": place.pk,
        **CHRISTMAS,
    }


def test_a_closure_can_be_removed_once(by, now):
    closure_id = closures.add(**CHRISTMAS, by=by, at=now)
    assert closures.remove(closure_id=closure_id, by=by, at=now) == closure_id
    with pytest.raises(NotFound, match="This closure does not exist any more"):
        closures.remove(closure_id=closure_id, by=by, at=now)


def test_removing_says_that_the_days_open_again(by, now):
    closure_id = closures.add(**CHRISTMAS | {"ends_on": on("2026-12-25")}, by=by, at=now)
    told = transactions.preview(closures.remove, closure_id=closure_id, by=by, at=now)
    assert [line.text for line in told.consequences] == [
        "Members can book everywhere again on Fri 25 Dec 2026"
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"name": " "}, [("name", "no_name")]),
        ({"name": "x" * 81}, [("name", "name_too_long")]),
        ({"ends_on": on("2026-12-24")}, [("ends_on", "ends_before_start")]),
        ({"ends_on": on("2027-12-26")}, [("ends_on", "closed_too_long")]),
        ({"starts_on": on("2199-12-31"), "ends_on": on("2200-01-01")}, [("ends_on", "closed_too_long")]),
        ({"name": "", "ends_on": on("2026-12-24")}, [("name", "no_name"), ("ends_on", "ends_before_start")]),
    ],
)
def test_a_closure_that_cannot_be_is_refused_by_its_fields(by, now, changes, expected):
    with pytest.raises(CannotClose) as refusal:
        closures.add(**CHRISTMAS | changes, by=by, at=now)
    assert [(reason.field, reason.code) for reason in refusal.value.reasons] == expected
    assert (Closure.objects.count(), Event.objects.count()) == (0, 0)


def test_a_closure_of_a_year_is_the_longest(by, now):
    closures.add(name="Rebuilding", starts_on=on("2026-12-25"), ends_on=on("2027-12-25"), by=by, at=now)
    assert Closure.objects.count() == 1


def test_the_same_days_are_closed_once_in_one_place(by, now):
    place = make.location()
    closures.add(**CHRISTMAS, by=by, at=now)
    with pytest.raises(CannotClose, match="These days are closed already: Christmas, everywhere"):
        closures.add(**CHRISTMAS | {"name": "Holiday"}, by=by, at=now)
    closures.add(**CHRISTMAS, location_id=place.pk, by=by, at=now)
    assert Closure.objects.count() == 2


@pytest.mark.parametrize("role", ["practitioner", "member"])
def test_closures_are_for_the_desk(now, role):
    """Section 5 of the requirements: others see closures."""
    actor = make.person(role=role).actor
    closure = Closure.objects.create(**CHRISTMAS)
    with pytest.raises(CannotClose, match="Only the desk can add and remove closures"):
        closures.add(**CHRISTMAS | {"name": "Mine"}, by=actor, at=now)
    with pytest.raises(CannotClose, match="Ask the desk"):
        closures.remove(closure_id=closure.pk, by=actor, at=now)
    assert list(Closure.objects.values_list("name", flat=True)) == ["Christmas"]


def test_a_location_that_is_gone_cannot_be_closed(by, now):
    with pytest.raises(NotFound):
        closures.add(**CHRISTMAS, location_id=99, by=by, at=now)


def test_closures_touching_days_are_those_of_the_place_and_of_everything():
    """S3-48: edges are included at both ends; another location's closure is not."""
    here, there = make.location("Here"), make.location("There")
    Closure.objects.create(**CHRISTMAS)
    Closure.objects.create(
        name="Repairs", starts_on=on("2026-12-20"), ends_on=on("2026-12-25"), location=here
    )
    Closure.objects.create(
        name="Elsewhere", starts_on=on("2026-12-25"), ends_on=on("2026-12-25"), location=there
    )

    def names(earliest: str, latest: str, **where) -> list[str]:
        return [closed.name for closed in queries.touching(on(earliest), on(latest), **where)]

    assert names("2026-12-25", "2026-12-25", location_id=here.pk) == ["Repairs", "Christmas"]
    assert names("2026-12-26", "2027-12-26", location_id=here.pk) == ["Christmas"]
    assert names("2026-12-01", "2026-12-20", location_id=here.pk) == ["Repairs"]
    assert names("2026-12-27", "2027-12-27") == names("2026-12-01", "2026-12-19") == []
    assert names("2026-12-25", "2026-12-25") == ["Repairs", "Elsewhere", "Christmas"]
    assert [closed.where for closed in queries.coming(on("2026-12-26"))] == ["everywhere"]
    assert [closed.name for closed in rule.on_day(queries.coming(on("2026-12-01")), on("2026-12-26"))] == [
        "Christmas"
    ]


def undo(by, at) -> None:
    latest = Operation.objects.order_by("id").last()
    operations.verb_named(latest.inverse["verb"])(**latest.inverse["kwargs"], undoes=latest.pk, by=by, at=at)
