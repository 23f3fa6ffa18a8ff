"""Invitation links: signed, for one use, good for seven days.

Nothing about them is stored. The link carries when it was written and a fingerprint of the login as it was
then; choosing a password, signing in, or a newer generation of the login changes it and ends the link.
"""

from datetime import datetime, timedelta

from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

from studio.lib.refusals import Reason, Refused
from studio.people.models import User

GOOD_FOR = timedelta(days=7)
_SALT = "studio.people.invitation"


class InvitationOver(Refused):
    """The link was used, is too old, or was not written here. The answer does not tell which."""

    code = "invitation_over"

    def __init__(self) -> None:
        super().__init__(
            Reason(
                self.code,
                "This link was for one use and for seven days.",
                "Sign in if you have chosen a password, or ask the desk for a new invitation.",
            )
        )


def token_for(user: User, *, at: datetime) -> str:
    """The part of the link that proves the invitation."""
    return signing.dumps([user.pk, int(at.timestamp()), _fingerprint(user)], salt=_SALT)


def invited(token: str, *, at: datetime) -> User:
    """The login a link was written for.

    :raises InvitationOver: if it may not be used any more.
    """
    try:
        user_id, written_at, fingerprint = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, ValueError) as error:
        raise InvitationOver from error
    user = User.objects.filter(pk=user_id, is_active=True, person__is_active=True).first()
    age = at.timestamp() - written_at
    if (
        user is None
        or age > GOOD_FOR.total_seconds()
        or not constant_time_compare(fingerprint, _fingerprint(user))
    ):
        raise InvitationOver
    return user


def _fingerprint(user: User) -> str:
    state = f"{user.pk}:{user.email}:{user.password}:{user.last_login}:{user.sign_in_generation}"
    return salted_hmac(_SALT, state, algorithm="sha256").hexdigest()[:32]
