"""Verbs about people: what they change, what they write down, what they refuse."""

from datetime import date

import pytest
from allauth.account.models import EmailAddress

from memberships.domain import people
from memberships.domain.people import CannotChangePerson
from studio.audit.models import Event, Operation
from studio.lib.refusals import NotFound, Refused
from studio.people.domain import logins as login_steps
from studio.people.domain.logins import AddressInUse, NoAddress
from studio.people.models import Household, Person
from studio.people.rules.permissions import SYSTEM, Capability, Role
from tests import logins

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Person:
    return logins.person(Role.ADMIN)


@pytest.fixture
def staff() -> Person:
    return logins.person(Role.STAFF)


def last_event() -> tuple[str, str, dict]:
    event = Event.objects.order_by("-pk")[0]
    return event.verb, event.subject, event.facts


def refusal(act) -> list[str]:  # type: ignore[no-untyped-def]
    with pytest.raises(Refused) as refused:
        act()
    return [reason.code for reason in refused.value.reasons]


# --- add, edit ---------------------------------------------------------------------------------------


def test_the_desk_adds_a_member(staff, now) -> None:  # type: ignore[no-untyped-def]
    person_id = people.add(
        name="  Zoë   Ångström ", email="Zoe@Studio.Example", phone=" 07700 900 123 ", by=staff.actor, at=now
    )

    zoe = Person.objects.get(pk=person_id)
    assert (zoe.name, zoe.email, zoe.phone) == ("Zoë Ångström", "zoe@studio.example", "07700 900 123")
    assert (zoe.role, zoe.user, zoe.joined_on) == ("member", None, date(2026, 1, 14))
    assert last_event() == ("person.added", f"person:{zoe.pk}", {"role": "member"})


def test_adding_twice_with_one_key_adds_one(staff, now) -> None:  # type: ignore[no-untyped-def]
    first = people.add(name="Ada", by=staff.actor, at=now, key="k")
    again = people.add(name="Ada", by=staff.actor, at=now, key="k")

    assert first == again
    assert Person.objects.filter(name="Ada").count() == 1


def test_only_admins_add_colleagues_and_nobody_without_a_name(admin, staff, now) -> None:  # type: ignore[no-untyped-def]
    both = refusal(lambda: people.add(name=" ", role="staff", by=staff.actor, at=now))
    added = people.add(name="Bo", role="practitioner", by=admin.actor, at=now)

    assert both == ["only_admins", "no_name"]
    assert Person.objects.get(pk=added).role == "practitioner"
    assert Operation.objects.count() == 1


def test_the_day_someone_joined_is_the_studios(staff) -> None:  # type: ignore[no-untyped-def]
    from datetime import UTC, datetime

    late = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)

    assert Person.objects.get(pk=people.add(name="Ada", by=staff.actor, at=late)).joined_on == date(
        2026, 7, 2
    )


def test_editing_says_which_fields_changed_but_not_their_values(staff, now) -> None:  # type: ignore[no-untyped-def]
    ada = logins.person(name="Ada", email="ada@studio.example")

    people.edit(person_id=ada.pk, name="Ada L", email=ada.email, may_cancel=False, by=staff.actor, at=now)

    ada.refresh_from_db()
    assert (ada.name, ada.may_cancel) == ("Ada L", False)
    assert last_event() == ("person.edited", f"person:{ada.pk}", {"changed": ["name", "may_cancel"]})


def test_members_edit_their_own_details_but_not_their_permissions(now) -> None:  # type: ignore[no-untyped-def]
    ada, bob = logins.person(may_cancel=False), logins.person()

    people.edit(person_id=ada.pk, name="Ada", email=ada.email, may_cancel=True, by=ada.actor, at=now)

    ada.refresh_from_db()
    assert (ada.name, ada.may_cancel) == ("Ada", False)
    assert refusal(lambda: people.edit(person_id=bob.pk, name="Eve", by=ada.actor, at=now)) == [
        "not_at_the_desk"
    ]


def test_a_new_address_is_the_one_to_sign_in_with_and_unproven(admin, now) -> None:  # type: ignore[no-untyped-def]
    ada = logins.person(Role.STAFF, email="ada@studio.example", sign_in=True)

    people.edit(person_id=ada.pk, name=ada.name, email="Ada@New.Example", by=admin.actor, at=now)

    ada.user.refresh_from_db()
    assert (ada.user.email, ada.user.sign_in_generation) == ("ada@new.example", 1)
    assert not EmailAddress.objects.filter(user=ada.user).exists()


def test_an_address_belongs_to_one_login(staff, now) -> None:  # type: ignore[no-untyped-def]
    ada = logins.person(email="ada@studio.example", sign_in=True)
    bob = logins.person(email="bob@studio.example", sign_in=True)

    with pytest.raises(AddressInUse):
        people.edit(person_id=bob.pk, name="Bob", email=ada.email, by=staff.actor, at=now)
    no_address = refusal(lambda: people.edit(person_id=bob.pk, name="Bob", by=staff.actor, at=now))

    bob.refresh_from_db()
    assert no_address == ["login_needs_address"]
    assert (bob.email, bob.user.email) == ("bob@studio.example", "bob@studio.example")


def test_the_desk_does_not_change_the_address_of_a_colleague(staff, now) -> None:  # type: ignore[no-untyped-def]
    admin = logins.person(Role.ADMIN, sign_in=True)

    asked = refusal(
        lambda: people.edit(person_id=admin.pk, name="A", email="e@e.example", by=staff.actor, at=now)
    )

    assert asked == ["only_admins"]


def test_nobody_is_found_for_a_made_up_number(staff, now) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(NotFound):
        people.edit(person_id=10**9, name="Ada", by=staff.actor, at=now)


# --- invite ------------------------------------------------------------------------------------------


def test_an_invitation_gives_a_login_without_a_password(staff, now) -> None:  # type: ignore[no-untyped-def]
    ada = logins.person(email="ada@studio.example")

    people.invite(person_id=ada.pk, by=staff.actor, at=now)

    ada.refresh_from_db()
    assert (ada.user.email, ada.user.has_usable_password()) == ("ada@studio.example", False)
    assert last_event() == ("person.invited", f"person:{ada.pk}", {})


def test_inviting_again_keeps_the_login_and_ends_the_earlier_link(staff, now) -> None:  # type: ignore[no-untyped-def]
    ada = logins.person()
    people.invite(person_id=ada.pk, by=staff.actor, at=now)
    ada.refresh_from_db()
    login, generation = ada.user_id, ada.user.sign_in_generation

    people.invite(person_id=ada.pk, by=staff.actor, at=now)

    ada = Person.objects.get(pk=ada.pk)
    assert (ada.user_id, ada.user.sign_in_generation) == (login, generation + 1)


def test_an_invitation_needs_a_free_address_and_an_open_account(staff, now) -> None:  # type: ignore[no-untyped-def]
    nowhere = logins.person(email="")
    taken = logins.person(email=logins.person(sign_in=True).email)
    closed = logins.person(is_active=False)

    with pytest.raises(NoAddress):
        people.invite(person_id=nowhere.pk, by=staff.actor, at=now)
    with pytest.raises(AddressInUse):
        people.invite(person_id=taken.pk, by=staff.actor, at=now)
    assert refusal(lambda: people.invite(person_id=closed.pk, by=staff.actor, at=now)) == ["closed"]
    assert Person.objects.filter(pk__in=[nowhere.pk, taken.pk, closed.pk], user__isnull=False).count() == 0


def test_the_password_itself_reaches_neither_operation_nor_event(now) -> None:  # type: ignore[no-untyped-def]
    ada = logins.person(sign_in=True)

    people.accept_invitation(user_id=ada.user_id, password_hash="md5$salt$hash", by=ada.actor, at=now)

    ada.user.refresh_from_db()
    assert ada.user.password == "md5$salt$hash"
    assert last_event() == ("person.joined_online", f"person:{ada.pk}", {})
    assert Operation.objects.get().result == ada.pk


# --- access ------------------------------------------------------------------------------------------


def test_an_admin_gives_role_and_permissions_and_the_person_signs_in_anew(admin, now) -> None:  # type: ignore[no-untyped-def]
    bob = logins.person(sign_in=True)

    people.set_access(
        person_id=bob.pk, role="staff", capabilities=[Capability.SEE_WAGES], by=admin.actor, at=now
    )

    bob = Person.objects.get(pk=bob.pk)
    assert (bob.role, bob.capabilities, bob.user.sign_in_generation) == ("staff", ["wages.see"], 1)
    assert bob.actor.may(Capability.SEE_WAGES)
    assert last_event() == (
        "person.access_set",
        f"person:{bob.pk}",
        {
            "before": {"role": "member", "capabilities": []},
            "role": "staff",
            "capabilities": ["wages.see"],
        },
    )


def test_the_last_admin_can_be_neither_demoted_nor_closed(admin, now) -> None:  # type: ignore[no-untyped-def]
    demoting = refusal(lambda: people.set_access(person_id=admin.pk, role="staff", by=SYSTEM, at=now))
    closing = refusal(lambda: people.deactivate(person_id=admin.pk, by=SYSTEM, at=now))
    second = logins.person(Role.ADMIN)
    people.set_access(person_id=admin.pk, role="staff", by=second.actor, at=now)

    assert (demoting, closing) == (["last_admin"], ["last_admin"])
    assert Person.objects.get(pk=admin.pk).role == "staff"


def test_staff_give_no_access(staff, now) -> None:  # type: ignore[no-untyped-def]
    bob = logins.person()

    with pytest.raises(CannotChangePerson):
        people.set_access(person_id=bob.pk, role="admin", by=staff.actor, at=now)
    assert Person.objects.get(pk=bob.pk).role == "member"


def test_closing_an_account_and_opening_it_again(staff, now) -> None:  # type: ignore[no-untyped-def]
    bob = logins.person(sign_in=True)

    people.deactivate(person_id=bob.pk, by=staff.actor, at=now)
    closed = Person.objects.select_related("user").get(pk=bob.pk)
    people.reactivate(person_id=bob.pk, by=staff.actor, at=now)
    opened = Person.objects.select_related("user").get(pk=bob.pk)

    assert (closed.is_active, closed.user.is_active, closed.user.sign_in_generation) == (False, False, 1)
    assert (opened.is_active, opened.user.is_active, opened.user.sign_in_generation) == (True, True, 1)
    assert list(Event.objects.order_by("pk").values_list("verb", flat=True)) == [
        "person.deactivated",
        "person.reactivated",
    ]


# --- households --------------------------------------------------------------------------------------


def test_a_parent_pays_for_a_child_and_sees_them(staff, now) -> None:  # type: ignore[no-untyped-def]
    parent, child = logins.person(name="Pat"), logins.person()

    people.share_bills(person_id=child.pk, payer_id=parent.pk, by=staff.actor, at=now)

    child.refresh_from_db()
    parent.refresh_from_db()
    assert child.household == parent.household
    assert (child.household.payer, child.household.name) == (parent, "Pat")
    assert set(Person.objects.visible_to(parent.actor)) == {parent, child}
    assert last_event() == ("person.payer_set", f"person:{child.pk}", {"payer": parent.pk})

    people.share_bills(person_id=child.pk, payer_id=None, by=staff.actor, at=now)
    assert Person.objects.get(pk=child.pk).household is None


def test_a_second_child_joins_the_same_household(staff, now) -> None:  # type: ignore[no-untyped-def]
    parent, child, sibling = logins.person(), logins.person(), logins.person()
    for each in (child, sibling):
        people.share_bills(person_id=each.pk, payer_id=parent.pk, by=staff.actor, at=now)

    assert set(Person.objects.visible_to(parent.actor)) == {parent, child, sibling}
    assert Household.objects.count() == 1


def test_someone_without_a_login_can_be_closed_and_given_another_role(admin, now) -> None:  # type: ignore[no-untyped-def]
    ada = logins.person()

    people.set_access(person_id=ada.pk, role="practitioner", by=admin.actor, at=now)
    people.deactivate(person_id=ada.pk, by=admin.actor, at=now)

    ada.refresh_from_db()
    assert (ada.role, ada.is_active, ada.user) == ("practitioner", False, None)


def test_keeping_the_address_keeps_the_sign_in(now) -> None:  # type: ignore[no-untyped-def]
    ada = logins.person(sign_in=True)

    people.edit(person_id=ada.pk, name="Ada", email=ada.email.upper(), by=ada.actor, at=now)

    ada.user.refresh_from_db()
    assert ada.user.sign_in_generation == 0
    assert EmailAddress.objects.get(user=ada.user).verified


def test_a_payer_pays_their_own_bills(staff, now) -> None:  # type: ignore[no-untyped-def]
    parent, child, friend = logins.person(), logins.person(), logins.person()
    people.share_bills(person_id=child.pk, payer_id=parent.pk, by=staff.actor, at=now)

    asked = refusal(
        lambda: people.share_bills(person_id=friend.pk, payer_id=child.pk, by=staff.actor, at=now)
    )

    assert asked == ["payer_is_paid_for"]


@pytest.mark.django_db(transaction=True)
def test_steps_about_logins_refuse_to_run_by_themselves() -> None:
    with pytest.raises(RuntimeError, match="call it from a use case"):
        login_steps.sign_out_everywhere(logins.user("ada@studio.example"))
