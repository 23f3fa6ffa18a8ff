"""Today: the figures, the order, whose sessions, and the list of the one that comes next."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from billing.models import Invoice
from memberships.domain import sales
from sessions_app.domain import attendance
from sessions_app.models import Session
from studio.people.rules.permissions import Role
from tests import logins, make
from tests.make import NOW
from tests.web.desk import pages

pytestmark = pytest.mark.django_db

TODAY = "/desk/today/"


def at_ten(**fields):
    return make.session(NOW + timedelta(hours=1), **fields)


def test_the_desk_opens_on_today(desk):
    assert desk.get("/desk/")["Location"] == TODAY


def test_sessions_stand_in_the_order_of_time_and_the_next_one_has_its_list_open(desk):
    make.session(NOW + timedelta(hours=4), service=make.service("Evening flow"))
    reformer = at_ten(service=make.service("Reformer"))
    make.booking(reformer, make.person("Amir Patel"))

    page = desk.get(TODAY)

    words = pages.text(page)
    assert "Monday 2 March" in words
    assert "2 sessions · next starts in 1 h" in words
    assert words.index("Reformer") < words.index("Evening flow")
    assert "Add or check in a person" in words
    assert "Amir Patel" in words


def test_the_running_session_is_the_one_whose_list_is_open(desk):
    at_ten(service=make.service("Later"))
    running = make.session(NOW - timedelta(minutes=10), service=make.service("Running"))
    make.booking(running, make.person("Bea Long"), by=make.staff().actor)

    page = desk.get(TODAY)

    assert "On now" in pages.text(page)
    assert pages.at("add_to_roster", running.pk) in page.content.decode()


def test_every_tile_says_as_much_as_the_rows_behind_it(desk):
    session = at_ten()
    amir, bea = make.person("Amir Patel"), make.person("Bea Long")
    first = make.booking(session, amir)
    make.booking(session, bea)
    attendance.mark(booking_id=first.pk, is_present=True, by=make.staff().actor, at=NOW)
    term = make.plan()
    sales.sell(person_id=bea.pk, payment_term_id=term.pk, starts_on=NOW.date(), by=make.staff().actor, at=NOW)
    over = make.session(NOW - timedelta(days=2))

    today = desk.get(TODAY)

    tiles = pages.figures(today, "explain")
    assert {name: tiles[name] for name in ("today-expected", "today-in", "today-owing", "not-saved")} == {
        "today-expected": "2",
        "today-in": "1",
        "today-owing": "1",
        "not-saved": "1",
    }
    assert Invoice.objects.get().person == bea
    for show, name in (("expected", "today-expected"), ("in", "today-in"), ("owing", "today-owing")):
        behind = desk.get(f"/desk/today/2026-03-02/people/?show={show}")
        assert pages.figures(behind, "total") == {name: tiles[name]}
    queue = desk.get(pages.at("not_saved"))
    assert pages.figures(queue, "total") == {"not-saved": "1"}
    assert over.service.name in pages.text(queue)


def test_a_day_with_nothing_on_says_when_there_is_something_again(desk):
    coming = make.session(NOW + timedelta(days=4), service=make.service("Friday flow"))

    page = desk.get(TODAY)

    assert "Nothing on today. Next: Friday flow, Fri 6 Mar, 09:00." in pages.text(page)
    assert pages.at("session", coming.pk) in page.content.decode()


def test_another_day_is_an_address_and_a_wrong_one_is_not_found(desk):
    make.session(NOW + timedelta(days=1), service=make.service("Tuesday flow"))

    assert "Tuesday flow" in pages.text(desk.get("/desk/today/2026-03-03/"))
    assert desk.get("/desk/today/yesterday/").status_code == 404
    assert desk.get("/desk/today/2026-03-02/people/?show=everything").status_code == 404


def test_a_practitioner_sees_their_own_sessions_unless_they_ask_for_all(coach):
    at_ten(service=make.service("Mine"), practitioner=coach.person)
    theirs = at_ten(service=make.service("Theirs"), practitioner=make.practitioner("Ana Silva"))
    make.booking(theirs, make.person("Bea Long"))

    own, everybody = coach.get(TODAY), coach.get(f"{TODAY}?with=all")

    assert ["Mine" in pages.text(own), "Theirs" in pages.text(own)] == [True, False]
    assert ["Mine" in pages.text(everybody), "Theirs" in pages.text(everybody)] == [True, True]
    assert "Bea Long" not in pages.text(everybody)
    assert "need payment" not in pages.text(own)


def test_names_behind_the_figures_are_only_those_of_own_sessions(coach):
    mine = at_ten(practitioner=coach.person)
    make.booking(mine, make.person("Amir Patel"))
    make.booking(at_ten(), make.person("Bea Long"))

    page = coach.get("/desk/today/2026-03-02/people/?show=expected&with=all")

    assert ["Amir Patel" in pages.text(page), "Bea Long" in pages.text(page)] == [True, False]


@pytest.mark.parametrize("address", ["/desk/", TODAY, "/desk/today/2026-03-02/people/"])
def test_members_do_not_come_in(moment, address):
    assert logins.browser(Role.MEMBER).get(address).status_code == 403


def test_today_costs_the_same_for_one_row_and_for_three(desk):
    session = at_ten()
    make.booking(session)
    desk.get(TODAY)
    one = pages.statements(desk, TODAY), pages.statements(desk, "/desk/today/2026-03-02/people/")
    for _ in range(2):
        make.booking(session)
        make.booking(at_ten())

    three = pages.statements(desk, TODAY), pages.statements(desk, "/desk/today/2026-03-02/people/")

    assert three == one
    assert max(three) <= 15
    assert Session.objects.count() == 3


def test_checking_in_by_htmx_renews_the_board_and_says_so(desk):
    booked = make.booking(at_ten(), make.person("Amir Patel"))
    headers = {"HX-Request": "true", "HX-Target": "board"}

    answer = desk.post(
        reverse("desk:mark", args=[booked.session_id, booked.pk]),
        {"present": "yes", "next": TODAY, "key": "tap"},
        headers=headers,
    )
    board = desk.get(answer["Location"], headers=headers)

    html = board.content.decode()
    assert html.lstrip().startswith('<div id="board"')
    assert "Amir Patel checked in" in pages.toasts(board)
    assert pages.figures(board, "explain")["today-in"] == "1"
