"""Verbs about people: add, edit, invite, give access, deactivate, share bills.

People are the lowest floor and the journal stands above them, so what is done *to* people and written down
lives here, on the first business floor that may do both (docs/decisions, "Verbs about people").
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from studio.audit.domain import journal
from studio.audit.domain.operations import recorded
from studio.lib import localtime
from studio.lib.refusals import NotFound, Reason, Refused
from studio.lib.transactions import use_case
from studio.people.domain import logins
from studio.people.models import Household, Person, Studio, User
from studio.people.rules import access
from studio.people.rules.access import Standing
from studio.people.rules.permissions import Actor, Capability, Role


class CannotChangePerson(Refused):
    """This person may not be changed like that, or not by this actor."""

    code = "cannot_change_person"


@use_case
@recorded("person.add")
def add(
    *,
    name: str,
    email: str = "",
    phone: str = "",
    role: str = Role.MEMBER.value,
    joined_on: date | None = None,
    by: Actor,
    at: datetime,
) -> int:
    """Add someone the business knows; they get no login yet. Returns the person's id.

    ``joined_on`` is today on the studio's calendar unless given.

    :raises CannotChangePerson: if a colleague is added by someone who is not an admin, or the name is empty.
    """
    _refuse(access.why_not_add(by, Role(role)) + _name_missing(name))
    person = Person.objects.create(
        name=_tidy(name),
        email=email.strip().lower(),
        phone=_tidy(phone),
        role=role,
        joined_on=joined_on or localtime.local_day(at, Studio.objects.current().time_zone),
    )
    _record("person.added", person, at, role=role)
    return person.pk


@use_case
@recorded("person.edit")
def edit(
    *,
    person_id: int,
    name: str,
    email: str = "",
    phone: str = "",
    may_cancel: bool | None = None,
    by: Actor,
    at: datetime,
) -> int:
    """Change a person's details. Who has a login signs in with the new address from now on.

    :raises CannotChangePerson: if this actor may not, the name is empty, or a login would lose its address.
    :raises AddressInUse: if another login has the address.
    """
    person = _locked(person_id)
    email = email.strip().lower()
    _refuse(
        access.why_not_edit(by, _standing(person)) + _name_missing(name) + _login_loses_address(person, email)
    )
    before = [person.name, person.email, person.phone, person.may_cancel]
    person.name, person.email, person.phone = _tidy(name), email, _tidy(phone)
    if may_cancel is not None and by.may(Capability.EDIT_PEOPLE):
        person.may_cancel = may_cancel
    person.save(update_fields=["name", "email", "phone", "may_cancel"])
    if person.user is not None:
        logins.change_address(person.user, email)
    after = [person.name, person.email, person.phone, person.may_cancel]
    # Which fields, not their values: the journal keeps no personal data.
    names = ["name", "email", "phone", "may_cancel"]
    changed = [field for field, old, new in zip(names, before, after, strict=True) if old != new]
    _record("person.edited", person, at, changed=changed)
    return person.pk


@use_case
@recorded("person.invite")
def invite(*, person_id: int, by: Actor, at: datetime) -> int:
    """Give a person a login and end earlier invitations; the door sends the link after this has committed.

    :raises CannotChangePerson: if this actor may not invite them, or the account is closed.
    :raises NoAddress: if there is nowhere to send it.
    :raises AddressInUse: if another login has the address.
    """
    person = _locked(person_id)
    reasons = access.why_not_edit(by, _standing(person))
    if not person.is_active:
        reasons.append(Reason("closed", f"{person.name}'s account is closed.", "Reopen it first."))
    _refuse(reasons)
    logins.sign_out_everywhere(logins.give(person))
    _record("person.invited", person, at)
    return person.pk


@use_case
@recorded("person.accept_invitation")
def accept_invitation(*, user_id: int, password_hash: str, by: Actor, at: datetime) -> int:
    """Set the first password of someone who followed their link, which also proves their address.

    The door has checked the link and hashed the password: words never reach the journal.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user_id)
    logins.set_password(user, password_hash)
    logins.confirm_address(user)
    person = user.person
    _record("person.joined_online", person, at)
    return person.pk


@use_case
@recorded("person.join")
def join(*, user_id: int, name: str, by: Actor, at: datetime) -> int:
    """Someone signed up by themselves: the login gets its member."""
    _refuse(_name_missing(name))
    user = User.objects.select_for_update(no_key=True).get(pk=user_id)
    day = localtime.local_day(at, Studio.objects.current().time_zone)
    person = Person.objects.create(user=user, name=_tidy(name), email=user.email, joined_on=day)
    _record("person.added", person, at, role=person.role)
    return person.pk


@use_case
@recorded("person.set_access")
def set_access(
    *, person_id: int, role: str, capabilities: Sequence[str] = (), by: Actor, at: datetime
) -> int:
    """Give a person a role and the permissions beside it; they sign in anew.

    :raises CannotChangePerson: with every rule that speaks against it.
    """
    wanted = [Capability(each) for each in capabilities]
    person = _locked(person_id)
    _refuse(access.why_not_set_access(by, _standing(person), Role(role), wanted))
    before = {"role": person.role, "capabilities": sorted(person.capabilities)}
    person.role, person.capabilities = role, sorted(wanted)
    person.save(update_fields=["role", "capabilities"])
    if person.user is not None:
        logins.sign_out_everywhere(person.user)
    _record("person.access_set", person, at, before=before, role=role, capabilities=person.capabilities)
    return person.pk


@use_case
@recorded("person.deactivate")
def deactivate(*, person_id: int, by: Actor, at: datetime) -> int:
    """Close a person's account: signed out everywhere, not offered in searches. Nothing of theirs is deleted.

    :raises CannotChangePerson: with every rule that speaks against it.
    """
    person = _locked(person_id)
    _refuse(access.why_not_deactivate(by, _standing(person)))
    _open_or_close(person, is_active=False)
    _record("person.deactivated", person, at)
    return person.pk


@use_case
@recorded("person.reactivate")
def reactivate(*, person_id: int, by: Actor, at: datetime) -> int:
    """Open a closed account again.

    :raises CannotChangePerson: if this actor may not.
    """
    person = _locked(person_id)
    _refuse(access.why_not_edit(by, _standing(person)))
    _open_or_close(person, is_active=True)
    _record("person.reactivated", person, at)
    return person.pk


@use_case
@recorded("person.share_bills")
def share_bills(*, person_id: int, payer_id: int | None, by: Actor, at: datetime) -> int:
    """Let another person pay for this one from now on; None lets them pay for themselves again.

    :raises CannotChangePerson: if this actor may not, or the payer's own bills go to someone else.
    """
    person = _locked(person_id)
    _refuse(access.why_not_edit(by, _standing(person)))
    person.household = None if payer_id is None else _household_of(payer_id)
    person.save(update_fields=["household"])
    _record("person.payer_set", person, at, payer=payer_id)
    return person.pk


def _household_of(payer_id: int) -> Household:
    payer = _locked(payer_id)
    if payer.household is not None and payer.household.payer_id != payer.pk:
        raise CannotChangePerson(
            Reason(
                "payer_is_paid_for",
                f"{payer.name}'s own bills go to someone else.",
                "Choose the person who pays for them.",
            )
        )
    if payer.household is None:
        payer.household = Household.objects.create(name=payer.name, payer=payer)
        payer.save(update_fields=["household"])
    return payer.household


def _open_or_close(person: Person, *, is_active: bool) -> None:
    person.is_active = is_active
    person.save(update_fields=["is_active"])
    if person.user is not None:
        logins.open_or_close(person.user, is_active=is_active)


def _locked(person_id: int) -> Person:
    try:
        return Person.objects.lock(person_id)
    except Person.DoesNotExist:
        raise NotFound("person") from None


def _standing(person: Person) -> Standing:
    # Admins are locked together, so that two of them cannot demote each other in the same moment.
    admins = Person.objects.filter(role=Role.ADMIN, is_active=True).exclude(pk=person.pk)
    count = len(admins.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    return Standing(person_id=person.pk, role=Role(person.role), other_admins=count)


def _refuse(reasons: list[Reason]) -> None:
    if reasons:
        raise CannotChangePerson(reasons)


def _name_missing(name: str) -> list[Reason]:
    return [] if name.strip() else [Reason("no_name", "A person needs a name.", "Enter it.", field="name")]


def _login_loses_address(person: Person, email: str) -> list[Reason]:
    if email or person.user is None:
        return []
    words = f"{person.name} signs in with this address, so it cannot be empty."
    return [Reason("login_needs_address", words, "Enter the new address.", field="email")]


def _record(verb: str, person: Person, at: datetime, **facts: Any) -> None:
    journal.record(verb, at=at, subject=f"person:{person.pk}", person_id=person.pk, **facts)


def _tidy(words: str) -> str:
    return " ".join(words.split())
