"""What the tables of people promise by themselves, and whom a query shows."""

import pytest
from django.db import IntegrityError, connection, transaction

from studio.people.models import Household, Person, Studio, User
from studio.people.queries import people
from studio.people.rules.permissions import NOBODY, Role
from tests import logins

pytestmark = pytest.mark.django_db


def refused(act: object) -> bool:
    try:
        with transaction.atomic():
            act()  # type: ignore[operator]
    except IntegrityError:
        return True
    return False


def test_there_is_one_studio() -> None:
    first = Studio.objects.current()

    assert Studio.objects.current() == first
    assert refused(lambda: Studio.objects.create(id=2, name="Another"))
    assert Studio.objects.count() == 1


def test_a_login_address_is_kept_in_lower_case_and_used_once() -> None:
    made = User.objects.create_user(" Ana@Studio.Example ")

    assert made.email == "ana@studio.example"
    assert refused(lambda: User.objects.create_user("ANA@studio.example"))
    assert refused(lambda: User.objects.create(email="Joe@studio.example"))


def test_two_people_may_share_an_address_but_not_a_login() -> None:
    parent = logins.person(email="home@studio.example", sign_in=True)
    child = logins.person(email="home@studio.example")

    assert refused(lambda: Person.objects.filter(pk=child.pk).update(user=parent.user))


def test_a_person_has_a_name_and_a_known_role() -> None:
    assert refused(lambda: logins.person(name=""))
    assert refused(lambda: logins.person(role="boss"))


def test_members_see_themselves_and_those_they_pay_for() -> None:
    parent, child, stranger = logins.person(), logins.person(), logins.person()
    household = Household.objects.create(name="Home", payer=parent)
    Person.objects.filter(pk__in=[parent.pk, child.pk]).update(household=household)

    assert set(Person.objects.visible_to(parent.actor)) == {parent, child}
    assert set(Person.objects.visible_to(child.actor)) == {child}
    practitioner = logins.person(Role.PRACTITIONER)
    assert set(Person.objects.visible_to(practitioner.actor)) == {practitioner}
    assert set(Person.objects.visible_to(NOBODY)) == set()
    assert {parent, child, stranger} <= set(Person.objects.visible_to(logins.person(Role.STAFF).actor))


def test_someone_deactivated_may_do_nothing() -> None:
    assert logins.person(Role.ADMIN, is_active=False).actor.capabilities == frozenset()


def test_the_directory_finds_by_any_part_of_name_address_and_phone() -> None:
    desk = logins.person(Role.STAFF, name="Desk").actor
    zoe = logins.person(name="Zoë Ångström", email="zoe@north.example", phone="07700 900 123")
    amir = logins.person(name="Amir Patel", email="amir@north.example", phone="")

    def found(text: str) -> list[Person]:
        return list(people.directory(actor=desk, search=text))

    assert found("ångs zoë") == [zoe]
    assert found("NORTH.example") == [amir, zoe]
    assert found("07700900") == [zoe]
    assert found("patel 07700") == []
    assert found("100%") == []


def test_the_directory_lists_by_name_role_and_state() -> None:
    desk = logins.person(Role.STAFF, name="desk")
    ben, ada = logins.person(name="ben"), logins.person(name="Ada")
    gone = logins.person(name="Gone", is_active=False)

    assert list(people.directory(actor=desk.actor)) == [ada, ben, desk]
    assert list(people.directory(actor=desk.actor, role=Role.STAFF)) == [desk]
    assert list(people.directory(actor=desk.actor, is_active=False)) == [gone]
    assert list(people.directory(actor=ben.actor)) == [ben]


def test_search_to_add_offers_active_people_from_two_letters_on() -> None:
    desk = logins.person(Role.STAFF, name="Desk").actor
    ada = logins.person(name="Ada")
    logins.person(name="Adam", is_active=False)

    assert people.find("A", actor=desk) == []
    assert people.find("ad", actor=desk) == [ada]
    assert people.find("ad", actor=ada.actor) == [ada]
    assert people.find("de", actor=ada.actor) == []


def test_who_may_give_sessions_and_who_may_give_access() -> None:
    coach = logins.person(Role.PRACTITIONER, name="Coach")
    owner = logins.person(Role.ADMIN, name="Owner", sign_in=True)
    logins.person(Role.ADMIN, name="Without a login")
    logins.person(Role.PRACTITIONER, is_active=False)
    logins.person(Role.MEMBER)

    assert (coach.pk, "Coach") in people.givers()
    assert len(people.givers()) == 3
    assert people.access_givers() == [owner.name]
    assert list(Person.objects.active().practitioners()) == [coach]


def test_people_and_studios_are_called_by_their_names() -> None:
    ada = logins.person(name="Ada", email="ada@studio.example", sign_in=True)

    assert [str(ada), str(ada.user), str(Studio(name="North")), str(Household(name="Home"))] == [
        "Ada",
        "ada@studio.example",
        "North",
        "Home",
    ]
    assert User.objects.get_by_natural_key(" ADA@studio.example") == ada.user
    with pytest.raises(ValueError, match="needs an e-mail address"):
        User.objects.create_user("")


def test_only_the_owner_of_the_installation_opens_djangos_admin() -> None:
    owner = User.objects.create_superuser("owner@studio.example", logins.PASSWORD)

    assert (owner.is_staff, logins.user("ada@studio.example").is_staff) == (True, False)


def test_changing_the_secret_key_signs_nobody_out(settings) -> None:  # type: ignore[no-untyped-def]
    ada = logins.user("ada@studio.example")
    before = ada.get_session_auth_hash()

    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"

    assert ada.get_session_auth_hash() != before
    assert list(ada.get_session_auth_fallback_hash()) == [before]


def test_a_search_among_many_uses_the_trigram_index() -> None:
    desk = logins.person(Role.STAFF).actor
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO people_person (name, email, phone, role, capabilities, is_active, may_cancel)"
            " SELECT md5(n::text), '', '', 'member', '{}', true, true FROM generate_series(1, 5000) n"
        )
        cursor.execute("SELECT gin_clean_pending_list('person_search_text_trigram')")
        cursor.execute("ANALYZE people_person")

    plan = people.directory(actor=desk, search="ångström").explain()

    assert "person_search_text_trigram" in plan
