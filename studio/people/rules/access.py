"""Who may change whom: a person's details, role and permissions."""

from collections.abc import Iterable
from dataclasses import dataclass

from studio.lib.refusals import Reason
from studio.people.rules import permissions
from studio.people.rules.permissions import Actor, Capability, Role


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides about changing one person: who they are, and how many other admins there are."""

    person_id: int
    role: Role
    other_admins: int


ONLY_ADMINS = Reason(
    "only_admins",
    "Only admins can change people who work here, and what they may do.",
    "Ask an admin to do it.",
)


def why_not(actor: Actor, capability: Capability, *, own: bool = False) -> list[Reason]:
    """Why this actor may not do a thing; nothing if they may. The doors ask the same of every route."""
    if actor.may(capability, own=own):
        return []
    givers = [permissions.ROLE_WORDS[role].lower() for role in permissions.roles_with(capability)]
    return [
        Reason(
            "not_allowed",
            f"You may not {permissions.CAPABILITY_WORDS[capability]}.",
            f"Ask someone who may: {' or '.join(givers)}." if givers else "Ask an admin.",
            {"capability": capability.value},
        )
    ]


def why_not_edit(actor: Actor, standing: Standing) -> list[Reason]:
    """Whoever can change a colleague's address can sign in as them, so that is for admins."""
    if actor.person_id == standing.person_id:
        return []
    if not actor.may(Capability.EDIT_PEOPLE):
        return [
            Reason("not_at_the_desk", "Only the desk can change other people's details.", "Ask the desk.")
        ]
    if standing.role is not Role.MEMBER and not actor.may(Capability.GIVE_ACCESS):
        return [ONLY_ADMINS]
    return []


def why_not_add(actor: Actor, role: Role) -> list[Reason]:
    """The desk adds members; admins add colleagues."""
    needed = Capability.EDIT_PEOPLE if role is Role.MEMBER else Capability.GIVE_ACCESS
    return [] if actor.may(needed) else [ONLY_ADMINS]


def why_not_set_access(
    actor: Actor, standing: Standing, role: Role, capabilities: Iterable[Capability]
) -> list[Reason]:
    """Nobody raises themselves, nobody is given what their role cannot have, and one admin always stays."""
    if not actor.may(Capability.GIVE_ACCESS):
        return [ONLY_ADMINS]
    reasons = []
    if actor.person_id == standing.person_id:
        reasons.append(
            Reason(
                "own_access", "Nobody changes their own role or permissions.", "Ask another admin to do it."
            )
        )
    beyond = sorted(set(capabilities) - permissions.GRANTABLE[role])
    if beyond:
        words = ", ".join(permissions.CAPABILITY_WORDS[each] for each in beyond)
        reasons.append(
            Reason(
                "not_grantable",
                f"{permissions.ROLE_WORDS[role]} cannot be given: {words}.",
                "Choose another role, or leave it out.",
                {"capabilities": beyond},
            )
        )
    if role is not Role.ADMIN:
        reasons += _last_admin(standing)
    return reasons


def why_not_deactivate(actor: Actor, standing: Standing) -> list[Reason]:
    """The same as editing, and never oneself or the last admin."""
    reasons = why_not_edit(actor, standing)
    if actor.person_id == standing.person_id:
        reasons.append(
            Reason("own_access", "Nobody closes their own account here.", "Ask an admin to do it.")
        )
    return reasons + _last_admin(standing)


def _last_admin(standing: Standing) -> list[Reason]:
    if standing.role is Role.ADMIN and standing.other_admins == 0:
        return [
            Reason(
                "last_admin",
                "This is the only admin: without one nobody could give access any more.",
                "Make someone else an admin first.",
            )
        ]
    return []
