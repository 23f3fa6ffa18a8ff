"""REQUIREMENTS section 5, line by line: who may do what, and everything else is denied."""

import pytest

from studio.people.rules import permissions
from studio.people.rules.permissions import NOBODY, SYSTEM, Actor, Capability, Role

ALWAYS, OWN, GRANTED, NEVER = "always", "own", "granted", "never"

# action: admin, staff, practitioner, member
TABLE = {
    Capability.ADD_SESSIONS: (ALWAYS, ALWAYS, OWN, NEVER),
    Capability.BOOK_FOR_OTHERS: (ALWAYS, ALWAYS, OWN, NEVER),
    Capability.BOOK_FOR_SELF: (NEVER, NEVER, NEVER, ALWAYS),
    Capability.BOOK_UNFUNDED: (ALWAYS, ALWAYS, NEVER, NEVER),
    Capability.OVERRIDE_GATES: (GRANTED, NEVER, NEVER, NEVER),
    Capability.COMPLETE_SESSIONS: (ALWAYS, ALWAYS, OWN, NEVER),
    Capability.OVERRIDE_COSTS: (ALWAYS, GRANTED, NEVER, NEVER),
    Capability.CHANGE_SETTINGS: (ALWAYS, GRANTED, NEVER, NEVER),
    Capability.MANAGE_CLOSURES: (ALWAYS, ALWAYS, NEVER, NEVER),
    Capability.SEE_CLOSURES: (ALWAYS, ALWAYS, ALWAYS, ALWAYS),
    Capability.CANCEL_BOOKINGS: (ALWAYS, ALWAYS, NEVER, OWN),
    Capability.ENROLL_ANY_TIME: (ALWAYS, ALWAYS, NEVER, NEVER),
    Capability.ENROLL_IN_TIME: (NEVER, NEVER, NEVER, ALWAYS),
    Capability.DELETE_AND_RECOVER: (ALWAYS, GRANTED, NEVER, NEVER),
    Capability.SEE_PUBLIC_NOTES: (ALWAYS, ALWAYS, ALWAYS, ALWAYS),
    Capability.WRITE_PUBLIC_NOTES: (ALWAYS, ALWAYS, OWN, NEVER),
    Capability.WRITE_STAFF_NOTES: (ALWAYS, ALWAYS, NEVER, NEVER),
    Capability.SEE_WAGES: (ALWAYS, GRANTED, OWN, NEVER),
    Capability.SELL: (ALWAYS, ALWAYS, NEVER, NEVER),
    Capability.BUY_FOR_SELF: (NEVER, NEVER, NEVER, ALWAYS),
    # Beyond the table, for what the desk is made of.
    Capability.USE_DESK: (ALWAYS, ALWAYS, ALWAYS, NEVER),
    Capability.SEE_PEOPLE: (ALWAYS, ALWAYS, NEVER, NEVER),
    Capability.EDIT_PEOPLE: (ALWAYS, ALWAYS, NEVER, NEVER),
    Capability.GIVE_ACCESS: (ALWAYS, NEVER, NEVER, NEVER),
    Capability.IMPORT_DATA: (ALWAYS, GRANTED, NEVER, NEVER),
    Capability.GRANT_CREDITS: (ALWAYS, ALWAYS, NEVER, NEVER),
    Capability.TAKE_PAYMENTS: (ALWAYS, ALWAYS, NEVER, NEVER),
    Capability.SEE_MONEY: (ALWAYS, ALWAYS, NEVER, NEVER),
}
CASES = [
    pytest.param(capability, role, allowed, id=f"{capability}-{role}")
    for capability, row in TABLE.items()
    for role, allowed in zip(Role, row, strict=True)
]


def actor(role: Role, *granted: Capability) -> Actor:
    return Actor(7, role, permissions.capabilities_of(role, granted))


@pytest.mark.parametrize(("capability", "role", "allowed"), CASES)
def test_the_table_of_permissions_holds(capability: Capability, role: Role, allowed: str) -> None:
    """S3 section 5: anyone's, one's own, and with a permission given by an admin."""
    plain, granted = actor(role), actor(role, capability)

    assert plain.may(capability) is (allowed == ALWAYS)
    assert plain.may(capability, own=True) is (allowed in {ALWAYS, OWN})
    assert granted.may(capability) is (allowed in {ALWAYS, GRANTED})


def test_every_capability_is_in_the_table() -> None:
    assert set(TABLE) | set(permissions.OWN_OF.values()) == set(Capability)


def test_a_narrow_twin_never_opens_what_is_not_ones_own() -> None:
    practitioner = actor(Role.PRACTITIONER)

    assert practitioner.may(Capability.COMPLETE_OWN_SESSIONS)
    assert practitioner.may(Capability.COMPLETE_SESSIONS, own=True)
    assert not practitioner.may(Capability.COMPLETE_SESSIONS)


def test_a_permission_that_the_role_cannot_have_counts_for_nothing() -> None:
    everything = tuple(Capability)

    assert permissions.capabilities_of(Role.MEMBER, everything) == permissions.OF_ROLE[Role.MEMBER]
    assert (
        permissions.capabilities_of(Role.PRACTITIONER, everything) == permissions.OF_ROLE[Role.PRACTITIONER]
    )


def test_the_system_may_do_everything_and_a_visitor_nothing() -> None:
    assert all(SYSTEM.may(capability) for capability in Capability)
    assert not any(NOBODY.may(capability, own=True) for capability in Capability)


def test_every_role_and_capability_has_words_for_screens() -> None:
    assert set(permissions.ROLE_WORDS) == set(Role)
    assert set(permissions.CAPABILITY_WORDS) == set(Capability)


def test_a_page_can_say_which_roles_have_or_may_be_given_something() -> None:
    assert permissions.roles_with(Capability.CHANGE_SETTINGS) == (Role.ADMIN,)
    assert permissions.roles_grantable(Capability.CHANGE_SETTINGS) == (Role.STAFF,)
    assert permissions.roles_grantable(Capability.OVERRIDE_GATES) == (Role.ADMIN,)
    assert permissions.roles_grantable(Capability.SELL) == ()
