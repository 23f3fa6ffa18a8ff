"""Closed days at the desk: adding them with what they meet, opening again, taking it back."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from scheduling.domain import closures
from scheduling.models import Closure
from studio.lib import codes
from studio.people.rules.permissions import SYSTEM, Role
from tests import logins, make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("moment")]

LIST, ADD = "/desk/closures/", "/desk/closures/add/"
WEDNESDAY = date(2026, 3, 4)


def form(**fields: str) -> dict[str, str]:
    return {"name": "Repair", "starts_on": "2026-03-04", "ends_on": "", "key": "one-press"} | fields


def close(name: str = "Repair") -> Closure:
    closure_id = closures.add(name=name, starts_on=WEDNESDAY, ends_on=WEDNESDAY, by=SYSTEM, at=make.NOW)
    return Closure.objects.get(pk=closure_id)


def test_a_closure_is_added_once_however_often_the_button_is_pressed():
    """S3-48. An empty last day means one day."""
    desk = logins.browser(Role.STAFF)
    for _ in range(2):
        answer = desk.post(ADD, form())
        assert (answer.status_code, answer["Location"]) == (302, LIST)
    added = Closure.objects.get()
    assert (added.starts_on, added.ends_on, added.name) == (WEDNESDAY, WEDNESDAY, "Repair")
    page = desk.get(LIST).content.decode()
    assert "Repair added" in page and "Wed 4 Mar" in page and "Everywhere" in page


def test_the_sessions_on_the_days_are_shown_before_anything_is_closed():
    """S3-49: they stay, and somebody decides."""
    met = make.session(datetime(2026, 3, 4, 18, tzinfo=UTC), service=make.service("Spin"))
    make.booking(met)
    make.session(datetime(2026, 3, 5, 18, tzinfo=UTC), service=make.service("Yoga"))
    answer = logins.browser(Role.STAFF).post(
        ADD, form(preview="1", name=""), headers={"HX-Request": "true", "HX-Target": "effect"}
    )
    part = answer.content.decode()
    assert answer.status_code == 200 and "<html" not in part
    assert "1 session</strong> on these days with 1 booking" in part
    assert "Spin" in part and "Yoga" not in part
    assert "Members cannot book anywhere" in part
    assert Closure.objects.count() == 0


def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost():
    desk = logins.browser(Role.STAFF)
    answer = desk.post(ADD, form(ends_on="2026-03-01"))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "The last closed day, Sun 1 Mar 2026, is before the first" in page
    assert 'value="Repair"' in page and "<title>Error: " in page
    assert desk.post(ADD, form(name="")).status_code == 422
    assert Closure.objects.count() == 0


def test_the_list_says_what_stands_on_the_days():
    """S3-49."""
    make.session(datetime(2026, 3, 4, 18, tzinfo=UTC))
    close()
    page = logins.browser(Role.STAFF).get(LIST).content.decode()
    assert "1 to decide" in page
    assert "/desk/calendar/day/2026-03-04/" in page


def test_a_closure_is_removed_and_the_toast_takes_it_back():
    desk = logins.browser(Role.STAFF)
    closure = close()
    answer = desk.post(f"{LIST}{codes.encode(closure.pk)}/remove/", {"key": "gone"}, follow=True)
    assert "Closure removed" in answer.content.decode()
    assert Closure.objects.count() == 0
    undo = answer.context["toasts"][0].href
    assert desk.post(undo).status_code == 302
    assert Closure.objects.get().name == "Repair"


def test_a_closure_that_is_gone_already_says_so():
    desk = logins.browser(Role.STAFF)
    closure = close()
    closures.remove(closure_id=closure.pk, by=SYSTEM, at=make.NOW)
    answer = desk.post(f"{LIST}{codes.encode(closure.pk)}/remove/", {"key": "late"})
    assert answer.status_code == 404
    assert "does not exist any more" in answer.content.decode()


def test_practitioners_read_closures_and_only_the_desk_changes_them():
    closure = close()
    coach = logins.browser(Role.PRACTITIONER)
    page = coach.get(LIST).content.decode()
    assert "Repair" in page and "Remove" not in page
    assert coach.get(ADD).status_code == 403
    assert coach.post(f"{LIST}{codes.encode(closure.pk)}/remove/").status_code == 403
    assert Closure.objects.count() == 1


def test_an_empty_list_offers_the_first():
    page = logins.browser(Role.STAFF).get(LIST).content.decode()
    assert "No closed days are coming." in page and ADD in page


def test_the_list_costs_the_same_for_one_closure_and_for_three(queries):
    desk = logins.browser(Role.STAFF)
    counts = []
    for names in (["A"], ["B", "C"]):
        for name in names:
            closures.add(
                name=name,
                starts_on=WEDNESDAY,
                ends_on=date(2026, 3, 4 + len(name + names[0])),
                location_id=make.location().pk,
                by=SYSTEM,
                at=make.NOW,
            )
        desk.get(LIST)
        with queries() as seen:
            assert desk.get(LIST).status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 15
