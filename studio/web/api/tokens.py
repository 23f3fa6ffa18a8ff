"""Tokens: how a program signs in. 256 bits, shown once, kept only as a hash."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from django.utils.crypto import constant_time_compare

from studio.people.models import User
from studio.web.models import ApiToken

GOOD_FOR = timedelta(days=90)
PREFIX = "studio_"
"""So that a token that got loose can be recognised by the tools that look for such things."""


def issue(user: User, *, label: str, at: datetime) -> tuple[str, ApiToken]:
    """A new token for a login, and what is kept of it. The first is not to be had again."""
    token = PREFIX + secrets.token_urlsafe(32)
    kept = ApiToken.objects.create(
        user=user,
        digest=_digest(token),
        sign_in_hash=user.get_session_auth_hash(),
        label=label,
        made_at=at,
        expires_at=at + GOOD_FOR,
    )
    return token, kept


def accepted(token: str, *, at: datetime) -> ApiToken | None:
    """The kept token, with its login and person, if it still signs in; notes the day on which it was used."""
    kept = (
        ApiToken.objects.select_related("user__person__household")
        .filter(digest=_digest(token), expires_at__gt=at)
        .first()
    )
    if kept is None or not _stands(kept):
        return None
    if kept.last_used_on != at.date():
        ApiToken.objects.filter(pk=kept.pk).update(last_used_on=at.date())
    return kept


def revoke(kept: ApiToken) -> None:
    """End a token at once."""
    ApiToken.objects.filter(pk=kept.pk).delete()


def _stands(kept: ApiToken) -> bool:
    user = kept.user
    person = getattr(user, "person", None)
    if not user.is_active or person is None or not person.is_active:
        return False
    hashes = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return any(constant_time_compare(kept.sign_in_hash, each) for each in hashes)


def _digest(token: str) -> str:
    # A token of 256 random bits needs no slow hash: there is nothing to guess.
    return sha256(token.encode()).hexdigest()
