"""Steps about logins: the address, the password, and being signed in. Verbs on higher floors record them."""

from allauth.account.models import EmailAddress
from django.db.models import F

from studio.lib.refusals import Reason, Refused
from studio.lib.transactions import step
from studio.people.models import Person, User


class AddressInUse(Refused):
    """Another login has this address."""

    code = "address_in_use"

    def __init__(self, address: str) -> None:
        super().__init__(
            Reason(
                self.code,
                f"Someone else signs in with {address}.",
                "Use another address, or look for that person in the list.",
                field="email",
            )
        )


class NoAddress(Refused):
    """A login needs an address."""

    code = "no_address"

    def __init__(self, name: str) -> None:
        super().__init__(
            Reason(
                self.code,
                f"{name} has no e-mail address.",
                "Add one, then send the invitation.",
                field="email",
            )
        )


@step
def give(person: Person) -> User:
    """A login for a locked person, without a password yet; the one they have, if they have one.

    :raises NoAddress: if the person has no e-mail address.
    :raises AddressInUse: if another login has it.
    """
    if person.user is not None:
        return person.user
    if not person.email:
        raise NoAddress(person.name)
    _refuse_if_taken(person.email, besides=None)
    person.user = User.objects.create_user(person.email)
    person.save(update_fields=["user"])
    return person.user


@step
def change_address(user: User, email: str) -> None:
    """Sign in with another address from now on; it counts as unproven, and the old one opens nothing.

    :raises AddressInUse: if another login has it.
    """
    email = email.strip().lower()
    if email == user.email:
        return
    _refuse_if_taken(email, besides=user)
    user.email = email
    user.save(update_fields=["email"])
    EmailAddress.objects.filter(user=user).delete()
    sign_out_everywhere(user)


@step
def confirm_address(user: User) -> None:
    """Count the login's address as proven, so that a password is enough to sign in with it."""
    EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )


@step
def set_password(user: User, password_hash: str) -> None:
    """Store a password hashed by the door; every browser of this login is signed out by it."""
    user.password = password_hash
    user.save(update_fields=["password"])


@step
def sign_out_everywhere(user: User) -> None:
    """End every sign-in of this login, and every unused invitation."""
    User.objects.filter(pk=user.pk).update(sign_in_generation=F("sign_in_generation") + 1)
    user.refresh_from_db(fields=["sign_in_generation"])


@step
def open_or_close(user: User, *, is_active: bool) -> None:
    """Let a login in, or out for good: closing it also ends every sign-in."""
    user.is_active = is_active
    user.save(update_fields=["is_active"])
    if not is_active:
        sign_out_everywhere(user)


def _refuse_if_taken(email: str, *, besides: User | None) -> None:
    taken = User.objects.filter(email=email.strip().lower())
    if besides is not None:
        taken = taken.exclude(pk=besides.pk)
    if taken.exists():
        raise AddressInUse(email)
