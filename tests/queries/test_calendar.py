"""Sessions of a span: one statement, everything a calendar shows."""

from datetime import UTC, datetime, timedelta

import pytest

from scheduling.models import Closure
from sessions_app.domain import completion
from sessions_app.queries import calendar
from sessions_app.queries.calendar import Filters
from studio.people.rules.permissions import SYSTEM
from tests import make

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
SIX, SEVEN = datetime.fromisoformat("2026-03-03 18:00"), datetime.fromisoformat("2026-03-03 19:00")
NEXT_MONDAY = MONDAY + timedelta(days=7)


def test_a_week_has_everything_that_starts_in_it_in_order() -> None:
    late = make.session(NEXT_MONDAY - timedelta(minutes=1))
    early = make.session(MONDAY)
    make.session(NEXT_MONDAY)
    make.session(MONDAY - timedelta(minutes=1))
    assert [row.id for row in calendar.week(MONDAY, NEXT_MONDAY)] == [early.pk, late.pk]


def test_a_row_says_all_there_is_to_show() -> None:
    hall = make.room("Hall", make.location("North", "Europe/Berlin"))
    coach = make.practitioner("Pat")
    made = make.session(
        datetime(2026, 3, 3, 17, tzinfo=UTC),
        service=make.service("Yoga", hue=3),
        location=hall.location,
        room=hall,
        practitioner=coach,
        public_note="Bring a mat",
    )
    make.booking(made)
    row = calendar.one(made.pk)
    assert row is not None and [row] == calendar.week(MONDAY, NEXT_MONDAY)
    assert (row.service, row.hue, row.location, row.room) == ("Yoga", 3, "North", "Hall")
    assert (row.practitioner, row.practitioner_id) == ("Pat", coach.pk)
    assert (row.starts_at, row.ends_at) == (made.starts_at, made.ends_at)
    assert (row.local_start, row.local_end) == (SIX, SEVEN)
    assert (row.capacity, row.booked, row.places_left, row.is_full) == (8, 1, 7, False)
    assert not (row.is_canceled or row.is_closed or row.is_deleted or row.closure or row.outcomes)
    assert (row.public_note, row.time_zone, row.series_id) == ("Bring a mat", "Europe/Berlin", None)


def test_a_closed_day_is_named_by_the_day_at_the_location() -> None:
    """S3-49."""
    auckland = make.location(time_zone="Pacific/Auckland")
    # Tuesday 23:30 in London is Wednesday in Auckland.
    made = make.session(datetime(2026, 3, 3, 23, 30, tzinfo=UTC), location=auckland)
    elsewhere = make.session(datetime(2026, 3, 3, 23, 30, tzinfo=UTC))
    day = make.on("2026-03-04")
    Closure.objects.create(location=None, starts_on=day, ends_on=day, name="Fair")
    named = {row.id: row.closure for row in calendar.week(MONDAY, NEXT_MONDAY)}
    assert named == {made.pk: "Fair", elsewhere.pk: None}


def test_a_completed_session_says_how_it_ended() -> None:
    made = make.session(make.NOW + timedelta(hours=1))
    bookings = [make.booking(made) for _ in range(3)]
    completion.complete(
        session_id=made.pk,
        outcomes={bookings[0].pk: "missed", bookings[1].pk: "completed", bookings[2].pk: "completed"},
        by=SYSTEM,
        at=make.NOW + timedelta(hours=3),
    )
    row = calendar.one(made.pk)
    assert row is not None and (row.is_closed, row.outcomes) == (True, "2 Completed, 1 Missed")


def test_each_filter_keeps_its_own() -> None:
    pilates = make.service("Pilates")
    hall = make.room("Hall")
    coach = make.practitioner()
    mine = make.session(service=pilates, location=hall.location, room=hall, practitioner=coach)
    make.session()
    for kept in (
        Filters(service_id=pilates.pk),
        Filters(location_id=hall.location_id),
        Filters(room_id=hall.pk),
        Filters(practitioner_id=coach.pk),
    ):
        assert [row.id for row in calendar.week(MONDAY, NEXT_MONDAY, kept)] == [mine.pk]
    assert calendar.week(MONDAY, NEXT_MONDAY, Filters(series_id=1)) == []


def test_members_see_what_is_listed_and_their_own_booking() -> None:
    open_to_all = make.session(MONDAY + timedelta(days=1))
    hidden = make.session(MONDAY + timedelta(days=2), is_listed=False)
    deleted = make.session(MONDAY + timedelta(days=3), deleted_at=MONDAY)
    booked = make.booking(open_to_all, at=MONDAY)
    shown = calendar.schedule(MONDAY, NEXT_MONDAY, person_id=booked.person_id)
    assert [(row.id, row.booking_id) for row in shown] == [(open_to_all.pk, booked.pk)]
    assert [row.booking_id for row in calendar.schedule(MONDAY, NEXT_MONDAY)] == [None]
    everything = Filters(with_deleted=True)
    assert calendar.schedule(MONDAY, NEXT_MONDAY, everything) == calendar.schedule(MONDAY, NEXT_MONDAY)
    at_desk = [row.id for row in calendar.week(MONDAY, NEXT_MONDAY, everything)]
    assert at_desk == [open_to_all.pk, hidden.pk, deleted.pk]


@pytest.mark.parametrize("sessions", [1, 30])
def test_one_statement_for_any_number_of_sessions(queries, sessions: int) -> None:
    """P7."""
    hall = make.room()
    for hours in range(sessions):
        make.session(MONDAY + timedelta(hours=hours), location=hall.location, room=hall)
    with queries() as seen:
        calendar.week(MONDAY, NEXT_MONDAY)
    assert len(seen) == 1


def test_no_row_for_a_session_that_is_not_there() -> None:
    assert calendar.one(0) is None
