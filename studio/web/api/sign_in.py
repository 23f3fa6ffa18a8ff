"""A token for a program, and its end."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.core.internal import ratelimit
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import URLPattern
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.response import Response

from studio.lib.refusals import Reason
from studio.people.models import User
from studio.web.accounts.worded_forms import SecondStepForm
from studio.web.api import fields, tokens
from studio.web.api.problems import NotAllowed, problem
from studio.web.api.requests import Request
from studio.web.api.views import View
from studio.web.models import ApiToken
from studio.web.routes import PUBLIC, in_api, route

NO_FIT = Reason(
    "no_fit",
    "That e-mail address and password do not fit together.",
    "Check both, or choose a new password on the sign-in page.",
)
UNPROVEN = Reason(
    "unproven_address", "This e-mail address is not confirmed.", "Sign in once in a browser to confirm it."
)
CODE_NEEDED = Reason(
    "code_needed",
    "This login has an authenticator app, and the code is missing or does not fit.",
    "Send the six digits that the app shows now, or a recovery code.",
    field="code",
)
APP_NEEDED = Reason(
    "app_needed",
    "The team signs in with an authenticator app.",
    "Sign in once in a browser and set it up.",
)
NOBODYS = Reason("nobodys", "This login belongs to nobody here.", "Ask the desk.")
NO_TOKEN = Reason("no_token", "This request was not made with a token.", "Send the token that is to end.")


class SignInBody(fields.Body):
    """What proves who is there."""

    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=1000, trim_whitespace=False)
    code = serializers.CharField(max_length=40, required=False, help_text="Of the authenticator app.")
    label = serializers.CharField(  # type: ignore[assignment]
        max_length=80, required=False, help_text="What the token is for."
    )


class TokenBody(fields.ReadOnly):
    """Keep the token: it is shown this once."""

    token = serializers.CharField()
    expires_at = serializers.DateTimeField()


class Token(View):
    """Sign in and out."""

    @extend_schema(
        summary="Get a token",
        request=SignInBody,
        responses={201: TokenBody},
        auth=[],
        operation_id="token_create",
    )
    def post(self, request: Request) -> Response:
        """Send it as “Authorization: Bearer …”. Tries are limited together with those on the sign-in page."""
        body = SignInBody(data=request.data)
        body.is_valid(raise_exception=True)
        user = _user(request, body.validated_data)
        if user is None:
            return problem(HTTPStatus.UNAUTHORIZED, [NO_FIT])
        _check(user, body.validated_data.get("code", ""))
        token, kept = tokens.issue(user, label=body.validated_data.get("label", ""), at=request.now)
        said = TokenBody({"token": token, "expires_at": kept.expires_at}).data
        return Response(said, status=201, headers={"Cache-Control": "no-store"})

    @extend_schema(summary="End this token", request=None, responses={204: None}, operation_id="token_end")
    def delete(self, request: Request) -> Response:
        """The token that signs this request is worth nothing afterwards."""
        if not isinstance(request.auth, ApiToken):
            raise NotAllowed(NO_TOKEN)
        tokens.revoke(request.auth)
        return Response(status=204)


def _user(request: Request, proof: dict[str, Any]) -> User | None:
    """Whose address and password these are. Known and unknown addresses cost the same time.

    :raises Throttled: after too many tries, from one address or at one login.
    """
    is_within = ratelimit.consume(request._request, app="allauth.account", action="login")
    if not is_within:
        raise exceptions.Throttled(wait=60)
    try:
        user = get_adapter().authenticate(
            request._request, email=proof["email"].strip().lower(), password=proof["password"]
        )
    except ValidationError as error:
        raise exceptions.Throttled(wait=300) from error
    return user if isinstance(user, User) and user.is_active else None


def _check(user: User, code: str) -> None:
    """What else a sign-in in the browser would ask for."""
    person = getattr(user, "person", None)
    if person is None or not person.is_active:
        raise NotAllowed(NOBODYS)
    if not EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists():
        raise NotAllowed(UNPROVEN)
    if is_mfa_enabled(user):
        form = SecondStepForm({"code": code}, user=user)
        if not form.is_valid():
            raise NotAllowed(CODE_NEEDED)
        form.authenticator.record_usage()
    elif settings.STUDIO_STAFF_TOTP_REQUIRED and person.actor.is_desk:
        raise NotAllowed(APP_NEEDED)


routes: list[URLPattern] = [
    route("token/", Token.as_view(), name="token", policy=in_api(PUBLIC.on("POST", "DELETE"))),
]
