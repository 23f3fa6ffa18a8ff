"""Pages that stand at the end of a few steps: what somebody does before they see them."""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.core import mail

from memberships.domain import people
from studio.people.models import Person, User
from studio.people.queries import invitations
from studio.people.rules.permissions import SYSTEM
from tests import logins
from tests.browser.harness import Visitor
from tests.browser.worlds import EVENING, World

Arrival = Callable[[World], Visitor]
SECRET = "JBSWY3DPEHPK3PXP"


def sign_in(visitor: Visitor, person: Person, *, then: str = "/") -> None:
    """By password, on the page itself."""
    visitor.go(f"/accounts/login/?next={then}")
    visitor.page.get_by_label("E-mail address").fill(person.email)
    visitor.page.get_by_label("Password").fill(logins.PASSWORD)
    visitor.page.get_by_role("button", name="Sign in", exact=True).click()


def code_of(secret: str) -> str:
    """What an authenticator app shows now."""
    counter = next(totp.yield_hotp_counters_from_time())
    return totp.format_hotp_value(totp.hotp_value(secret, counter))


def _with_app() -> Person:
    """Somebody whose sign-in takes a code from an app."""
    somebody = logins.person(sign_in=True)
    totp.TOTP.activate(somebody.user, SECRET)
    RecoveryCodes.activate(somebody.user)
    return somebody


def at_login_code(world: World) -> Visitor:
    visitor = world.fresh()
    visitor.go("/accounts/login/code/")
    visitor.page.get_by_label("E-mail address").fill(world.people["member"].email)
    visitor.page.get_by_role("button", name="Send me a code").click()
    return visitor


def at_address_proof(world: World) -> Visitor:
    somebody = logins.person(sign_in=True)
    EmailAddress.objects.filter(user=somebody.user).update(verified=False)
    visitor = world.fresh()
    sign_in(visitor, somebody)
    return visitor


def at_first_password(world: World) -> Visitor:
    user = logins.user("code@studio.example")
    user.set_unusable_password()
    user.save()
    somebody = logins.person(user=user, email=user.email)
    visitor = world.fresh()
    visitor.become(logins.browser(somebody))
    visitor.go("/accounts/password/set/")
    return visitor


def at_invitation(world: World) -> Visitor:
    somebody = logins.person()
    people.invite(person_id=somebody.pk, by=SYSTEM, at=EVENING)
    user = User.objects.get(person=somebody)
    visitor = world.fresh()
    visitor.go(f"/accounts/invitation/{invitations.token_for(user, at=EVENING)}/")
    return visitor


def at_new_password(world: World) -> Visitor:
    visitor = world.fresh()
    visitor.go("/accounts/password/reset/")
    visitor.page.get_by_label("E-mail address").fill(world.people["member"].email)
    visitor.page.locator("main form button").last.click()
    [link] = [word for word in mail.outbox[-1].body.split() if "/password/reset/key/" in word]
    visitor.go(link.removeprefix(visitor.address))
    return visitor


def at_app_code(world: World) -> Visitor:
    visitor = world.fresh()
    sign_in(visitor, _with_app())
    return visitor


def at_app_code_again(world: World) -> Visitor:
    visitor = world.fresh()
    visitor.become(logins.browser(_with_app()))
    visitor.go("/accounts/2fa/reauthenticate/")
    return visitor


def _signed_in_with_app(then: str) -> Arrival:
    def arrive(world: World) -> Visitor:
        visitor = world.fresh()
        sign_in(visitor, _with_app(), then=then)
        visitor.page.get_by_label("Code").fill(code_of(SECRET))
        visitor.page.get_by_role("button", name="Sign in", exact=True).click()
        return visitor

    return arrive


def _just_signed_in(then: str) -> Arrival:
    def arrive(world: World) -> Visitor:
        visitor = world.fresh()
        sign_in(visitor, world.people["member"], then=then)
        return visitor

    return arrive


ARRIVALS: dict[str, Arrival] = {
    "account_confirm_login_code": at_login_code,
    "account_email_verification_sent": at_address_proof,
    "account_set_password": at_first_password,
    "account_reset_password_from_key": at_new_password,
    "invitation": at_invitation,
    "mfa_authenticate": at_app_code,
    "mfa_reauthenticate": at_app_code_again,
    "mfa_activate_totp": _just_signed_in("/accounts/2fa/totp/activate/"),
    "mfa_deactivate_totp": _signed_in_with_app("/accounts/2fa/totp/deactivate/"),
    "mfa_view_recovery_codes": _signed_in_with_app("/accounts/2fa/recovery-codes/"),
    "mfa_generate_recovery_codes": _signed_in_with_app("/accounts/2fa/recovery-codes/generate/"),
    "portal:address": _just_signed_in("/me/email/"),
}
"""By the name of the address."""
