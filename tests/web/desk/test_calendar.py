"""The calendar: what it shows of a week and a day, how it is narrowed, and where it leads."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse

from scheduling.domain import closures
from studio.people.models import Studio
from studio.people.rules.permissions import SYSTEM, Role
from tests import logins, make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("moment")]

WEEK = "/desk/calendar/week/2026-W10/"
TUESDAY = "/desk/calendar/day/2026-03-03/"


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def read(path: str, who: Role = Role.STAFF, **query: str) -> str:
    return logins.browser(who).get(path, query).content.decode()


def columns(page: str) -> list[str]:
    """The days (or rooms) of the grid."""
    return page.split('<li class="week-day')[1:]


def test_the_calendar_opens_on_this_week_and_keeps_the_filters():
    answer = logins.browser(Role.STAFF).get("/desk/calendar/?service=3")
    assert (answer.status_code, answer["Location"]) == (302, f"{WEEK}?service=3")


def test_a_week_shows_each_session_on_its_day_with_the_way_to_it():
    """S3-07."""
    spin = make.session(
        at(4, 18), service=make.service("Spin", capacity=20), practitioner=make.practitioner()
    )
    page = read(WEEK)
    wednesday = columns(page)[2]
    assert len(columns(page)) == 7
    assert reverse("desk:session", args=[spin.pk]) in wednesday
    assert "Spin" in wednesday and "0 of 20" in wednesday and "Pat Coach" in wednesday
    assert [("Spin" in column) for column in columns(page)] == [
        False,
        False,
        True,
        False,
        False,
        False,
        False,
    ]


def test_the_day_is_the_day_at_the_place_of_the_session():
    """Monday evening in London is Tuesday in Auckland."""
    make.session(
        at(2, 20), service=make.service("Haka"), location=make.location(time_zone="Pacific/Auckland")
    )
    assert [("Haka" in column) for column in columns(read(WEEK))][:3] == [False, True, False]


def test_states_are_said_in_words_beside_their_shape():
    """UX 3.3: never colour alone."""
    make.session(at(1, 18) - timedelta(days=1), service=make.service("Forgotten"))
    full = make.session(at(3, 18), service=make.service("Full one", capacity=1))
    make.booking(full)
    before, page = read("/desk/calendar/week/2026-W09/"), read(WEEK)
    assert "state-unsaved" in before and "Not saved" in before
    assert "state-full" in page and ">Full<" in page


def test_a_closed_day_is_named_and_sessions_on_it_are_flagged():
    """S3-48, S3-49."""
    make.session(at(4, 18), service=make.service("Spin"))
    day = date(2026, 3, 4)
    closures.add(name="Boiler repair", starts_on=day, ends_on=day, by=SYSTEM, at=make.NOW)
    page = read(WEEK)
    wednesday = columns(page)[2]
    assert "is-closed" in wednesday and "Closed: Boiler repair" in wednesday
    assert "state-warn" in wednesday
    assert "1 on a closed day" in page
    assert "Boiler repair" in read(WEEK, Role.PRACTITIONER)


def test_a_closure_of_one_place_does_not_flag_the_others():
    """S3-49."""
    here, there = make.location("North"), make.location("South")
    make.session(at(4, 9), service=make.service("Here"), location=here)
    make.session(at(4, 12), service=make.service("There"), location=there)
    day = date(2026, 3, 4)
    closures.add(name="Paint", starts_on=day, ends_on=day, location_id=here.pk, by=SYSTEM, at=make.NOW)
    page = read(WEEK)
    assert "North closed: Paint" in page
    assert "1 on a closed day" in page


def test_the_week_is_narrowed_by_place_room_person_and_service():
    place, coach, spin = make.location(), make.practitioner(), make.service("Spin")
    make.location("Elsewhere")
    room = make.room("Studio 1", at=place)
    wanted = make.session(at(3, 9), service=spin, location=place, room=room, practitioner=coach)
    make.session(at(3, 10), service=make.service("Yoga"))
    link = reverse("desk:session", args=[wanted.pk])
    for name, value in {
        "location": place.pk,
        "room": room.pk,
        "practitioner": coach.pk,
        "service": spin.pk,
    }.items():
        page = read(WEEK, **{name: str(value)})
        assert link in page and "1 session<" in page, name
    assert "2 sessions" in read(WEEK, service="nonsense")


def test_filters_travel_to_the_next_week_and_can_be_taken_off():
    spin = make.service("Spin")
    page = read(WEEK, service=str(spin.pk))
    assert f'href="/desk/calendar/week/2026-W11/?service={spin.pk}"' in page
    assert f'href="/desk/calendar/week/2026-W09/?service={spin.pk}"' in page
    assert f'class="chip" href="{WEEK}"' in page
    assert "No session matches these filters." in page


def test_a_day_has_its_rooms_side_by_side():
    place = make.location()
    one, _ = make.room("Studio 1", at=place), make.room("Studio 2", at=place)
    make.session(at(3, 9), service=make.service("Spin"), location=place, room=one)
    make.session(at(3, 9), service=make.service("Walk"), location=place)
    page = read(TUESDAY)
    rooms = columns(page)
    assert [re.search(r"<span>([^<]+)</span>", each)[1] for each in rooms] == [
        "Studio 1",
        "Studio 2",
        "No room",
    ]
    assert "Spin" in rooms[0] and "Spin" not in rooms[1] and "Walk" in rooms[2]


def test_an_empty_hour_leads_to_a_new_series_at_that_time():
    place = make.location()
    room = make.room("Studio 1", at=place)
    make.session(at(3, 9), location=place, room=room)
    assert "/desk/series/new/?starts_on=2026-03-06&amp;starts_time=18:00" in read(WEEK)
    page = read(TUESDAY)
    assert (
        f"/desk/series/new/?starts_on=2026-03-03&amp;place={place.pk}.{room.pk}&amp;starts_time=07:00"
        not in page
    )
    assert f"/desk/series/new/?starts_on=2026-03-03&amp;place={place.pk}.{room.pk}" in page


def test_an_empty_week_says_so_and_offers_a_way_on():
    page = read("/desk/calendar/week/2026-W20/")
    assert "No sessions on these dates." in page
    assert "/desk/series/new/" in page


def test_a_week_begins_on_the_day_the_studio_says():
    Studio.objects.current()
    Studio.objects.update(week_starts_on=Studio.Weekday.SUNDAY)
    make.session(at(1, 9), service=make.service("Sunday run"))
    page = read(WEEK)
    assert "<span>Sun</span> <span>1 Mar</span>" in columns(page)[0] and "Sunday run" in columns(page)[0]
    assert "1–7 Mar" in page
    assert logins.browser(Role.STAFF).get("/desk/calendar/")["Location"] == WEEK


@pytest.mark.parametrize(
    "path",
    [
        "/desk/calendar/week/2026-W54/",
        "/desk/calendar/week/2026W10/",
        "/desk/calendar/week/nine/",
        "/desk/calendar/week/9999-W52/",
        "/desk/calendar/week/-W10/",
        "/desk/calendar/day/2026-02-30/",
        "/desk/calendar/day/9999-12-31/",
    ],
)
def test_what_is_no_date_is_not_found(path):
    assert logins.browser(Role.STAFF).get(path).status_code == 404


def test_members_have_no_calendar_of_the_desk():
    assert logins.browser(Role.MEMBER).get(WEEK).status_code == 403


@pytest.mark.parametrize("path", [WEEK, TUESDAY])
def test_the_calendar_costs_the_same_for_one_session_and_for_three(queries, path):
    desk = logins.browser(Role.STAFF)
    place = make.location()
    counts = []
    for sessions in (1, 2):
        for number in range(sessions):
            room = make.room(at=place)
            make.session(at(3, 9 + number), location=place, room=room, practitioner=make.practitioner())
        desk.get(path)
        with queries() as seen:
            assert desk.get(path).status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 15
