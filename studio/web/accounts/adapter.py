"""Allauth in this house: who may come in, where they land, what they are told."""

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import resolve_url

from memberships.domain import people
from studio.people.rules.permissions import SYSTEM
from studio.web import middleware
from studio.web.accounts import sign_in_limits
from studio.web.requests import Request

log = logging.getLogger(__name__)

WRONG = "That e-mail address and password do not fit together. Check both, or let us send you a code."


class SignInAdapter(DefaultAccountAdapter):
    """The same words for a known and an unknown address; the desk or the schedule after signing in."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": "This account is closed. Ask the desk if that is a surprise.",
        "email_password_mismatch": WRONG,
        "invalid_login": WRONG,
        "incorrect_code": "That code does not fit. Check the newest message, or ask for a new code.",
        "incorrect_password": "That is not your password. Try again, or reset it.",
        "enter_current_password": "That is not your current password. Try again, or reset it.",
        "email_taken": "This address is in use. Sign in with it, or use another.",
        "duplicate_email": "This address is in use. Sign in with it, or use another.",
        "too_many_login_attempts": "Too many tries. Wait 5 minutes, or ask the desk.",
        "rate_limited": "Too many tries. Wait a minute, or ask the desk.",
        "invalid_or_expired_key": "This link was for one use and is used up or too old. Ask for a new one.",
        "invalid_password_reset": "This link was for one use and is used up or too old. Ask for a new one.",
        "unknown_email": "We do not know this address. Check it, or ask the desk.",
    }

    def is_open_for_signup(self, request: Request) -> bool:
        return bool(settings.STUDIO_SIGN_UP_OPEN)

    def get_login_redirect_url(self, request: Request) -> str:
        middleware.know(request)
        return resolve_url("/desk/" if request.actor.is_desk else "/")

    def login(self, request: Request, user: AbstractBaseUser) -> None:
        super().login(request, user)
        sign_in_limits.start(request)
        log.info("Signed in: login %s from %s", user.pk, self.get_client_ip(request))

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Who signed in a moment ago has just proven who they are."""
        return super().is_reauthentication_required(app=app, **kwargs) and not sign_in_limits.is_fresh(
            self.request
        )

    def authentication_failed(self, request: Request, **credentials: Any) -> None:
        # Without the address: a mistyped one may be a password.
        log.warning("Sign-in failed from %s", self.get_client_ip(request))

    def pre_login(self, request: Request, user: AbstractBaseUser, **kwargs: Any) -> HttpResponse | None:
        person = getattr(user, "person", None)
        if person is not None and not person.is_active:
            user.is_active = False  # for this attempt only; nothing is saved
        return super().pre_login(request, user, **kwargs)

    def save_user(
        self, request: Request, user: AbstractBaseUser, form: BaseForm, commit: bool = True
    ) -> AbstractBaseUser:
        """Someone signs up by themselves: a login, and the member it belongs to."""
        user = super().save_user(request, user, form, commit=commit)
        if commit:
            people.join(user_id=user.pk, name=form.cleaned_data["name"], by=SYSTEM, at=request.now)
        return user
