"""Booking and canceling through the verbs: places, credits, and every refusal."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.models import Entry
from memberships.queries import lots
from scheduling.models import Closure
from sessions_app.domain import attendance, booking
from sessions_app.models import Booking, Session
from studio.audit.models import Event, Operation
from studio.lib.transactions import preview
from studio.people.models import Studio
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


def codes(refusal: pytest.ExceptionInfo[Exception]) -> list[str]:
    return [reason.code for reason in refusal.value.reasons]


def free(person):
    return sum(summary.free for summary in lots.summary(person.pk, on=NOW.date()))


def test_a_booking_takes_the_credit_at_once_and_its_cancellation_returns_it():
    """S1-03, S1-04, S1-05, V-01: buy 4, sign-up, sign-out, sign-up, sign-up leaves 4, 3, 4, 3, 2."""
    member, staff = make.person("Peter"), make.staff()
    service = make.service()
    make.lot(member, service, quantity=4)
    week = [make.session(NOW + timedelta(days=day), service=service) for day in (7, 8, 9)]
    left = [free(member)]

    first = booking.book(session_id=week[0].pk, person_id=member.pk, by=staff.actor, at=NOW)
    left.append(free(member))
    booking.cancel(booking_id=first, by=staff.actor, at=NOW)
    left.append(free(member))
    for session in week[1:]:
        booking.book(session_id=session.pk, person_id=member.pk, by=staff.actor, at=NOW)
        left.append(free(member))

    assert left == [4, 3, 4, 3, 2]


def test_six_credits_and_one_booking_show_five_left_and_one_active():
    """S1-06, S1-07, S1-08, V-02."""
    member, service = make.person("Peter"), make.service()
    lot = make.lot(member, service, quantity=6, days=281)
    session = make.session(service=service)

    booking.book(session_id=session.pk, person_id=member.pk, by=member.actor, at=NOW)

    [credit] = lots.summary(member.pk, on=NOW.date())
    assert (credit.free, credit.held, credit.used, credit.expired) == (5, 1, 0, 0)
    assert credit.next_end_on == lot.last_valid_on == make.on("2026-12-08")
    assert member.bookings.active(NOW).count() == 1
    assert member.bookings.active(session.starts_at).count() == 0


def test_marking_presence_three_times_writes_no_ledger_row():
    """S1-15, V-03."""
    booked = make.booking()
    entries = Entry.objects.count()

    for is_present in (True, None, True):
        attendance.mark(booking_id=booked.pk, is_present=is_present, by=make.staff().actor, at=NOW)

    booked.refresh_from_db()
    assert booked.is_present is True
    assert Entry.objects.count() == entries


def test_the_last_place_is_given_once():
    session = make.session(capacity=1)
    make.booking(session)
    late = make.person()
    make.lot(late, session.service)

    with pytest.raises(booking.CannotBook) as refusal:
        booking.book(session_id=session.pk, person_id=late.pk, by=late.actor, at=NOW)

    assert codes(refusal) == ["full"]
    assert Session.objects.get(pk=session.pk).booked == 1
    assert free(late) == 10


def test_every_reason_is_named_at_once():
    member = make.person(is_active=False)
    session = make.session(NOW - timedelta(hours=1), service=make.service(members_may_book=False))

    with pytest.raises(booking.CannotBook) as refusal:
        booking.book(session_id=session.pk, person_id=member.pk, by=member.actor, at=NOW)

    assert codes(refusal) == ["started", "service_not_bookable", "inactive", "not_covered"]
    assert all(reason.text and reason.remedy for reason in refusal.value.reasons)


def test_a_closure_stops_members_and_lets_staff_pass():
    """S3-48, X-51."""
    member, staff, session = make.person(), make.staff(), make.session()
    make.lot(member, session.service)
    Closure.objects.create(starts_on=session.occurrence_on, ends_on=session.occurrence_on, name="Stocktaking")

    with pytest.raises(booking.CannotBook) as refusal:
        booking.book(session_id=session.pk, person_id=member.pk, by=member.actor, at=NOW)
    assert codes(refusal) == ["closure"]

    assert booking.book(session_id=session.pk, person_id=member.pk, by=staff.actor, at=NOW)


def test_credits_that_end_before_the_session_do_not_pay_for_it():
    """X-11, X-12: the last day counts in full, the day after does not."""
    member, service = make.person(), make.service()
    make.lot(member, service, quantity=2, days=3)
    on_last_day = make.session(NOW + timedelta(days=3, hours=14), service=service)
    day_after = make.session(NOW + timedelta(days=4), service=service)

    assert booking.book(session_id=on_last_day.pk, person_id=member.pk, by=member.actor, at=NOW)
    with pytest.raises(booking.CannotBook) as refusal:
        booking.book(session_id=day_after.pk, person_id=member.pk, by=member.actor, at=NOW)

    assert codes(refusal) == ["credits_end_before"]
    assert "5 March" in str(refusal.value)


def test_the_credits_that_end_first_pay_unless_others_are_chosen():
    member, service = make.person(), make.service()
    kind = make.credit_type(service)
    never, soon = make.lot(member, kind=kind), make.lot(member, kind=kind, days=30)
    first, second = make.session(service=service), make.session(service=service)

    by_rule = booking.book(session_id=first.pk, person_id=member.pk, by=member.actor, at=NOW)
    chosen = booking.book(session_id=second.pk, person_id=member.pk, lot_id=never.pk, by=member.actor, at=NOW)

    assert Booking.objects.get(pk=by_rule).lot == soon
    assert Booking.objects.get(pk=chosen).lot == never


def test_another_persons_credits_cannot_be_chosen():
    member, other, session = make.person(), make.person(), make.session()
    make.lot(member, session.service)
    foreign = make.lot(other, session.service)

    with pytest.raises(booking.CannotBook) as refusal:
        booking.book(session_id=session.pk, person_id=member.pk, lot_id=foreign.pk, by=member.actor, at=NOW)

    assert codes(refusal) == ["lot_cannot_pay"]


def test_a_person_has_one_place_in_a_session():
    booked = make.booking()

    with pytest.raises(booking.CannotBook) as refusal:
        booking.book(session_id=booked.session_id, person_id=booked.person_id, by=booked.person.actor, at=NOW)

    assert codes(refusal)[0] == "already_booked"


def test_the_desk_books_without_credits_and_the_price_is_held():
    """S1-13, S1-17: a walk-in without a pass; the money is held until the outcome."""
    walk_in, staff, session = make.person(), make.staff(), make.session()

    with pytest.raises(booking.CannotBook) as refusal:
        booking.book(session_id=session.pk, person_id=walk_in.pk, by=staff.actor, at=NOW)
    assert codes(refusal) == ["not_covered"]

    booked = Booking.objects.get(
        pk=booking.book(session_id=session.pk, person_id=walk_in.pk, unpaid_ok=True, by=staff.actor, at=NOW)
    )
    account = booked.charge.hold.source
    assert (account.balance, account.held, account.available) == (0, 1200, -1200)

    booking.cancel(booking_id=booked.pk, by=staff.actor, at=NOW)
    account.refresh_from_db()
    assert (account.balance, account.held) == (0, 0)


def test_a_member_cannot_book_unpaid_by_asking_for_it():
    member, session = make.person(), make.session()

    with pytest.raises(booking.CannotBook) as refusal:
        booking.book(session_id=session.pk, person_id=member.pk, unpaid_ok=True, by=member.actor, at=NOW)

    assert codes(refusal) == ["not_covered"]


def test_the_same_key_books_once_and_answers_the_same():
    member, session = make.person(), make.session()
    make.lot(member, session.service)
    ask = {"session_id": session.pk, "person_id": member.pk, "by": member.actor, "at": NOW, "key": "one-form"}

    assert booking.book(**ask) == booking.book(**ask)
    assert session.bookings.count() == 1
    assert Operation.objects.filter(key="one-form").count() == 1


def test_a_preview_says_what_booking_does_and_does_nothing():
    member, session = make.person("Amir"), make.session()
    make.lot(member, session.service, quantity=4)
    ask = {"session_id": session.pk, "person_id": member.pk, "by": member.actor, "at": NOW}

    seen = preview(booking.book, **ask)

    assert [line.kind for line in seen.consequences] == ["places", "credits"]
    assert seen.consequences[0].text == "Amir has a place: 1 of 8 taken"
    assert session.bookings.count() == 0
    assert Event.objects.filter(verb="booking.made").count() == 0
    assert booking.book(**ask, expecting=seen.fingerprint)


def test_members_cancel_only_before_the_start_and_where_both_switches_are_on():
    """S3-66, X-28, X-29."""
    booked = make.booking()
    ask = {"booking_id": booked.pk, "by": booked.person.actor}

    with pytest.raises(booking.CannotCancel) as started:
        booking.cancel(**ask, at=booked.session.starts_at)
    assert codes(started) == ["started"]

    Studio.objects.update(member_cancellation_enabled=False)
    with pytest.raises(booking.CannotCancel) as switched_off:
        booking.cancel(**ask, at=NOW)
    assert codes(switched_off) == ["cancel_off"]

    assert booking.cancel(booking_id=booked.pk, by=make.staff().actor, at=NOW) == booked.pk


def test_a_credit_returned_after_its_lot_ended_is_forfeited_visibly():
    """X-10, C4: the member cancels after the last day of the lot."""
    member, service = make.person(), make.service()
    lot = make.lot(member, service, quantity=1, days=1)
    session = make.session(NOW + timedelta(days=1, hours=10), service=service)
    booked = booking.book(session_id=session.pk, person_id=member.pk, by=member.actor, at=NOW)
    later = NOW + timedelta(days=5)
    Session.objects.filter(pk=session.pk).update(
        starts_at=later, local_start=later, ends_at=later + timedelta(hours=1)
    )

    booking.cancel(booking_id=booked, by=member.actor, at=NOW + timedelta(days=3))

    [credit] = lots.summary(member.pk, on=NOW.date() + timedelta(days=3))
    assert (credit.free, credit.held, credit.used, credit.expired) == (0, 0, 0, 1)
    assert lot.account.incoming.count() == 1


def test_a_credit_the_studio_returns_too_late_is_given_anew():
    """X-10: canceled by the business, valid to the later of the old date and 30 days from now."""
    member, service, staff = make.person(), make.service(), make.staff()
    make.lot(member, service, quantity=1, days=1)
    session = make.session(NOW + timedelta(days=1, hours=10), service=service)
    booked = booking.book(session_id=session.pk, person_id=member.pk, by=member.actor, at=NOW)

    booking.cancel(booking_id=booked, by=staff.actor, at=NOW + timedelta(days=3))

    [credit] = lots.summary(member.pk, on=NOW.date() + timedelta(days=3))
    assert (credit.free, credit.expired) == (1, 1)
    assert credit.next_end_on == NOW.date() + timedelta(days=33)


def test_a_credit_returned_on_the_last_day_of_its_lot_is_good_until_midnight():
    """X-12: the last day counts in full; nothing is forfeited, nothing is given anew."""
    member, service, staff = make.person(), make.service(), make.staff()
    make.lot(member, service, quantity=1, days=1)
    session = make.session(NOW + timedelta(days=1), service=service)
    booked = booking.book(session_id=session.pk, person_id=member.pk, by=member.actor, at=NOW)
    last_second = NOW.replace(hour=23, minute=59, second=59) + timedelta(days=1)

    booking.cancel(booking_id=booked, by=staff.actor, at=last_second)

    [credit] = lots.summary(member.pk, on=last_second.date())
    assert (credit.free, credit.held, credit.expired, credit.granted) == (1, 0, 0, 1)


def test_a_place_that_costs_nothing_is_taken_and_given_up_without_any_entry():
    member, session = make.person(), make.session(service=make.service(cost_minor=0))

    booked = booking.book(session_id=session.pk, person_id=member.pk, by=member.actor, at=NOW)
    booking.cancel(booking_id=booked, by=member.actor, at=NOW)

    assert Entry.objects.count() == 0
    assert Session.objects.get().booked == 0


def test_members_do_not_book_what_is_not_listed_and_the_desk_may():
    """A door that forgets to look gives no place away."""
    member, staff, session = make.person(), make.staff(), make.session(is_listed=False)
    make.lot(member, session.service)

    with pytest.raises(booking.CannotBook) as refusal:
        booking.book(session_id=session.pk, person_id=member.pk, by=member.actor, at=NOW)
    assert codes(refusal) == ["not_listed"]

    assert booking.book(session_id=session.pk, person_id=member.pk, by=staff.actor, at=NOW)
