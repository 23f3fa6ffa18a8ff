"""Series: what is planned, what becomes of it, and what is taken back."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scheduling.models import Closure, Series, SeriesSkip, Service, Slot
from sessions_app.domain import booking, expansion, timetable
from sessions_app.domain.timetable import CannotSchedule, CannotWithdraw
from sessions_app.models import Session
from sessions_app.queries import timetable as queries
from studio.audit.domain import operations
from studio.audit.models import Event, Operation
from studio.lib.refusals import Busy, NotFound, Refused
from studio.lib.transactions import WorldMoved, preview
from studio.people.rules.permissions import SYSTEM
from tests import make

pytestmark = pytest.mark.django_db
NOW = make.NOW


def wanted(**fields: Any) -> dict[str, Any]:
    """Arguments of a series on Mondays and Wednesdays at 18:00 from 5 January 2026, ten sessions."""
    service = (
        fields.pop("service", None) or Service.objects.filter(name="Spin").first() or make.service("Spin")
    )
    place = fields.pop("location", None) or make.location()
    return {
        "service_id": service.pk,
        "location_id": place.pk,
        "weekdays": [0, 2],
        "starts_on": date(2026, 1, 5),
        "starts_time": time(18),
        "count": 10,
        "by": SYSTEM,
        "at": NOW,
    } | fields


def create(**fields: Any) -> Series:
    return Series.objects.get(pk=timetable.create_series(**wanted(**fields)))


def expand() -> int:
    return expansion.expand(by=SYSTEM, at=NOW)


def days(series: Series) -> list[date]:
    held = Session.objects.filter(series=series, deleted_at=None).order_by("starts_at")
    return list(held.values_list("occurrence_on", flat=True))


def january(*numbers: int) -> list[date]:
    return [date(2026, 1, number) for number in numbers]


# --- planning ----------------------------------------------------------------------------------------


def test_a_count_of_ten_makes_exactly_ten_sessions_on_the_chosen_weekdays() -> None:
    """S3-03, S3-04, S3-07, V-08."""
    series = create()
    assert expand() == 10
    assert days(series) == [*january(5, 7, 12, 14, 19, 21, 26, 28), date(2026, 2, 2), date(2026, 2, 4)]


def test_monthly_repeats_the_same_ordinal_weekdays() -> None:
    """S3-05, V-09, X-16."""
    series = create(frequency="monthly", count=4)
    expand()
    assert days(series) == [*january(5, 7), date(2026, 2, 2), date(2026, 2, 4)]


def test_a_last_date_includes_itself() -> None:
    """S3-08."""
    series = create(count=None, until=date(2026, 1, 14))
    expand()
    assert days(series) == january(5, 7, 12, 14)


def test_six_in_the_evening_stays_through_a_clock_change() -> None:
    """V-10."""
    series = create(starts_on=date(2026, 3, 23), weekdays=[0], count=2)
    expand()
    made = Session.objects.filter(series=series).order_by("starts_at")
    assert [session.starts_at for session in made] == [
        datetime(2026, 3, 23, 18, tzinfo=UTC),
        datetime(2026, 3, 30, 17, tzinfo=UTC),
    ]
    assert [session.local_start.time() for session in made] == [time(18), time(18)]


def test_a_start_that_the_clocks_skip_is_shown_when_it_happens() -> None:
    """X-16: 01:30 does not exist in London on 29 March."""
    series = create(starts_on=date(2026, 3, 29), weekdays=[6], starts_time=time(1, 30), count=1)
    expand()
    made = Session.objects.get(series=series)
    assert (made.starts_at, made.occurrence_on) == (
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
        date(2026, 3, 29),
    )
    assert made.local_start == datetime(2026, 3, 29, 2, 30, tzinfo=UTC)


def test_a_session_is_what_its_series_says() -> None:
    hall = make.room("Hall", capacity=9)
    coach = make.practitioner()
    series = create(
        location=hall.location,
        room_id=hall.pk,
        practitioner_id=coach.pk,
        duration_minutes=45,
        public_note=" Bring a mat ",
        staff_note="Heating",
        cost_minor=700,
        wage_minor=0,
        count=1,
    )
    expand()
    made = Session.objects.get(series=series)
    assert (made.room, made.practitioner, made.service) == (hall, coach, series.service)
    assert made.ends_at - made.starts_at == timedelta(minutes=45)
    # The service has 8 places, the room would hold 9.
    assert (made.capacity, made.booked, made.is_listed, made.time_zone) == (8, 0, True, "Europe/London")
    assert (made.public_note, made.staff_note, made.cost_minor, made.wage_minor) == (
        "Bring a mat",
        "Heating",
        700,
        0,
    )
    slots = Slot.objects.filter(holder=f"session:{made.pk}").order_by("room_id")
    assert [(slot.room, slot.practitioner) for slot in slots] == [(hall, None), (None, coach)]


def test_the_events_tell_who_planned_it_and_what_came_of_it() -> None:
    desk = make.staff()
    series = create(by=desk.actor, count=3)
    expand()
    told = Event.objects.filter(subject=f"series:{series.pk}").order_by("pk")
    assert [(event.verb, event.facts["sessions"], event.facts["left_out"]) for event in told] == [
        ("series.created", 3, 0),
        ("series.expanded", 3, 0),
    ]
    assert [event.operation.actor for event in told] == [desk, None]


def test_the_preview_says_what_will_be_and_does_nothing() -> None:
    closed = Closure.objects.create(name="Epiphany", starts_on=date(2026, 1, 7), ends_on=date(2026, 1, 7))
    asked = wanted(count=4)
    seen = preview(timetable.create_series, **asked)
    assert [each.text for each in seen.consequences] == [
        "3 sessions, 1 skipped: Spin, Mon, Wed 18:00, from Mon 5 Jan 2026 to Wed 14 Jan 2026",
        "Wed 7 Jan 2026 is skipped: Closed: Epiphany",
    ]
    assert not Series.objects.exists()
    closed.delete()
    with pytest.raises(WorldMoved):
        timetable.create_series(**asked, expecting=seen.fingerprint)
    assert not Series.objects.exists()


def test_a_long_list_of_skipped_dates_is_cut_short() -> None:
    Closure.objects.create(name="Winter", starts_on=date(2026, 1, 1), ends_on=date(2026, 2, 18))
    seen = preview(timetable.create_series, **wanted(count=20))
    told = [each.text for each in seen.consequences]
    assert told[0].startswith("6 sessions, 14 skipped")
    assert told[-1] == "2 more dates are skipped"
    assert len(told) == 14


def test_the_preview_of_a_draft_says_that_nothing_is_created() -> None:
    """S3-06, X-18."""
    seen = preview(timetable.create_series, **wanted(is_enabled=False, count=1))
    assert [each.text for each in seen.consequences] == [
        "A draft of 1 session is kept, on Mon 5 Jan 2026. Nothing is created until it is enabled"
    ]


def test_one_key_plans_one_series() -> None:
    asked = wanted() | {"key": "form-1"}
    assert timetable.create_series(**asked) == timetable.create_series(**asked)
    assert Series.objects.count() == 1


def test_an_import_key_is_planned_once() -> None:
    create(import_key="row-1")
    with pytest.raises(CannotSchedule) as refused:
        create(import_key="row-1")
    assert [reason.code for reason in refused.value.reasons] == ["imported_already"]


# --- drafts ------------------------------------------------------------------------------------------


def test_a_series_that_is_not_enabled_creates_nothing_until_it_is() -> None:
    """S3-06, X-18."""
    series = create(is_enabled=False)
    assert expand() == 0
    seen = preview(timetable.enable_series, series_id=series.pk, by=SYSTEM, at=NOW)
    assert [each.text.split(":")[0] for each in seen.consequences] == ["10 sessions"]
    timetable.enable_series(series_id=series.pk, by=SYSTEM, at=NOW)
    assert expand() == 10


def test_a_draft_keeps_the_chosen_dates() -> None:
    """X-18."""
    series = create(is_enabled=False, count=4, skip_on=january(7))
    timetable.enable_series(series_id=series.pk, by=SYSTEM, at=NOW)
    expand()
    assert days(series) == january(5, 12, 14)


def test_an_enabled_or_withdrawn_series_is_not_enabled_again() -> None:
    series = create()
    for code in ("enabled_already", "withdrawn"):
        with pytest.raises(CannotSchedule) as refused:
            timetable.enable_series(series_id=series.pk, by=SYSTEM, at=NOW)
        assert [reason.code for reason in refused.value.reasons] == [code]
        timetable.withdraw_series(series_ids=[series.pk], by=SYSTEM, at=NOW)


# --- dates left out ----------------------------------------------------------------------------------


def test_closed_days_are_left_out_unless_kept() -> None:
    """X-51."""
    place = make.location()
    Closure.objects.create(name="Fair", starts_on=date(2026, 1, 7), ends_on=date(2026, 1, 12))
    elsewhere = make.location()
    Closure.objects.create(
        location=elsewhere, name="Paint", starts_on=date(2026, 1, 5), ends_on=date(2026, 1, 5)
    )
    series = create(location=place, count=4, keep_on=january(12))
    expand()
    assert days(series) == january(5, 12, 14)
    assert list(series.skips.values_list("on", "reason")) == [(date(2026, 1, 7), "Closed: Fair")]


def test_chosen_dates_are_left_out() -> None:
    series = create(count=4, skip_on=january(7, 8))
    expand()
    assert days(series) == january(5, 12, 14)
    assert list(series.skips.values_list("on", "reason")) == [(date(2026, 1, 7), "Left out by choice")]


def test_dates_on_which_the_room_or_the_practitioner_is_in_use_are_left_out_and_say_so() -> None:
    hall = make.room("Hall")
    coach = make.practitioner("Ana Gil")
    create(location=hall.location, room_id=hall.pk, starts_on=date(2026, 1, 7), weekdays=[2], count=1)
    create(
        location=hall.location,
        practitioner_id=coach.pk,
        starts_on=date(2026, 1, 12),
        weekdays=[0],
        count=1,
        service=make.service("Yoga"),
    )
    expand()
    asked = wanted(
        location=hall.location,
        room_id=hall.pk,
        practitioner_id=coach.pk,
        count=4,
        starts_time=time(18, 30),
        service=make.service("Row"),
    )
    seen = preview(timetable.create_series, **asked)
    series = Series.objects.get(pk=timetable.create_series(**asked))
    expand()
    assert days(series) == january(5, 14)
    reasons = dict(series.skips.values_list("on", "reason"))
    assert reasons == {
        date(2026, 1, 7): "Hall holds Spin until 19:00",
        date(2026, 1, 12): "Ana Gil teaches Yoga until 19:00",
    }
    told = [each.text for each in seen.consequences]
    assert told[0].startswith("2 sessions, 2 skipped") and told[1:] == [
        f"{day} Jan 2026 is skipped: {reasons[on]}"
        for day, on in (("Wed 7", date(2026, 1, 7)), ("Mon 12", date(2026, 1, 12)))
    ]


def test_two_series_that_wait_together_and_want_one_room_share_it_out() -> None:
    hall = make.room("Hall")
    in_hall = {"location": hall.location, "room_id": hall.pk, "count": 2}
    first = create(**in_hall)
    second = create(**in_hall, weekdays=[0], service=make.service("Row"))
    other = create(service=make.service("Swim"), count=1)
    assert expand() == 4
    assert (days(first), days(second), days(other)) == (january(5, 7), january(12), january(5))
    assert [skip.reason for skip in second.skips.all()] == ["Hall holds Spin until 19:00"]


def test_a_session_that_is_not_over_leaves_no_room_for_the_next_of_its_series() -> None:
    """A day before the clocks go forward has 23 hours."""
    hall = make.room()
    series = create(
        location=hall.location,
        room_id=hall.pk,
        starts_on=date(2026, 3, 28),
        weekdays=[*range(7)],
        duration_minutes=24 * 60,
        count=3,
    )
    assert expand() == 2
    assert [skip.reason for skip in series.skips.all()] == ["The session before is not over yet"]


# --- expansion again, and again ----------------------------------------------------------------------


def test_expanding_twice_makes_the_same_sessions() -> None:
    series = create()
    expand()
    before = list(Session.objects.order_by("pk").values())
    assert expand() == 0
    Series.objects.update(expanded_through=None)
    assert expand() == 0
    assert list(Session.objects.order_by("pk").values()) == before
    series.refresh_from_db()
    assert series.expanded_through == date(2026, 2, 4)


def test_a_deleted_session_and_a_skipped_date_do_not_come_back() -> None:
    series = create(count=4)
    expand()
    gone = Session.objects.get(series=series, occurrence_on=date(2026, 1, 7))
    Session.objects.filter(pk=gone.pk).update(deleted_at=NOW)
    Slot.objects.filter(holder=f"session:{gone.pk}").delete()
    skipped = Session.objects.filter(series=series, occurrence_on=date(2026, 1, 12))
    skipped.delete()
    SeriesSkip.objects.create(series=series, on=date(2026, 1, 12), reason="Wrong day")
    Series.objects.update(expanded_through=None)
    assert expand() == 0
    assert days(series) == january(5, 14)


def test_a_date_whose_skip_is_taken_away_comes_when_the_series_is_expanded_again() -> None:
    series = create(count=4, skip_on=january(7))
    expand()
    series.skips.all().delete()
    Series.objects.update(expanded_through=None)
    assert expand() == 1
    assert days(series) == january(5, 7, 12, 14)


@pytest.mark.parametrize("series_count", [1, 20])
def test_a_chunk_takes_as_many_statements_for_one_series_as_for_twenty(series_count: int) -> None:
    """P10: at most six."""
    place = make.location()
    for _ in range(series_count):
        create(location=place, service=make.service())
    with CaptureQueriesContext(connection) as seen:
        assert expand() == 10 * series_count
    around = ("SAVEPOINT", "RELEASE", "SELECT 1 AS")
    assert len([each for each in seen if not each["sql"].startswith(around)]) == 4


def test_more_than_a_chunk_is_written_in_several_transactions() -> None:
    place = make.location()
    for _ in range(3):
        create(location=place, service=make.service(), weekdays=[*range(7)], count=400)
    assert expand() == 1200
    chunks = Operation.objects.filter(verb="series.expand_chunk").order_by("pk")
    assert [operation.result["sessions"] for operation in chunks] == [800, 400]


def test_one_broken_series_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    broken = create(location=make.location(), service=make.service())
    good = create(location=make.location(), service=make.service(), count=1)
    broken.location.time_zone = "Mars/Olympus"
    broken.location.save(update_fields=["time_zone"])
    assert expand() == 1
    assert (days(broken), days(good)) == ([], january(5))
    assert f"Series {broken.pk} cannot be expanded." in caplog.text


@pytest.mark.usefixtures("rooms_are_always_taken")
def test_a_room_that_others_keep_taking_leaves_the_series_due(caplog: pytest.LogCaptureFixture) -> None:
    hall = make.room()
    series = create(location=hall.location, room_id=hall.pk)
    with pytest.raises(Busy):
        expansion.expand_one(series_id=series.pk, by=SYSTEM, at=NOW)
    assert expand() == 0
    assert queries.is_anything_due() and f"Series {series.pk} cannot be expanded." in caplog.text


@pytest.fixture
def rooms_are_always_taken(db: None) -> None:
    """As if somebody were quicker at every try."""
    with connection.cursor() as cursor:
        cursor.execute("""
            CREATE FUNCTION taken() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE 'taken' USING ERRCODE = 'exclusion_violation';
            END $$;
            CREATE TRIGGER taken BEFORE INSERT ON scheduling_slot FOR EACH ROW EXECUTE FUNCTION taken();
        """)


# --- refusals ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ({"count": None}, {"no_end": "count"}),
        ({"until": date(2026, 2, 2)}, {"two_ends": "count"}),
        ({"weekdays": []}, {"no_weekday": "weekdays"}),
        ({"starts_on": date(2026, 1, 6)}, {"start_not_on_a_chosen_weekday": "starts_on"}),
        ({"capacity": 0}, {"capacity_out_of_range": "capacity"}),
        ({"duration_minutes": 1441}, {"duration_minutes_out_of_range": "duration_minutes"}),
        (
            {"cost_minor": -1, "wage_minor": -1},
            {f"{each}_minor_out_of_range": f"{each}_minor" for each in ("cost", "wage")},
        ),
        ({"public_note": "x" * 5001}, {"public_note_too_long": "public_note"}),
        ({"staff_note": "x" * 5001}, {"staff_note_too_long": "staff_note"}),
    ],
)
def test_every_reason_against_a_series_names_its_field(fields: dict[str, Any], codes: dict[str, str]) -> None:
    """S3-08, X-17, X-19."""
    with pytest.raises(CannotSchedule) as refused:
        create(**fields)
    assert {reason.code: reason.field for reason in refused.value.reasons} == codes
    assert not Series.objects.exists() and not Operation.objects.exists()


def test_all_reasons_come_at_once() -> None:
    small = make.room(capacity=4)
    member = make.person("Mia", is_active=False)
    with pytest.raises(CannotSchedule) as refused:
        create(room_id=small.pk, practitioner_id=member.pk, capacity=5, count=None)
    assert [reason.code for reason in refused.value.reasons] == [
        "no_end",
        "room_elsewhere",
        "room_too_small",
        "not_a_practitioner",
        "inactive",
    ]


def test_a_series_of_which_nothing_is_left_is_refused() -> None:
    Closure.objects.create(name="Winter", starts_on=date(2026, 1, 1), ends_on=date(2026, 3, 1))
    with pytest.raises(CannotSchedule) as refused:
        create()
    assert str(refused.value).startswith("No date is left: Closed: Winter.")


def test_things_that_do_not_exist_are_not_found() -> None:
    for field in ("service_id", "location_id", "room_id", "practitioner_id"):
        with pytest.raises(NotFound):
            create(**{field: 0})
    with pytest.raises(NotFound):
        timetable.enable_series(series_id=0, by=SYSTEM, at=NOW)


def test_practitioners_plan_their_own_sessions_only() -> None:
    coach, other = make.practitioner(), make.practitioner()
    create(practitioner_id=coach.pk, by=coach.actor)
    for asked in ({"practitioner_id": other.pk}, {}):
        with pytest.raises(CannotSchedule) as refused:
            create(service=make.service(), by=coach.actor, **asked)
        assert [reason.code for reason in refused.value.reasons] == ["not_yours"]


# --- taking back -------------------------------------------------------------------------------------


def test_withdrawing_deletes_what_is_to_come_and_nobody_booked() -> None:
    hall = make.room()
    series = create(location=hall.location, room_id=hall.pk, starts_on=date(2026, 2, 23), count=4)
    expand()
    past = Session.objects.filter(series=series).earliest("starts_at")
    booked = Session.objects.get(series=series, occurrence_on=date(2026, 3, 2))
    make.booking(booked)
    seen = preview(timetable.withdraw_series, series_ids=[series.pk], by=SYSTEM, at=NOW)
    assert [each.text for each in seen.consequences] == [
        "1 session to come is deleted",
        "1 session stays: people have booked",
    ]
    assert timetable.withdraw_series(series_ids=[series.pk], by=SYSTEM, at=NOW) == 1
    assert days(series) == [date(2026, 2, 23), date(2026, 2, 25), date(2026, 3, 2)]
    gone = Session.objects.get(series=series, occurrence_on=date(2026, 3, 4))
    assert not Slot.objects.filter(holder=f"session:{gone.pk}").exists()
    assert Slot.objects.filter(holder__in=[f"session:{past.pk}", f"session:{booked.pk}"]).count() == 2
    assert expand() == 0


def test_two_booked_sessions_stay() -> None:
    series = create(starts_on=date(2026, 3, 4), count=2)
    expand()
    for session in Session.objects.filter(series=series):
        make.booking(session)
    seen = preview(timetable.withdraw_series, series_ids=[series.pk], by=SYSTEM, at=NOW)
    assert [each.text for each in seen.consequences] == [
        "0 sessions to come are deleted",
        "2 sessions stay: people have booked",
    ]


def test_undoing_a_new_series_withdraws_it() -> None:
    timetable.create_series(**wanted(starts_on=date(2026, 3, 9)), key="form-1")
    expand()
    made = Operation.objects.get(key="form-1")
    verb = operations.verb_named(made.inverse["verb"])
    assert verb(**made.inverse["kwargs"], by=SYSTEM, at=NOW, key=f"undo:{made.pk}", undoes=made.pk) == 10
    made.refresh_from_db()
    assert made.undone_by is not None
    assert Session.objects.filter(deleted_at=None).count() == 0


def test_a_series_withdrawn_before_the_worker_came_creates_nothing_and_may_be_imported_again() -> None:
    series = create(import_key="row-1")
    assert timetable.withdraw_series(series_ids=[series.pk], by=SYSTEM, at=NOW) == 0
    assert expand() == 0
    create(import_key="row-1")


def test_only_who_may_plan_may_withdraw() -> None:
    series = create()
    with pytest.raises(CannotWithdraw):
        timetable.withdraw_series(series_ids=[series.pk], by=make.practitioner().actor, at=NOW)
    with pytest.raises(NotFound):
        timetable.withdraw_series(series_ids=[series.pk, 0], by=SYSTEM, at=NOW)


def test_a_member_books_a_session_that_the_worker_made() -> None:
    """S3-07."""
    series = create(starts_on=date(2026, 3, 4), count=1)
    expand()
    session = Session.objects.get(series=series)
    someone = make.person()
    make.lot(someone, series.service)
    booking.book(session_id=session.pk, person_id=someone.pk, by=someone.actor, at=NOW)
    session.refresh_from_db()
    assert session.booked == 1


# --- lists -------------------------------------------------------------------------------------------


def test_the_list_of_series_says_what_became_of_each() -> None:
    draft = create(is_enabled=False, service=make.service())
    waiting = create(service=make.service())
    done = create(
        service=make.service("Yoga"), starts_on=date(2026, 2, 25), count=4, skip_on=[date(2026, 3, 2)]
    )
    expansion.expand_one(series_id=done.pk, by=SYSTEM, at=NOW)
    with CaptureQueriesContext(connection) as seen:
        rows = queries.series(at=NOW)
    assert len(seen) == 3
    assert [(row.id, row.is_draft, row.is_waiting) for row in rows] == [
        (done.pk, False, False),
        (waiting.pk, False, True),
        (draft.pk, True, False),
    ]
    row = rows[0]
    assert (row.service, row.repeats, row.last_on) == ("Yoga", "Mon, Wed", date(2026, 3, 9))
    # 25 February, 4 and 9 March.
    assert (row.sessions, row.coming, row.left_out) == (3, 2, 1)


def test_a_refusal_is_a_refusal() -> None:
    assert issubclass(CannotSchedule, Refused) and issubclass(CannotWithdraw, Refused)
