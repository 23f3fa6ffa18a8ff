"""Allauth's forms in our words: labels above, hints below them, errors that say what to do."""

from typing import Any

from allauth.account import forms as account
from allauth.mfa.base import forms as second_step
from allauth.mfa.totp import forms as app
from django import forms
from django.core.validators import EmailValidator

ADDRESS = "Enter your e-mail address, like ana@example.org."
PASSWORD_HINT = "At least 12 characters. Three or four words are easy to remember and hard to guess."
APP_HINT = "The six digits your authenticator app shows now, or one of your recovery codes."

# field: label, hint, what is said when it is empty
WORDS = {
    "name": ("Your name", "", "Enter your name."),
    "login": ("E-mail address", "", ADDRESS),
    "email": ("E-mail address", "", ADDRESS),
    "password": ("Password", "", "Enter your password."),
    "oldpassword": ("Current password", "", "Enter your current password."),
    "password1": ("New password", PASSWORD_HINT, "Choose a password."),
    "code": ("Code", "", "Enter the code."),
}


class Worded(forms.Form):
    """Puts our words on whatever fields the form has. A password is typed once: it can be shown and reset."""

    words: dict[str, tuple[str, str, str]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields.pop("password2", None)
        for name, field in self.fields.items():
            label, hint, if_empty = (WORDS | self.words).get(name, (field.label, "", "Fill this in."))
            field.label, field.help_text = label, hint
            field.widget.attrs.pop("placeholder", None)
            field.error_messages |= {"required": if_empty, "invalid": if_empty}
            if isinstance(field, forms.EmailField):
                field.validators = [EmailValidator(message=ADDRESS)]


class LoginForm(Worded, account.LoginForm):
    """E-mail address and password."""


class SignupForm(Worded, account.SignupForm):
    """A new member by themselves."""

    words = {"password1": ("Choose a password", PASSWORD_HINT, "Choose a password.")}


class RequestLoginCodeForm(Worded, account.RequestLoginCodeForm):
    """Where to send a code."""


class ConfirmLoginCodeForm(Worded, account.ConfirmLoginCodeForm):
    """The code from the message."""


class ConfirmAddressForm(Worded, account.ConfirmEmailVerificationCodeForm):
    """The code that proves an address."""


class ResetPasswordForm(Worded, account.ResetPasswordForm):
    """Where to send the link."""


class ResetPasswordKeyForm(Worded, account.ResetPasswordKeyForm):
    """A new password, behind the link."""


class ChangePasswordForm(Worded, account.ChangePasswordForm):
    """A new password beside the old one."""


class SetPasswordForm(Worded, account.SetPasswordForm):
    """A first password for someone who signs in by code."""


class ReauthenticateForm(Worded, account.ReauthenticateForm):
    """Prove again that it is you."""


class SecondStepForm(Worded, second_step.AuthenticateForm):
    """The code of the authenticator app."""

    words = {"code": ("Code", APP_HINT, "Enter the code that the app shows now.")}


class SecondStepAgainForm(Worded, second_step.ReauthenticateForm):
    """The app's code, before something sensitive."""

    words = SecondStepForm.words


class ActivateAppForm(Worded, app.ActivateTOTPForm):
    """The first code of a new app."""

    words = {"code": ("Code", "The six digits the app shows now.", "Enter the code that the app shows now.")}
