"""Who may do what: the table of the front desk, as code. Everything not granted here is denied.

A *capability* is one thing a person may do. Most come with the role; some are *grantable*: an admin may
give them to a person of that role. Some exist in two widths: ``COMPLETE_SESSIONS`` is for every session,
``COMPLETE_OWN_SESSIONS`` only for sessions the person gives. Ask with ``own=True`` when the thing in
question is the asker's own::

    actor.may(Capability.COMPLETE_SESSIONS, own=session.practitioner_id == actor.person_id)
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What a person is to the business. One role each; a practitioner who also runs the desk is staff."""

    ADMIN = "admin"
    STAFF = "staff"
    PRACTITIONER = "practitioner"
    MEMBER = "member"


class Capability(StrEnum):
    """One thing a person may do. The value is stored and shown in the API; never rename one."""

    USE_DESK = "desk.use"

    SEE_PEOPLE = "people.see"
    EDIT_PEOPLE = "people.edit"
    GIVE_ACCESS = "people.give_access"

    ADD_SESSIONS = "sessions.add"
    ADD_OWN_SESSIONS = "sessions.add_own"
    BOOK_FOR_OTHERS = "bookings.add"
    BOOK_IN_OWN_SESSIONS = "bookings.add_in_own_sessions"
    BOOK_FOR_SELF = "bookings.add_for_self"
    BOOK_UNFUNDED = "bookings.add_unfunded"
    OVERRIDE_GATES = "bookings.override_gates"
    CANCEL_BOOKINGS = "bookings.cancel"
    CANCEL_OWN_BOOKINGS = "bookings.cancel_own"
    COMPLETE_SESSIONS = "sessions.complete"
    COMPLETE_OWN_SESSIONS = "sessions.complete_own"
    OVERRIDE_COSTS = "sessions.override_costs"
    ENROLL_ANY_TIME = "courses.enroll_any_time"
    ENROLL_IN_TIME = "courses.enroll_in_time"
    DELETE_AND_RECOVER = "sessions.delete"

    SEE_PUBLIC_NOTES = "notes.see_public"
    WRITE_PUBLIC_NOTES = "notes.write_public"
    WRITE_OWN_PUBLIC_NOTES = "notes.write_public_own"
    WRITE_STAFF_NOTES = "notes.write_staff"

    SEE_CLOSURES = "closures.see"
    MANAGE_CLOSURES = "closures.manage"
    CHANGE_SETTINGS = "settings.change"
    IMPORT_DATA = "data.import"

    SELL = "plans.sell"
    BUY_FOR_SELF = "plans.buy_for_self"
    GRANT_CREDITS = "credits.grant"
    TAKE_PAYMENTS = "payments.take"
    SEE_MONEY = "money.see"
    SEE_WAGES = "wages.see"
    SEE_OWN_WAGES = "wages.see_own"


_EVERYBODY = frozenset({Capability.SEE_PUBLIC_NOTES, Capability.SEE_CLOSURES})

_DESK = _EVERYBODY | {
    Capability.USE_DESK,
    Capability.SEE_PEOPLE,
    Capability.EDIT_PEOPLE,
    Capability.ADD_SESSIONS,
    Capability.BOOK_FOR_OTHERS,
    Capability.BOOK_UNFUNDED,
    Capability.CANCEL_BOOKINGS,
    Capability.COMPLETE_SESSIONS,
    Capability.ENROLL_ANY_TIME,
    Capability.WRITE_PUBLIC_NOTES,
    Capability.WRITE_STAFF_NOTES,
    Capability.MANAGE_CLOSURES,
    Capability.SELL,
    Capability.GRANT_CREDITS,
    Capability.TAKE_PAYMENTS,
    Capability.SEE_MONEY,
}

OF_ROLE: dict[Role, frozenset[Capability]] = {
    Role.ADMIN: _DESK
    | {
        Capability.GIVE_ACCESS,
        Capability.OVERRIDE_COSTS,
        Capability.DELETE_AND_RECOVER,
        Capability.CHANGE_SETTINGS,
        Capability.IMPORT_DATA,
        Capability.SEE_WAGES,
    },
    Role.STAFF: _DESK,
    Role.PRACTITIONER: _EVERYBODY
    | {
        Capability.USE_DESK,
        Capability.ADD_OWN_SESSIONS,
        Capability.BOOK_IN_OWN_SESSIONS,
        Capability.COMPLETE_OWN_SESSIONS,
        Capability.WRITE_OWN_PUBLIC_NOTES,
        Capability.SEE_OWN_WAGES,
    },
    Role.MEMBER: _EVERYBODY
    | {
        Capability.BOOK_FOR_SELF,
        Capability.CANCEL_OWN_BOOKINGS,
        Capability.ENROLL_IN_TIME,
        Capability.BUY_FOR_SELF,
    },
}
"""What comes with a role."""

GRANTABLE: dict[Role, frozenset[Capability]] = {
    # Even an admin lifts a threshold or package gate only with its own permission, and it is written down.
    Role.ADMIN: frozenset({Capability.OVERRIDE_GATES}),
    Role.STAFF: frozenset(
        {
            Capability.OVERRIDE_COSTS,
            Capability.DELETE_AND_RECOVER,
            Capability.CHANGE_SETTINGS,
            Capability.IMPORT_DATA,
            Capability.SEE_WAGES,
        }
    ),
    Role.PRACTITIONER: frozenset(),
    Role.MEMBER: frozenset(),
}
"""What an admin may add for one person of that role."""

OWN_OF: dict[Capability, Capability] = {
    Capability.ADD_SESSIONS: Capability.ADD_OWN_SESSIONS,
    Capability.BOOK_FOR_OTHERS: Capability.BOOK_IN_OWN_SESSIONS,
    Capability.CANCEL_BOOKINGS: Capability.CANCEL_OWN_BOOKINGS,
    Capability.COMPLETE_SESSIONS: Capability.COMPLETE_OWN_SESSIONS,
    Capability.WRITE_PUBLIC_NOTES: Capability.WRITE_OWN_PUBLIC_NOTES,
    Capability.SEE_WAGES: Capability.SEE_OWN_WAGES,
}
"""The narrower twin that is enough when the thing is the asker's own."""

ROLE_WORDS: dict[Role, str] = {
    Role.ADMIN: "Admin",
    Role.STAFF: "Staff",
    Role.PRACTITIONER: "Practitioner",
    Role.MEMBER: "Member",
}
"""Roles as screens call them."""

CAPABILITY_WORDS: dict[Capability, str] = {
    Capability.USE_DESK: "use the desk",
    Capability.SEE_PEOPLE: "see people",
    Capability.EDIT_PEOPLE: "add and change people",
    Capability.GIVE_ACCESS: "give access",
    Capability.ADD_SESSIONS: "add and change sessions",
    Capability.ADD_OWN_SESSIONS: "add and change their own sessions",
    Capability.BOOK_FOR_OTHERS: "book people in",
    Capability.BOOK_IN_OWN_SESSIONS: "book people into their own sessions",
    Capability.BOOK_FOR_SELF: "book for themselves",
    Capability.BOOK_UNFUNDED: "book someone who cannot pay yet",
    Capability.OVERRIDE_GATES: "book past a threshold or package limit",
    Capability.CANCEL_BOOKINGS: "cancel bookings",
    Capability.CANCEL_OWN_BOOKINGS: "cancel their own bookings",
    Capability.COMPLETE_SESSIONS: "complete sessions",
    Capability.COMPLETE_OWN_SESSIONS: "complete their own sessions",
    Capability.OVERRIDE_COSTS: "change what one session costs",
    Capability.ENROLL_ANY_TIME: "enroll and drop at any time",
    Capability.ENROLL_IN_TIME: "enroll and drop before the deadlines",
    Capability.DELETE_AND_RECOVER: "delete and recover sessions",
    Capability.SEE_PUBLIC_NOTES: "read public notes",
    Capability.WRITE_PUBLIC_NOTES: "write public notes",
    Capability.WRITE_OWN_PUBLIC_NOTES: "write public notes on their own sessions",
    Capability.WRITE_STAFF_NOTES: "read and write staff notes",
    Capability.SEE_CLOSURES: "see closures",
    Capability.MANAGE_CLOSURES: "add and remove closures",
    Capability.CHANGE_SETTINGS: "change settings",
    Capability.IMPORT_DATA: "import a timetable or list",
    Capability.SELL: "sell plans",
    Capability.BUY_FOR_SELF: "buy plans that are sold online",
    Capability.GRANT_CREDITS: "give and withdraw credits",
    Capability.TAKE_PAYMENTS: "record payments",
    Capability.SEE_MONEY: "see invoices and balances",
    Capability.SEE_WAGES: "see everyone's wages",
    Capability.SEE_OWN_WAGES: "see their own wages",
}
"""Capabilities as screens say them: "may …", "Only admins can …"."""


def capabilities_of(role: Role, granted: Iterable[Capability | str] = ()) -> frozenset[Capability]:
    """Everything a person of this role may do; what the role cannot be given counts for nothing."""
    wanted = {Capability(each) for each in granted}
    return OF_ROLE[role] | (GRANTABLE[role] & wanted)


def roles_with(capability: Capability) -> tuple[Role, ...]:
    """The roles that may always do this, most powerful first."""
    return tuple(role for role in Role if capability in OF_ROLE[role])


def roles_grantable(capability: Capability) -> tuple[Role, ...]:
    """The roles to which an admin may give this."""
    return tuple(role for role in Role if capability in GRANTABLE[role])


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: handed by every door to every verb as ``by``.

    ``person_id`` is None for the system itself (sweeps, imports at install) and for a visitor who has not
    signed in.
    """

    person_id: int | None
    role: Role | None
    capabilities: frozenset[Capability] = field(default_factory=frozenset)

    def may(self, capability: Capability, *, own: bool = False) -> bool:
        """Whether this actor may do it; with ``own``, whether they may do it to what is their own."""
        if capability in self.capabilities:
            return True
        return own and OWN_OF.get(capability) in self.capabilities

    @property
    def is_desk(self) -> bool:
        """Whether the desk is their front page."""
        return Capability.USE_DESK in self.capabilities


SYSTEM = Actor(person_id=None, role=None, capabilities=frozenset(Capability))
"""The house itself: periodic work and installation. It is never a web request."""

NOBODY = Actor(person_id=None, role=None)
"""A visitor who has not signed in."""
