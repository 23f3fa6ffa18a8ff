"""Places, rooms and services at the desk: read first, then edited, with the way back."""

from __future__ import annotations

from datetime import date, time

import pytest

from scheduling.models import Location, Room, Service
from sessions_app.domain import timetable
from studio.lib import codes
from studio.people.rules.permissions import SYSTEM, Role
from tests import logins, make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("moment")]

PLACES, SERVICES = "/desk/settings/places/", "/desk/settings/services/"
PLACE = {"name": "North", "time_zone": "Europe/London", "members_may_book": "on", "key": "one-press"}
SERVICE = {
    "name": "Yoga",
    "description": "Slow.",
    "pricing": "fixed",
    "cost_minor": "12.50",
    "wage_minor": "20",
    "duration_minutes": "75",
    "capacity": "9",
    "members_may_book": "on",
    "key": "one-press",
}


def test_a_place_is_added_once_and_listed_with_its_rooms(owner):
    for _ in range(2):
        answer = owner.post(f"{PLACES}add/", PLACE)
        assert (answer.status_code, answer["Location"]) == (302, PLACES)
    place = Location.objects.get()
    rooms = f"{PLACES}{codes.encode(place.pk)}/rooms/"
    assert owner.post(rooms, {"name": "Studio 1", "capacity": "12", "key": "r"}).status_code == 302
    assert owner.post(rooms, {"name": "Hall", "capacity": "", "key": "s"}).status_code == 302
    page = owner.get(PLACES).content.decode()
    assert "Hall saved" in page and "holds 12" in page and "limits nobody" in page


def test_a_change_of_a_place_can_be_taken_back(owner):
    place = make.location("North")
    answer = owner.post(f"{PLACES}{codes.encode(place.pk)}/", PLACE | {"name": "South"}, follow=True)
    place.refresh_from_db()
    assert place.name == "South"
    owner.post(answer.context["toasts"][0].href)
    place.refresh_from_db()
    assert place.name == "North"


def test_a_room_is_renamed(owner):
    room = make.room("Studio 1", capacity=5)
    path = f"/desk/settings/rooms/{codes.encode(room.pk)}/"
    assert 'value="Studio 1"' in owner.get(path).content.decode()
    assert owner.post(path, {"name": "Studio One", "capacity": "6", "key": "k"}).status_code == 302
    assert Room.objects.values_list("name", "capacity").get() == ("Studio One", 6)


def test_the_clocks_of_a_place_stay_once_series_are_held(owner):
    place = make.location("North")
    timetable.create_series(
        service_id=make.service().pk,
        location_id=place.pk,
        weekdays=[0],
        starts_on=date(2026, 3, 9),
        starts_time=time(9),
        count=2,
        by=SYSTEM,
        at=make.NOW,
    )
    answer = owner.post(f"{PLACES}{codes.encode(place.pk)}/", PLACE | {"time_zone": "Europe/Paris"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "1 series is held here by the clocks of Europe/London." in page
    assert 'value="Europe/Paris" selected' in page


def test_a_service_is_added_with_its_price_and_pay(owner):
    """S3-97."""
    assert owner.post(f"{SERVICES}add/", SERVICE).status_code == 302
    added = Service.objects.get()
    assert (added.cost_minor, added.wage_minor, added.duration_minutes, added.capacity) == (1250, 2000, 75, 9)
    page = owner.get(SERVICES).content.decode()
    assert "1 h 15 min" in page and "£12.50" in page and "£20.00" in page


def test_an_edited_service_keeps_what_the_form_does_not_show(owner):
    service = make.service("Yoga", hue=120)
    path = f"{SERVICES}{codes.encode(service.pk)}/"
    assert 'value="12.00"' in owner.get(path).content.decode()
    assert owner.post(path, SERVICE | {"members_may_book": ""}).status_code == 302
    service.refresh_from_db()
    assert (service.cost_minor, service.hue, service.members_may_book) == (1250, 120, False)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"name": ""}, "A service needs a name."),
        ({"cost_minor": "free"}, "“free” is not an amount"),
        ({"cost_minor": ""}, "Type an amount; 0 when it costs nothing."),
        ({"capacity": "0"}, "The number of places cannot be 0."),
        ({"duration_minutes": "2000"}, "The duration in minutes cannot be 2000."),
        ({"name": "spin"}, "There is a service called “spin” already."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(owner, sent, words):
    make.service("Spin")
    answer = owner.post(f"{SERVICES}add/", SERVICE | sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page and "Slow." in page and "<title>Error: " in page
    assert Service.objects.count() == 1


def test_staff_read_and_who_may_change_settings_edits(desk):
    place, service = make.location("North"), make.service("Yoga")
    for path, edit in (
        (PLACES, f"{PLACES}{codes.encode(place.pk)}/"),
        (SERVICES, f"{SERVICES}{codes.encode(service.pk)}/"),
    ):
        page = desk.get(path).content.decode()
        assert ("North" in page or "Yoga" in page) and "Edit" not in page
        assert "£5.00" not in page  # what it pays is not for everybody
        assert desk.get(edit).status_code == 403
        assert desk.post(edit, PLACE).status_code == 403
    granted = logins.browser(Role.STAFF, capabilities=["settings.change"])
    assert granted.get(f"{SERVICES}add/").status_code == 200
    assert logins.browser(Role.MEMBER).get(PLACES).status_code == 403


def test_empty_lists_offer_the_first(owner):
    assert "No place yet." in owner.get(PLACES).content.decode()
    assert "No service yet." in owner.get(SERVICES).content.decode()


def test_what_does_not_exist_is_not_found(owner):
    nothing = codes.encode(999_999)
    for path in (f"{PLACES}{nothing}/", f"{PLACES}{nothing}/rooms/", f"/desk/settings/rooms/{nothing}/"):
        assert owner.get(path).status_code == 404
    assert owner.get(f"{SERVICES}{nothing}/").status_code == 404


def test_lists_cost_the_same_for_one_row_and_for_three(owner, queries):
    counts: dict[str, list[int]] = {PLACES: [], SERVICES: []}
    for number in (1, 2):
        for _ in range(number):
            make.room(at=make.location())
            make.service()
        for path, seen_so_far in counts.items():
            owner.get(path)
            with queries() as seen:
                assert owner.get(path).status_code == 200
            seen_so_far.append(len(seen))
    assert all(one == three <= 15 for one, three in counts.values()), counts
