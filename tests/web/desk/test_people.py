"""People: finding, adding, changing, inviting, closing, giving access."""

from __future__ import annotations

import pytest

from memberships.domain import sales
from studio.audit.models import Event
from studio.people.models import Person
from studio.people.rules.permissions import Role
from tests import logins, make
from tests.make import NOW
from tests.web.desk import pages

pytestmark = pytest.mark.django_db

PEOPLE = "/desk/people/"
NEW = "/desk/people/new/"


def test_anyone_is_found_by_name_address_or_phone(desk):
    make.person("Amir Patel", email="amir@example.org")
    make.person("Bea Long", phone="07700 900123")
    make.person("Cho Min", is_active=False)

    def found(query=""):
        words = pages.text(desk.get(f"{PEOPLE}{query}"))
        return [name for name in ("Amir Patel", "Bea Long", "Cho Min") if name in words]

    assert found() == ["Amir Patel", "Bea Long"]
    assert found("?q=pat+am") == ["Amir Patel"]
    assert found("?q=0123") == ["Bea Long"]
    assert found("?active=no") == ["Cho Min"]
    assert found("?active=all&role=member") == ["Amir Patel", "Bea Long", "Cho Min"]
    assert found("?role=staff") == []


def test_nobody_found_offers_the_way_back(desk):
    assert "Nobody matches." in pages.text(desk.get(f"{PEOPLE}?q=zz"))


def test_the_list_says_who_owes(desk):
    bea = make.person("Bea Long")
    sales.sell(
        person_id=bea.pk, payment_term_id=make.plan().pk, starts_on=NOW.date(), by=desk.person.actor, at=NOW
    )

    assert "Bea Long Owes £90.00" in pages.text(desk.get(PEOPLE))


def test_the_list_comes_as_a_fragment_while_someone_types(desk):
    make.person("Amir Patel")

    part = desk.get(f"{PEOPLE}?q=am", headers={"HX-Request": "true", "HX-Target": "found"})

    assert part.content.decode().lstrip().startswith('<div id="found"')
    assert "Amir Patel" in pages.text(part)


def test_fifty_people_fit_on_a_page(desk):
    for number in range(51):
        make.person(f"Member {number:02}")

    words = pages.text(desk.get(f"{PEOPLE}?role=member&page=2"))

    assert "51–51 of 51 people" in words
    assert "Member 50" in words


def test_adding_someone_leads_to_their_page(desk):
    answer = desk.post(NEW, {"key": "add", "name": " Bea  Long ", "email": "Bea@Example.org", "phone": ""})

    bea = Person.objects.get(name="Bea Long")
    assert answer["Location"] == pages.at("person", bea.pk)
    assert (bea.role, bea.email, bea.joined_on) == ("member", "bea@example.org", NOW.date())
    assert "added" in pages.toasts(desk.get(answer["Location"]))


def test_adding_twice_with_one_key_adds_once(desk):
    for _ in range(2):
        desk.post(NEW, {"key": "add", "name": "Bea Long"})

    assert Person.objects.filter(name="Bea Long").count() == 1


def test_what_was_typed_stays_when_something_is_missing(desk):
    answer = desk.post(NEW, {"key": "add", "name": "", "email": "bea@", "phone": "07700"})

    html = answer.content.decode()
    assert answer.status_code == 422
    assert "<title>Error: Add a person" in html
    assert "Type a name, so that the list and the invoice have one." in pages.text(answer)
    assert ['value="bea@"' in html, 'value="07700"' in html, 'value="add"' in html] == [True, True, True]


def test_only_admins_add_colleagues(desk, owner):
    """The desk is not even asked; whoever asks anyway is given a member."""
    assert 'name="role"' not in desk.get(NEW).content.decode()
    desk.post(NEW, {"key": "one", "name": "Not Staff", "role": "staff"})
    owner.post(NEW, {"key": "two", "name": "Ana Silva", "role": "practitioner"})

    roles = dict(Person.objects.filter(name__in=["Not Staff", "Ana Silva"]).values_list("name", "role"))
    assert roles == {"Not Staff": "member", "Ana Silva": "practitioner"}


def test_editing_is_read_first_and_refused_in_words(desk):
    bea = make.person("Bea Long", email="bea@example.org", password="four quiet words")
    address = pages.at("edit_person", bea.pk)

    shown = desk.get(address).content.decode()
    emptied = desk.post(address, {"key": "one", "name": "Bea Long", "email": "", "may_cancel": "on"})
    saved = desk.post(address, {"key": "two", "name": "Bea Short", "email": "bea@example.org"})

    bea.refresh_from_db()
    assert 'value="Bea Long"' in shown
    assert emptied.status_code == 422
    assert "Bea Long signs in with this address, so it cannot be empty." in pages.text(emptied)
    assert saved["Location"] == pages.at("person", bea.pk)
    assert (bea.name, bea.may_cancel) == ("Bea Short", False)


def test_the_desk_does_not_change_colleagues(desk):
    ana = make.practitioner("Ana Silva")

    answer = desk.post(pages.at("edit_person", ana.pk), {"key": "one", "name": "Changed"})

    ana.refresh_from_db()
    assert answer.status_code == 422
    assert "Only admins can change people who work here" in pages.text(answer)
    assert ana.name == "Ana Silva"


def test_inviting_gives_a_login_and_says_where_the_link_goes(desk):
    bea = make.person("Bea Long", email="bea@example.org")

    answer = desk.post(pages.at("invite", bea.pk), {"key": "invite"})

    bea.refresh_from_db()
    assert bea.user is not None
    assert "The e-mail goes to bea@example.org" in pages.toasts(desk.get(answer["Location"]))
    assert Event.objects.filter(verb="person.invited", person=bea).count() == 1


def test_an_invitation_without_an_address_is_refused(desk):
    bea = make.person("Bea Long")

    answer = desk.post(pages.at("invite", bea.pk), {"key": "invite"})

    assert answer.status_code in (409, 422)
    assert "Nothing was changed" in pages.text(answer)
    assert "Invite" not in pages.text(desk.get(pages.at("person", bea.pk)))


def test_an_account_is_closed_after_saying_what_stays_and_opened_again(desk):
    session = make.session()
    booked = make.booking(session, make.person("Bea Long"))
    address = pages.at("close_person", booked.person_id)

    words = pages.text(desk.get(address))
    desk.post(address, {"key": "close"})
    closed = Person.objects.get(pk=booked.person_id).is_active
    desk.post(pages.at("reopen_person", booked.person_id), {"key": "open"})

    assert "1 active booking keeps its place." in words
    assert (closed, Person.objects.get(pk=booked.person_id).is_active) == (False, True)


def test_access_is_given_by_admins_within_the_rules(owner, desk):
    ana = make.staff("Ana Silva")
    address = pages.at("access", ana.pk)

    shown = pages.text(owner.get(address))
    beyond = owner.post(address, {"key": "1", "role": "practitioner", "capabilities": ["wages.see"]})
    given = owner.post(address, {"key": "2", "role": "staff", "capabilities": ["wages.see"]})

    ana.refresh_from_db()
    assert "See everyone's wages (Staff)" in shown
    assert beyond.status_code in (409, 422)
    assert "Practitioner cannot be given: see everyone's wages." in pages.text(beyond)
    assert given["Location"] == pages.at("person", ana.pk)
    assert ana.capabilities == ["wages.see"]
    assert desk.get(address).status_code == 403


def test_nobody_changes_their_own_access(owner):
    answer = owner.post(pages.at("access", owner.person.pk), {"key": "1", "role": "member"})

    owner.person.refresh_from_db()
    assert "Nobody changes their own role or permissions." in pages.text(answer)
    assert owner.person.role == "admin"


@pytest.mark.parametrize("role", [Role.MEMBER, Role.PRACTITIONER])
def test_people_are_for_the_desk(moment, role):
    bea = make.person("Bea Long")
    somebody = logins.browser(role)

    names = ("person", "person_log", "person_bookings", "person_book", "edit_person", "close_person")
    addresses = [PEOPLE, NEW, *(pages.at(name, bea.pk) for name in names)]
    assert [somebody.get(address).status_code for address in addresses] == [403] * len(addresses)
    assert somebody.post(NEW, {"key": "1", "name": "Sneaked In"}).status_code == 403
    assert not Person.objects.filter(name="Sneaked In").exists()


def test_the_list_costs_the_same_for_one_row_and_for_three(desk):
    make.person()
    one = pages.statements(desk, PEOPLE)
    make.person()
    make.person()

    assert pages.statements(desk, PEOPLE) == one <= 15
