"""Who calls the API, and under which operation key."""

from __future__ import annotations

from typing import Any

from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication

from studio.people.models import User
from studio.web.api import tokens
from studio.web.api.requests import Request
from studio.web.models import ApiToken

HEADER = "Idempotency-Key"
LONGEST_KEY = 200


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer …``. A browser's session is accepted too, with its CSRF token."""

    def authenticate(self, request: Any) -> tuple[User, ApiToken] | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        kept = tokens.accepted(token.strip(), at=request.now)
        if kept is None:
            raise exceptions.AuthenticationFailed
        return kept.user, kept

    def authenticate_header(self, request: Any) -> str:
        return 'Bearer realm="Studio"'


def operation_key(request: Request) -> str | None:
    """The key under which a repeated request has one effect; nobody meets another caller's keys.

    Without the header the verb makes its own, and a repeated request is another one.

    :raises ValidationError: if the header is not 1 to 200 printable characters.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        words = f"{HEADER} has 1 to {LONGEST_KEY} printable characters."
        raise exceptions.ValidationError({HEADER: [words]}, code="key")
    return f"api:{request.user.pk}:{key}"
