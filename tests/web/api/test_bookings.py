"""Booking and canceling through the API: effects, every refusal, one key one effect."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection

from memberships.queries import lots
from sessions_app.models import Booking, Session
from studio.audit.models import Operation
from studio.lib import codes
from studio.people.models import Household, Person, Studio
from studio.people.rules.permissions import Role
from tests import logins, make
from tests.make import NOW
from tests.web.api.conftest import Caller, problem

pytestmark = pytest.mark.django_db


def free(person: Person) -> int:
    return sum(credit.free for credit in lots.summary(person.pk, on=NOW.date()))


def body(session: Session, **more) -> dict[str, object]:
    return {"session": codes.encode(session.pk)} | {
        name: codes.encode(value) if isinstance(value, int) and not isinstance(value, bool) else value
        for name, value in more.items()
    }


@pytest.fixture
def member(caller) -> Caller:
    return caller(name="Amir Patel")


@pytest.fixture
def session(member) -> Session:
    """A session tomorrow for which the member has four credits."""
    made = make.session(service=make.service("Reformer"))
    make.lot(member.person, made.service, quantity=4, kind=make.credit_type(made.service, name="Class"))
    return made


def test_a_member_books_with_a_credit(member, session):
    """S1-03."""
    answer = member.post("bookings/", body(session))

    assert answer.status_code == 201
    booking = Booking.objects.get()
    assert answer.json() == {
        "id": codes.encode(booking.pk),
        "session": {
            "id": codes.encode(session.pk),
            "service": {"id": codes.encode(session.service_id), "name": "Reformer"},
            "location": {"id": codes.encode(session.location_id), "name": session.location.name},
            "starts_at": "2026-03-03T18:00:00Z",
            "ends_at": "2026-03-03T19:00:00Z",
            "time_zone": "Europe/London",
        },
        "person": {"id": codes.encode(member.person.pk), "name": "Amir Patel"},
        "pays": {
            "kind": "credit",
            "lot": codes.encode(booking.lot_id),
            "credit_type": "Class",
            "amount_minor": None,
        },
        "booked_at": "2026-03-02T09:00:00Z",
        "canceled_at": None,
        "is_present": None,
        "outcome": None,
    }
    assert free(member.person) == 3
    assert Operation.objects.filter(verb="booking.book").get().actor == member.person


def test_a_place_that_cannot_be_had_is_refused_with_every_reason(member):
    session = make.session(NOW - timedelta(hours=1))

    answer = member.post("bookings/", body(session))

    assert problem(answer, 409) == ["started", "not_covered"]
    assert all(reason["text"] and reason["remedy"] for reason in answer.json()["reasons"])


def test_staff_books_for_others_also_unpaid(caller, session):
    """S1-13, S1-17: a walk-in without a pass; the price is held."""
    staff, walk_in = caller(Role.STAFF), make.person("Walk In")

    assert problem(staff.post("bookings/", body(session, person=walk_in.pk)), 409) == ["not_covered"]
    answer = staff.post("bookings/", body(session, person=walk_in.pk, unpaid_ok=True))

    assert answer.status_code == 201
    assert answer.json()["person"]["name"] == "Walk In"
    assert answer.json()["pays"] == {
        "kind": "money",
        "lot": None,
        "credit_type": None,
        "amount_minor": 1200,
    }


def test_the_lot_that_pays_can_be_chosen(member, session):
    other = make.lot(member.person, kind=make.credit_type(session.service), quantity=1)

    answer = member.post("bookings/", body(session, lot=other.pk))

    assert answer.json()["pays"]["lot"] == codes.encode(other.pk)


def test_a_practitioner_books_people_into_their_own_sessions_only(caller, session):
    coach, amir = caller(Role.PRACTITIONER), make.person()
    own = make.session(practitioner=coach.person, service=session.service)
    make.lot(amir, session.service)

    assert coach.post("bookings/", body(own, person=amir.pk)).status_code == 201
    # Whom they cannot see, they cannot name.
    assert problem(coach.post("bookings/", body(session, person=amir.pk)), 404) == ["not_found"]
    assert problem(coach.post("bookings/", body(session)), 403) == ["only_for_self"]


def test_a_member_books_nobody_else(caller, member, session):
    stranger = make.person()
    household = Household.objects.create(name="Patel", payer=member.person)
    child = make.person(household=household)

    assert problem(member.post("bookings/", body(session, person=stranger.pk)), 404) == ["not_found"]
    assert problem(member.post("bookings/", body(session, person=999_999)), 404) == ["not_found"]
    assert problem(member.post("bookings/", body(session, person=child.pk)), 403) == ["only_for_self"]
    assert Booking.objects.count() == 0


@pytest.mark.parametrize(
    ("sent", "codes_and_fields"),
    [
        ({}, [("required", "session")]),
        ({"session": "not-a-code!"}, [("not_a_code", "session")]),
        ({"session": 12}, [("not_a_code", "session")]),
        ({"session": "k7f3qa", "price_minor": 0}, [("unknown", "price_minor")]),
        ({"session": "k7f3qa", "unpaid_ok": "perhaps"}, [("invalid", "unpaid_ok")]),
    ],
)
def test_a_body_that_is_not_right_is_told_field_by_field(member, sent, codes_and_fields):
    answer = member.post("bookings/", sent)

    assert answer.status_code == 422
    reasons = answer.json()["reasons"]
    assert [(reason["code"], reason["field"]) for reason in reasons] == codes_and_fields


def test_what_is_not_json_is_a_bad_request(member):
    answer = member.client.post(
        "/api/v1/bookings/",
        "{",
        content_type="application/json",
        headers={"Authorization": f"Bearer {member.token}"},
    )

    assert problem(answer, 400) == ["parse_error"]


def test_a_hidden_session_is_not_found(member):
    hidden = make.session(is_listed=False)

    answers = [member.post("bookings/", body(hidden)), member.post("bookings/", {"session": "zzzzzz"})]

    assert [problem(answer, 404) for answer in answers] == [["not_found"]] * 2
    assert answers[0].content == answers[1].content


def test_the_same_key_has_one_effect_and_the_same_answer(member, session):
    first = member.post("bookings/", body(session), key="tap-1")
    second = member.post("bookings/", body(session), key="tap-1")

    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert session.bookings.count() == 1
    assert free(member.person) == 3


def test_another_request_under_the_same_key_is_refused(member, session):
    elsewhere = make.session(service=session.service)
    member.post("bookings/", body(session), key="tap-1")

    assert problem(member.post("bookings/", body(elsewhere), key="tap-1"), 409) == ["key_reused"]
    booking = codes.encode(Booking.objects.get().pk)
    assert problem(member.post(f"bookings/{booking}/cancel/", key="tap-1"), 409) == ["key_reused"]
    assert Booking.objects.live().count() == 1


def test_nobody_meets_anothers_keys(caller, member, session):
    other = caller()
    make.lot(other.person, session.service)

    assert member.post("bookings/", body(session), key="1").status_code == 201
    assert other.post("bookings/", body(session), key="1").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_a_key_that_is_none_is_refused(member, session, key):
    answer = member.post("bookings/", body(session), key=key)

    assert problem(answer, 422) == ["key"]
    assert answer.json()["reasons"][0]["field"] == "Idempotency-Key"


@pytest.mark.django_db(transaction=True)
def test_the_same_request_sent_at_once_has_one_effect():
    """Four programs send one request under one key at the same moment."""
    person = logins.person(Role.MEMBER, sign_in=True)
    session = make.session()
    make.lot(person, session.service)
    programs = [Caller(person) for _ in range(4)]
    together, answers = threading.Barrier(4), []

    def send(program: Caller) -> None:
        together.wait()
        answers.append(program.post("bookings/", body(session), key="one"))
        connection.close()

    threads = [threading.Thread(target=send, args=[program]) for program in programs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.content for answer in answers}) == 1
    assert session.bookings.count() == 1


def test_a_member_cancels_and_gets_the_credit_back(member, session):
    """S1-05."""
    booked = member.post("bookings/", body(session)).json()["id"]

    answer = member.post(f"bookings/{booked}/cancel/")

    assert answer.status_code == 200
    assert answer.json()["canceled_at"] == "2026-03-02T09:00:00Z"
    assert free(member.person) == 4
    assert problem(member.post(f"bookings/{booked}/cancel/"), 409) == ["not_live"]


def test_canceling_twice_under_one_key_answers_the_same(member, session):
    booked = member.post("bookings/", body(session)).json()["id"]

    first = member.post(f"bookings/{booked}/cancel/", key="gone")
    second = member.post(f"bookings/{booked}/cancel/", key="gone")

    assert (first.status_code, first.content) == (second.status_code, second.content)


def test_members_cancel_only_where_the_studio_lets_them(member, session):
    """S3-66."""
    booked = member.post("bookings/", body(session)).json()["id"]
    Studio.objects.update(member_cancellation_enabled=False)

    assert problem(member.post(f"bookings/{booked}/cancel/"), 409) == ["cancel_off"]


def test_who_may_cancel_whose_place(caller, member, session):
    coach = caller(Role.PRACTITIONER)
    Session.objects.filter(pk=session.pk).update(practitioner=coach.person)
    booked = member.post("bookings/", body(session)).json()["id"]

    others, missing = caller().post(f"bookings/{booked}/cancel/"), caller().post("bookings/zzzzzz/cancel/")
    assert problem(others, 404) == problem(missing, 404) == ["not_found"]
    assert others.content == missing.content
    # They see who comes, but giving places up is the desk's.
    assert coach.get(f"bookings/{booked}/").status_code == 200
    assert problem(coach.post(f"bookings/{booked}/cancel/"), 403) == ["not_allowed"]
    assert caller(Role.STAFF).post(f"bookings/{booked}/cancel/").status_code == 200


def test_bookings_are_seen_by_whose_they_are_by_who_gives_them_and_by_the_desk(caller, member, session):
    coach = caller(Role.PRACTITIONER)
    given = make.booking(make.session(practitioner=coach.person))
    own = member.post("bookings/", body(session)).json()["id"]
    theirs = codes.encode(given.pk)

    def seen(by: Caller, **query) -> list[str]:
        return [row["id"] for row in by.get("bookings/", **query).json()["results"]]

    staff = caller(Role.STAFF)
    assert seen(member) == [own]
    assert seen(coach) == [theirs]
    assert seen(staff) == [own, theirs]
    assert seen(staff, session=codes.encode(session.pk)) == [own]
    assert seen(staff, person=codes.encode(given.person_id)) == [theirs]
    assert problem(member.get(f"bookings/{theirs}/"), 404) == ["not_found"]
    staff.post(f"bookings/{own}/cancel/")
    assert seen(staff, is_live="true") == [theirs]


def test_the_list_costs_the_same_for_one_booking_and_for_three(caller, queries):
    staff = caller(Role.STAFF)
    staff.get("bookings/")
    counts = []
    for several in (1, 2):
        for _ in range(several):
            make.booking()
        with queries() as seen:
            assert len(staff.get("bookings/").json()["results"]) == Booking.objects.count()
        counts.append(len(seen))

    assert counts[0] == counts[1] <= 5
