"""Sessions, services and locations through the API."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduling.models import Closure
from sessions_app.models import Session
from studio.lib import codes
from studio.people.rules.permissions import Role
from tests import make
from tests.make import NOW
from tests.web.api.conftest import problem

pytestmark = pytest.mark.django_db


def ids(answer) -> list[int]:
    assert answer.status_code == 200, answer.content
    return [codes.decode(row["id"]) for row in answer.json()["results"]]


def test_a_session_says_when_it_is_there_and_everywhere(caller):
    session = make.session(
        service=make.service("Reformer"),
        location=make.location("Riverside", time_zone="America/New_York"),
        practitioner=make.practitioner("Pat Coach"),
        public_note="Bring socks",
        staff_note="Left knee",
    )

    said = caller(Role.STAFF).get(f"sessions/{codes.encode(session.pk)}/").json()

    assert said == {
        "id": codes.encode(session.pk),
        "service": {"id": codes.encode(session.service_id), "name": "Reformer"},
        "location": {"id": codes.encode(session.location_id), "name": "Riverside"},
        "room": None,
        "practitioner": {"id": codes.encode(session.practitioner_id), "name": "Pat Coach"},
        "series": None,
        "starts_at": "2026-03-03T18:00:00Z",
        "ends_at": "2026-03-03T19:00:00Z",
        "local_start": "2026-03-03T13:00:00",
        "time_zone": "America/New_York",
        "state": "open",
        "capacity": 8,
        "booked": 0,
        "places_left": 8,
        "price_minor": 1200,
        "currency": "GBP",
        "public_note": "Bring socks",
        "staff_note": "Left knee",
    }
    seen_by_member = caller().get(f"sessions/{codes.encode(session.pk)}/").json()
    assert seen_by_member == said | {"staff_note": None}
    assert caller(Role.PRACTITIONER).get(f"sessions/{codes.encode(session.pk)}/").json()["staff_note"] is None


def test_members_see_what_is_offered_and_what_they_have_a_place_in(caller):
    """S3-84."""
    member, staff = caller(), caller(Role.STAFF)
    offered = make.session()
    unlisted = make.session(is_listed=False)
    private = make.session(service=make.service(members_may_book=False))
    deleted = make.session(deleted_at=NOW)

    assert ids(member.get("sessions/")) == [offered.pk]
    assert ids(staff.get("sessions/")) == [offered.pk, unlisted.pk, private.pk]
    make.booking(private, member.person, by=staff.actor)
    assert ids(member.get("sessions/")) == [offered.pk, private.pk]

    hidden = [member.get(f"sessions/{codes.encode(each)}/") for each in (unlisted.pk, deleted.pk, 999_999)]
    assert [problem(answer, 404) for answer in hidden] == [["not_found"]] * 3
    assert len({answer.content for answer in hidden}) == 1


def test_sessions_are_found_by_local_date_service_location_and_practitioner(caller):
    staff = caller(Role.STAFF)
    # 23:30 on Tuesday in New York is Wednesday in UTC.
    late = make.session(
        NOW.replace(day=4, hour=4, minute=30), location=make.location(time_zone="America/New_York")
    )
    coach = make.practitioner()
    given = make.session(NOW.replace(day=4, hour=12), practitioner=coach)

    assert ids(staff.get("sessions/", earliest="2026-03-03", latest="2026-03-03")) == [late.pk]
    assert ids(staff.get("sessions/", earliest="2026-03-04")) == [given.pk]
    assert ids(staff.get("sessions/", latest="2026-03-03")) == [late.pk]
    assert ids(staff.get("sessions/", service=codes.encode(late.service_id))) == [late.pk]
    assert ids(staff.get("sessions/", location=codes.encode(given.location_id))) == [given.pk]
    assert ids(staff.get("sessions/", practitioner=codes.encode(coach.pk))) == [given.pk]


def test_bookable_means_that_a_member_could_book_it_now(caller):
    member = caller()
    free = make.session()
    full = make.session(capacity=1)
    make.booking(full)
    over = make.session(NOW - timedelta(hours=2))
    canceled = make.session(canceled_at=NOW)
    closed_for = make.session(NOW + timedelta(days=2))
    Closure.objects.create(
        location=closed_for.location, starts_on="2026-03-04", ends_on="2026-03-04", name="Stocktaking"
    )

    assert ids(member.get("sessions/", bookable="true")) == [free.pk]
    assert ids(member.get("sessions/", bookable="false")) == [over.pk, full.pk, canceled.pk, closed_for.pk]


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ({"earliest": "yesterday"}, "invalid", "earliest"),
        ({"service": "nonsense!"}, "not_a_code", "service"),
    ],
)
def test_a_filter_that_says_nothing_is_refused(caller, query, code, field):
    answer = caller().get("sessions/", **query)

    assert problem(answer, 422) == [code]
    assert answer.json()["reasons"][0]["field"] == field


def test_lists_come_in_pages_that_neither_skip_nor_repeat(caller):
    staff = caller(Role.STAFF)
    place, service = make.location(), make.service()
    # Parallel sessions begin at the same moment: the order is total all the same.
    made = [make.session(location=place, service=service).pk for _ in range(5)]

    first = staff.get("sessions/", page_size=2)
    found, following = ids(first), first.json()["next"]
    make.session(NOW + timedelta(hours=1))
    while following:
        page = staff.client.get(following, headers={"Authorization": f"Bearer {staff.token}"})
        found += ids(page)
        following = page.json()["next"]

    assert found == made
    for cursor in ("made-up", "WzFd", "bnVsbA"):
        answer = staff.get("sessions/", cursor=cursor)
        assert problem(answer, 422) == ["invalid"]
        assert answer.json()["reasons"][0]["field"] == "cursor"
    assert problem(staff.get("sessions/", page_size="201"), 422) == ["invalid"]


def test_the_list_costs_the_same_for_one_session_and_for_three(caller, queries):
    staff = caller(Role.STAFF)
    staff.get("sessions/")
    counts = []
    for several in (1, 2):
        for _ in range(several):
            make.session(room=make.room(), practitioner=make.practitioner())
        with queries() as seen:
            found = ids(staff.get("sessions/"))
        counts.append(len(seen))
        assert len(found) == Session.objects.count()

    assert counts[0] == counts[1] <= 3


def test_services_and_locations_give_the_codes_that_series_need(caller, queries):
    """S3-84: members see what they may book."""
    private = make.service("Staff yoga", members_may_book=False)
    group = make.service("Reformer")
    place = make.location("Riverside")
    make.room("Studio 1", at=place, capacity=12)
    make.location("Depot", members_may_book=False)
    staff, member = caller(Role.STAFF), caller()

    assert ids(staff.get("services/")) == [group.pk, private.pk]
    assert ids(member.get("services/")) == [group.pk]
    [riverside] = member.get("locations/").json()["results"]
    assert (riverside["name"], riverside["time_zone"]) == ("Riverside", "Europe/London")
    assert [(room["name"], room["capacity"]) for room in riverside["rooms"]] == [("Studio 1", 12)]
    with queries() as seen:
        assert len(ids(staff.get("locations/"))) == 2
    assert len(seen) <= 4
