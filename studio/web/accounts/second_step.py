"""The authenticator app: asked of the team, offered to everyone, its secrets encrypted where they lie."""

import base64
import hashlib

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings

from studio.web.requests import Request

HAS_SECOND_STEP = "has_second_step"


def is_missing(request: Request) -> bool:
    """Whether this is one of the team without an authenticator app, where the studio asks for one."""
    if not settings.STUDIO_STAFF_TOTP_REQUIRED:
        return False
    if not (request.actor.is_desk or request.user.is_superuser):
        return False
    # Once seen it stays true for this sign-in: the team cannot switch it off (see below).
    if request.session.get(HAS_SECOND_STEP) == request.user.pk:
        return False
    if is_mfa_enabled(request.user, [Authenticator.Type.TOTP]):
        request.session[HAS_SECOND_STEP] = request.user.pk
        return False
    return True


class SecondStepAdapter(DefaultMFAAdapter):
    """Allauth's second step, with our words and with secrets that a copied database does not give away."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "That code does not fit. Codes change every 30 seconds: enter the one shown now.",
        "cannot_delete_authenticator": "The team always signs in with an authenticator app. "
        "Ask an admin if you lost yours.",
        "cannot_generate_recovery_codes": "Set up the authenticator app first, then make recovery codes.",
        "unverified_email": "Confirm your e-mail address first, then set up the authenticator app.",
    }

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        person = getattr(authenticator.user, "person", None)
        is_asked = settings.STUDIO_STAFF_TOTP_REQUIRED and person is not None and person.actor.is_desk
        return not (is_asked and authenticator.type == Authenticator.Type.TOTP)

    def encrypt(self, text: str) -> str:
        return _vault().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _vault().decrypt(encrypted_text.encode()).decode()


def _vault() -> MultiFernet:
    """Keys made from the secret key and, while it is being changed, the ones before it."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_key_from(secret)) for secret in secrets])


def _key_from(secret: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(b"studio.second_step:" + secret.encode()).digest())
