"""Who may change whom."""

import pytest

from studio.people.rules import access, permissions
from studio.people.rules.access import Standing
from studio.people.rules.permissions import Actor, Capability, Role

ME, OTHER = 1, 2


def actor(role: Role) -> Actor:
    return Actor(ME, role, permissions.capabilities_of(role))


def standing(role: Role, *, person_id: int = OTHER, other_admins: int = 1) -> Standing:
    return Standing(person_id, role, other_admins)


def codes(reasons: list) -> list[str]:
    return [reason.code for reason in reasons]


@pytest.mark.parametrize(
    ("who", "whom", "expected"),
    [
        (Role.ADMIN, Role.ADMIN, []),
        (Role.ADMIN, Role.MEMBER, []),
        (Role.STAFF, Role.MEMBER, []),
        (Role.STAFF, Role.PRACTITIONER, ["only_admins"]),
        (Role.STAFF, Role.STAFF, ["only_admins"]),
        (Role.STAFF, Role.ADMIN, ["only_admins"]),
        (Role.PRACTITIONER, Role.MEMBER, ["not_at_the_desk"]),
        (Role.MEMBER, Role.MEMBER, ["not_at_the_desk"]),
    ],
)
def test_the_desk_edits_members_and_admins_edit_colleagues(
    who: Role, whom: Role, expected: list[str]
) -> None:
    assert codes(access.why_not_edit(actor(who), standing(whom))) == expected


@pytest.mark.parametrize("role", Role)
def test_everyone_edits_their_own_details(role: Role) -> None:
    assert access.why_not_edit(actor(role), standing(role, person_id=ME)) == []


def test_only_admins_add_colleagues() -> None:
    assert codes(access.why_not_add(actor(Role.STAFF), Role.MEMBER)) == []
    assert codes(access.why_not_add(actor(Role.STAFF), Role.PRACTITIONER)) == ["only_admins"]
    assert codes(access.why_not_add(actor(Role.ADMIN), Role.ADMIN)) == []


def test_nobody_raises_themselves() -> None:
    mine = standing(Role.ADMIN, person_id=ME)
    granted = [Capability.OVERRIDE_GATES]

    assert codes(access.why_not_set_access(actor(Role.ADMIN), mine, Role.ADMIN, granted)) == ["own_access"]
    assert codes(access.why_not_set_access(actor(Role.STAFF), mine, Role.ADMIN, [])) == ["only_admins"]


def test_a_role_is_given_only_what_it_can_have() -> None:
    reasons = access.why_not_set_access(
        actor(Role.ADMIN), standing(Role.MEMBER), Role.STAFF, [Capability.GIVE_ACCESS, Capability.SEE_WAGES]
    )

    assert codes(reasons) == ["not_grantable"]
    assert reasons[0].facts == {"capabilities": [Capability.GIVE_ACCESS]}


def test_the_last_admin_stays() -> None:
    last = standing(Role.ADMIN, other_admins=0)

    assert codes(access.why_not_set_access(actor(Role.ADMIN), last, Role.STAFF, [])) == ["last_admin"]
    assert codes(access.why_not_deactivate(actor(Role.ADMIN), last)) == ["last_admin"]
    assert codes(access.why_not_deactivate(actor(Role.ADMIN), standing(Role.ADMIN))) == []


def test_nobody_closes_their_own_account() -> None:
    mine = standing(Role.MEMBER, person_id=ME)

    assert codes(access.why_not_deactivate(actor(Role.MEMBER), mine)) == ["own_access"]
