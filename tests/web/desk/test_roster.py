"""The list of a session: presence is a fact, being put on it takes a credit, giving a place up returns it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from billing.models import Entry
from memberships.queries import lots
from sessions_app.models import Booking
from studio.lib import codes
from studio.people.rules.permissions import Role
from tests import logins, make
from tests.make import NOW
from tests.web.desk import pages

pytestmark = pytest.mark.django_db


@pytest.fixture
def session(moment):
    return make.session(NOW + timedelta(hours=1), service=make.service("Reformer"))


def roster(of):
    return pages.at("roster", of.pk)


def add(browser, of, **fields):
    return browser.post(pages.at("add_to_roster", of.pk), {"key": "one-press", "next": roster(of)} | fields)


def free(person):
    return sum(summary.free for summary in lots.summary(person.pk, on=NOW.date()))


def test_the_list_names_everybody_with_what_pays_and_what_to_know(desk, session):
    amir = make.person("Amir Patel")
    make.lot(amir, session.service, quantity=1, kind=make.credit_type(session.service, name="Class"))
    make.booking(session, amir)

    words = pages.text(desk.get(roster(session)))

    assert "Amir Patel First visit Last credit Class credits: 0 left" in words
    assert "1 of 8 booked" in words


def test_an_empty_list_says_what_to_do(desk, session):
    assert "Nobody yet. Type a name above to add someone." in pages.text(desk.get(roster(session)))


def test_checking_in_three_times_over_changes_no_ledger_row_and_no_status(desk, session):
    """S1-14, S1-15, V-03: Present is a fact, and its button says so."""
    booked = make.booking(session, make.person("Amir Patel"))
    entries = Entry.objects.count()

    for press, value in enumerate(("yes", "unknown", "yes")):
        answer = desk.post(
            pages.at("mark", session.pk, booked.pk), {"present": value, "key": f"press-{press}"}
        )
        assert (answer.status_code, answer["Location"]) == (302, roster(session))

    booked.refresh_from_db()
    session.refresh_from_db()
    assert (booked.is_present, session.closed_at, booked.canceled_at) == (True, None, None)
    assert Entry.objects.count() == entries
    page = desk.get(roster(session))
    assert 'title="A note only: it changes no credit, no money and no pay"' in page.content.decode()
    assert "Amir Patel checked in" in pages.toasts(page)


def test_a_check_in_is_undone_from_its_toast(desk, session):
    booked = make.booking(session)
    desk.post(pages.at("mark", session.pk, booked.pk), {"present": "yes", "key": "press"})
    page = desk.get(roster(session))
    address = page.content.decode().partition('id="toasts"')[2].partition('action="')[2].partition('"')[0]

    desk.post(address, {"key": "undo"}, headers={"Referer": f"http://testserver{roster(session)}"})

    booked.refresh_from_db()
    assert booked.is_present is None


def test_all_here_marks_everyone_and_leaves_the_absent_one(desk, session):
    first, second, absent = (make.booking(session) for _ in range(3))
    desk.post(pages.at("mark", session.pk, absent.pk), {"present": "no", "key": "absent"})

    answer = desk.post(pages.at("all_here", session.pk), {"key": "all"})

    assert "2 checked in" in pages.toasts(desk.get(answer["Location"]))
    marks = Booking.objects.order_by("pk").values_list("is_present", flat=True)
    assert [first.pk < second.pk < absent.pk, list(marks)] == [True, [True, True, False]]


def test_a_walk_in_who_is_put_on_the_list_pays_a_credit(desk, session):
    """S1-13, S1-17: being put on the list takes the credit, and it was the employee who did it."""
    bea = make.person("Bea Long")
    make.lot(bea, session.service, quantity=3, kind=make.credit_type(session.service, name="Class"))

    answer = add(desk, session, q="bea")

    assert answer["Location"] == roster(session)
    assert "Bea Long booked. Class credits: 2 left" in pages.toasts(desk.get(roster(session)))
    booked = Booking.objects.get()
    assert (booked.person, booked.booked_by, free(bea)) == (bea, desk.person, 2)


def test_pressing_twice_books_once(desk, session):
    bea = make.person("Bea Long")
    make.lot(bea, session.service, quantity=3)

    for _ in range(2):
        add(desk, session, person=codes.encode(bea.pk))

    assert [booked.person for booked in Booking.objects.all()] == [bea]
    assert free(bea) == 2


def test_typing_the_name_of_somebody_on_the_list_checks_them_in(desk, session):
    booked = make.booking(session, make.person("Amir Patel"))

    add(desk, session, q="amir")

    booked.refresh_from_db()
    assert booked.is_present is True
    assert Booking.objects.count() == 1


def test_a_name_that_fits_two_people_offers_both(desk, session):
    for name in ("Ana Berg", "Ana Costa"):
        make.lot(make.person(name), session.service)

    answer = add(desk, session, q="ana")
    page = desk.get(answer["Location"])

    words = pages.text(page)
    assert ["Ana Berg" in words, "Ana Costa" in words] == [True, True]
    assert pages.hidden(page, "next") == roster(session)
    assert Booking.objects.count() == 0


def test_the_rules_choice_of_pass_is_said_and_can_be_changed(desk, session):
    """UX 4.4: the credits that end first pay, unless the desk chooses others."""
    bea = make.person("Bea Long")
    kind = make.credit_type(session.service, name="Class")
    lasting = make.lot(bea, kind=kind, quantity=5)
    ending = make.lot(bea, kind=kind, quantity=2, days=30)

    page = desk.get(pages.at("add_to_roster", session.pk), {"q": "bea"})
    words = pages.text(page)
    add(desk, session, person=codes.encode(bea.pk), pays=str(lasting.pk))

    assert "Pays with Class credits: 2 left, end Wed 1 Apr" in words
    assert "Class credits: 5 left, never end" in words
    assert Booking.objects.get().lot == lasting != ending


def test_without_a_pass_the_desk_books_unpaid_and_says_what_is_held(desk, session):
    bea = make.person("Bea Long")

    first = add(desk, session, q="bea long")
    words = pages.text(desk.get(first["Location"]))
    add(desk, session, person=codes.encode(bea.pk), pays="unpaid", key="unpaid")

    assert "No pass covers Reformer" in words
    assert "Book unpaid, £12.00 held" in words
    assert Booking.objects.get().charge.expected_minor == 1200
    assert "Bea Long booked. £12.00 held" in pages.toasts(desk.get(roster(session)))


def test_why_no_credits_pay_is_said_beside_the_name(desk, session):
    kind = make.credit_type(session.service, name="Class")
    gone, ended = make.person("Ana Gone"), make.person("Ana Ended")
    make.lot(gone, kind=kind, quantity=1)
    make.booking(make.session(NOW + timedelta(days=1), service=session.service), gone)
    make.lot(ended, kind=kind, days=1, at=NOW - timedelta(days=5))

    words = pages.text(desk.get(pages.at("add_to_roster", session.pk), {"q": "ana"}))

    assert "Ana Ended Class credits end before this session" in words
    assert "Ana Gone No Class credits left" in words


def test_a_full_session_refuses_in_words_and_keeps_what_was_typed(desk, moment):
    session = make.session(NOW + timedelta(hours=1), service=make.service("Reformer"), capacity=1)
    make.booking(session)
    make.lot(make.person("Bea Long"), session.service)

    answer = add(desk, session, q="bea")

    assert answer.status_code == 409
    assert "Reformer is full: 1 of 1 places are taken." in pages.text(answer)
    assert 'value="bea"' in answer.content.decode()
    assert Booking.objects.count() == 1


def test_nobody_found_leads_to_adding_them(desk, session):
    page = desk.get(pages.at("add_to_roster", session.pk), {"q": "zz top"})

    assert "Nobody found." in pages.text(page)
    assert pages.at("add_person") in page.content.decode()


def test_results_come_as_a_fragment_of_the_same_page(desk, session):
    make.person("Amir Patel")

    found = desk.get(
        pages.at("add_to_roster", session.pk),
        {"q": "am"},
        headers={"HX-Request": "true", "HX-Target": "found"},
    )

    assert found.content.decode().lstrip().startswith('<div id="found"')
    assert "Amir Patel" in pages.text(found)


def test_canceling_shows_what_happens_and_returns_the_credit(desk, session):
    """S1-05, S1-13."""
    bea = make.person("Bea Long")
    make.lot(bea, session.service, quantity=3)
    booked = make.booking(session, bea)
    address = pages.at("cancel_booking", session.pk, booked.pk)

    page = desk.get(address)
    answer = desk.post(address, {"key": "cancel", "seen": pages.hidden(page, "seen")})

    assert "Bea Long leaves Reformer, Mon 2 Mar 10:00" in pages.text(page)
    assert "1 credit goes back to where it came from" in pages.text(page)
    assert answer["Location"] == roster(session)
    booked.refresh_from_db()
    assert (booked.canceled_by, free(bea)) == (desk.person, 3)


def test_canceling_what_is_canceled_already_is_refused_on_the_list(desk, session):
    booked = make.booking(session)
    address = pages.at("cancel_booking", session.pk, booked.pk)
    seen = pages.hidden(desk.get(address), "seen")
    desk.post(address, {"key": "first", "seen": seen})

    again = desk.post(address, {"key": "second", "seen": seen})

    assert again.status_code == 409
    assert "This booking is already canceled." in pages.text(again)


def test_a_cancellation_whose_consequences_changed_is_asked_again(desk, session):
    booked = make.booking(session, make.person("Bea Long"))

    answer = desk.post(
        pages.at("cancel_booking", session.pk, booked.pk), {"key": "cancel", "seen": "another preview"}
    )

    assert answer.status_code == 409
    assert "This changed since you looked." in pages.text(answer)
    booked.refresh_from_db()
    assert booked.canceled_at is None


def test_the_attendance_sheet_numbers_names_and_leaves_rows_for_walk_ins(desk, session):
    for name in ("Bea Long", "Amir Patel"):
        make.booking(session, make.person(name))

    words = pages.text(desk.get(f"{roster(session)}?print"))

    assert words.index("1 Amir Patel") < words.index("2 Bea Long")
    assert words.count("Walk-in") == 4


def test_a_practitioner_keeps_the_register_of_their_own_sessions_only(coach, session):
    mine = make.session(NOW + timedelta(hours=1), practitioner=coach.person)
    amir = make.person("Amir Patel", phone="07700 900123")
    make.lot(amir, mine.service)

    offered = pages.text(coach.get(pages.at("add_to_roster", mine.pk), {"q": "amir"}))
    by_phone = pages.text(coach.get(pages.at("add_to_roster", mine.pk), {"q": "0123"}))
    add(coach, mine, q="amir")

    assert ["Amir Patel" in offered, "0123" in offered.replace("q 0123", "")] == [True, False]
    assert "Nobody found." in by_phone
    assert Booking.objects.get().booked_by == coach.person
    assert coach.get(roster(session)).status_code == 403
    assert add(coach, session, q="amir").status_code == 403
    booked = Booking.objects.get()
    assert coach.get(pages.at("cancel_booking", mine.pk, booked.pk)).status_code == 403


def test_a_practitioner_cannot_book_without_a_pass(coach):
    mine = make.session(NOW + timedelta(hours=1), practitioner=coach.person)
    bea = make.person("Bea Long")

    page = coach.get(pages.at("add_to_roster", mine.pk), {"q": "bea"})
    answer = add(coach, mine, person=codes.encode(bea.pk), pays="unpaid")

    assert "Book unpaid" not in pages.text(page)
    assert answer.status_code == 409
    assert Booking.objects.count() == 0


def test_a_booking_of_another_session_is_not_marked_here(desk, session):
    other = make.booking()

    answer = desk.post(pages.at("mark", session.pk, other.pk), {"present": "yes", "key": "press"})

    other.refresh_from_db()
    assert (answer.status_code, other.is_present) == (404, None)


@pytest.mark.parametrize("name", ["roster", "all_here", "add_to_roster"])
def test_members_do_not_come_in(moment, session, name):
    member = logins.browser(Role.MEMBER)

    answer = member.post(reverse(f"desk:{name}", args=[session.pk]))

    assert answer.status_code in (403, 405)
    assert member.get(roster(session)).status_code == 403


def test_the_list_and_the_search_cost_the_same_for_one_row_and_for_three(desk, session):
    booked = make.booking(session)
    addresses = [
        roster(session),
        f"{roster(session)}?print",
        f"{pages.at('add_to_roster', session.pk)}?q=person",
        pages.at("cancel_booking", session.pk, booked.pk),
    ]
    one = [pages.statements(desk, address) for address in addresses]
    for _ in range(2):
        make.booking(session)

    three = [pages.statements(desk, address) for address in addresses]

    assert three == one
    assert max(three) <= 15
