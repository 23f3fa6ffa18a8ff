"""May this person have this place: each reason by itself, at its boundary, with its remedy."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from memberships.rules import lots
from memberships.rules.lots import LotFacts
from sessions_app.rules import booking, completion, states
from sessions_app.rules.booking import PersonFacts, SessionFacts
from sessions_app.rules.completion import Ending

STARTS = datetime(2026, 3, 5, 18, 0, tzinfo=UTC)
A_SECOND = timedelta(seconds=1)
SESSION = SessionFacts(
    id=1,
    service_id=2,
    service="Spin",
    location="Gym",
    starts_at=STARTS,
    ends_at=STARTS + timedelta(hours=1),
    on=STARTS.date(),
    time_zone="Europe/London",
    capacity=8,
    booked=3,
    cost_minor=1200,
    is_listed=True,
    service_bookable=True,
    location_bookable=True,
    is_canceled=False,
    is_closed=False,
    is_deleted=False,
    practitioner_id=None,
)
PERSON = PersonFacts(id=7, name="Peter", is_active=True, is_booked=False)
LOT = LotFacts(
    id=1,
    account_id=1,
    credit_type="Class",
    last_valid_on=STARTS.date(),
    is_free=False,
    granted_at=STARTS,
    available=1,
)


def refused(session=SESSION, person=PERSON, *, at=STARTS - A_SECOND, by_staff=False, closed_for=None):
    reasons = booking.why_not_book(session, person, at=at, by_staff=by_staff, closed_for=closed_for)
    assert all(reason.text and reason.remedy for reason in reasons)
    return [reason.code for reason in reasons]


@pytest.mark.parametrize(
    ("changed", "code", "stops_staff"),
    [
        ({"is_deleted": True}, "deleted", True),
        ({"is_canceled": True}, "canceled", True),
        ({"is_closed": True}, "closed", True),
        ({"booked": 8}, "full", True),
        ({"service_bookable": False}, "service_not_bookable", False),
        ({"location_bookable": False}, "location_not_bookable", False),
    ],
)
def test_each_state_of_a_session_is_a_reason_of_its_own(changed, code, stops_staff):
    session = replace(SESSION, **changed)

    assert refused() == refused(by_staff=True) == []
    assert refused(session) == [code]
    assert refused(session, by_staff=True) == ([code] if stops_staff else [])


@pytest.mark.parametrize(
    ("changed", "code"), [({"is_active": False}, "inactive"), ({"is_booked": True}, "already_booked")]
)
def test_each_state_of_a_person_is_a_reason_for_everybody(changed, code):
    person = replace(PERSON, **changed)

    assert refused(person=person) == refused(person=person, by_staff=True) == [code]


def test_a_closure_stops_members_only():
    assert refused(closed_for="Stocktaking") == ["closure"]
    assert refused(closed_for="Stocktaking", by_staff=True) == []


def test_members_book_until_the_second_before_the_start():
    assert refused(at=STARTS - A_SECOND) == []
    assert refused(at=STARTS) == ["started"]


def test_staff_correct_a_list_for_a_week_after_the_end():
    """S1-17: a walk-in is added while the session runs, and afterwards."""
    last = SESSION.ends_at + timedelta(days=7)

    assert refused(at=last - A_SECOND, by_staff=True) == []
    assert refused(at=last, by_staff=True) == ["over"]


def test_a_place_is_given_up_before_the_start_by_the_person_and_later_by_the_desk():
    """S3-66, X-28: the second of the start is too late for the person."""

    def codes(**changed):
        facts = {"starts_at": STARTS, "at": STARTS - A_SECOND, "by_staff": False}
        facts |= {"is_live": True, "is_closed": False} | changed
        return [reason.code for reason in booking.why_not_cancel(**facts)]

    assert codes() == codes(at=STARTS, by_staff=True) == []
    assert codes(at=STARTS) == ["started"]
    assert codes(studio_allows=False) == codes(person_may=False) == ["cancel_off"]
    assert codes(studio_allows=False, by_staff=True) == []
    assert codes(is_live=False) == ["not_live"]
    assert codes(is_closed=True) == ["has_outcome"]
    # What was given up before the session was completed is only that.
    assert codes(is_live=False, is_closed=True, by_staff=True) == ["not_live"]


def test_why_no_credit_pays_is_said_for_each_case():
    ended = replace(LOT, id=2, last_valid_on=date(2026, 3, 4))
    spent = replace(LOT, id=3, available=0)

    def codes(covering, *, lot_id=None, session=SESSION):
        usable = lots.usable(covering, session_on=session.on)
        return [reason.code for reason in booking.why_not_pay(session, covering, usable, lot_id=lot_id)]

    assert codes([LOT]) == codes([LOT], lot_id=1) == []
    assert codes([LOT, ended], lot_id=2) == codes([], lot_id=1) == ["lot_cannot_pay"]
    assert codes([ended, spent]) == ["credits_end_before"]
    assert codes([spent]) == ["no_credits_left"]
    assert codes([]) == ["not_covered"]
    assert codes([], session=replace(SESSION, cost_minor=0)) == []


def test_the_earliest_to_end_pays_then_what_was_given_then_the_oldest():
    """RELIABILITY 6.7, C7."""
    never = replace(LOT, id=5, last_valid_on=None)
    given = replace(LOT, id=4, is_free=True)
    older = replace(LOT, id=3, granted_at=STARTS - timedelta(days=1))
    same = replace(LOT, id=2)

    order = lots.usable([never, LOT, same, older, given, replace(LOT, available=0)], session_on=STARTS.date())

    assert [lot.id for lot in order] == [4, 3, 1, 2, 5]


def test_days_to_expire_are_whole_days_and_none_is_never():
    """S2-16, X-12, V-06, V-07."""
    assert lots.last_valid_on(date(2026, 1, 1), 30) == date(2026, 1, 31)
    assert lots.last_valid_on(date(2026, 1, 1), 0) is None
    assert lots.restitution_until(date(2026, 3, 1), date(2026, 3, 5)) == date(2026, 4, 4)
    assert lots.restitution_until(date(2026, 5, 1), date(2026, 3, 5)) == date(2026, 5, 1)


def test_a_lot_is_looked_at_from_its_last_day_by_the_easternmost_clock():
    """Kiritimati is 14 hours ahead: it is tomorrow there while it is still the last day in London."""
    noon = datetime(2026, 3, 5, 12, tzinfo=UTC)
    in_kiritimati = noon.astimezone(datetime.fromisoformat("2026-03-05T00:00+14:00").tzinfo)

    for at in (noon, in_kiritimati):
        assert not lots.may_have_ended(None, at)
        assert not lots.may_have_ended(date(2026, 3, 6), at)
        assert lots.may_have_ended(date(2026, 3, 5), at)


@pytest.mark.parametrize(
    ("kind", "client", "practitioner", "cost", "wage"),
    [
        ("percentage", 50, 50, 4000, 1500),
        ("percentage", 0, 100, 0, 3000),
        ("fixed", 25, 0, 2500, 0),
    ],
    ids=["late cancel", "free but paid", "replacement"],
)
def test_what_an_ending_costs_and_pays(kind, client, practitioner, cost, wage):
    """S3-36, S3-37, V-11, X-23, X-24: 80.00 and 30.00."""
    ending = Ending("Late Cancel", kind, client, practitioner, returns_credit=False)

    assert completion.cost_minor(ending, 8000) == cost
    assert completion.wage_minor(ending, 3000) == wage


def test_a_fixed_amount_is_in_whole_units_of_the_currency():
    """X-23: 25 is 25 yen where yen have no cents."""
    ending = Ending("Fee", "fixed", 25, 25, returns_credit=False)

    assert completion.cost_minor(ending, 8000, minor_per_unit=1) == 25


def test_an_hourly_rate_counts_elapsed_minutes_and_rounds_half_up():
    """S3-99, RELIABILITY 6.15."""
    hourly = {"is_hourly": True}

    assert completion.price_minor(3000, is_hourly=False, lasts=timedelta(minutes=90)) == 3000
    assert completion.price_minor(3000, lasts=timedelta(minutes=90), **hourly) == 4500
    assert completion.price_minor(1, lasts=timedelta(minutes=30), **hourly) == 1
    assert completion.price_minor(1, lasts=timedelta(minutes=29), **hourly) == 0


def test_a_session_pays_one_wage_the_greatest():
    """X-47."""
    assert completion.session_wage_minor([500, 0, 250]) == 500
    assert completion.session_wage_minor([]) == 0


def test_a_session_is_in_one_state_at_a_time():
    def state(at, **changed):
        facts = {"starts_at": STARTS, "ends_at": SESSION.ends_at, "is_canceled": False, "is_closed": False}
        return states.state_of(**facts | changed, at=at)

    assert state(STARTS - A_SECOND) == "open"
    assert state(STARTS - A_SECOND, is_full=True) == "full"
    assert state(STARTS, is_full=True) == "now"
    assert state(SESSION.ends_at) == "unsaved"
    assert state(SESSION.ends_at, is_closed=True) == "completed"
    assert state(SESSION.ends_at, is_closed=True, is_canceled=True) == "canceled"
