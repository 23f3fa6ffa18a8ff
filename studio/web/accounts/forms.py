"""Shapes of what is typed on the way in."""

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from studio.people.models import User


class SignUpForm(forms.Form):
    """What a new member tells beside address and password."""

    name = forms.CharField(
        label="Your name",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Enter your name."},
    )
    field_order = ["name", "email", "password1", "password2"]

    def signup(self, request: HttpRequest, user: User) -> None:
        """Allauth asks for this hook; the adapter's ``save_user`` has done the work."""


class ChoosePasswordForm(forms.Form):
    """The first password of someone who was invited."""

    password = forms.CharField(
        label="Choose a password",
        help_text="At least 12 characters. Three or four words are easy to remember and hard to guess.",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "Choose a password."},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        try:
            password_validation.validate_password(password, self.user)
        except ValidationError as error:
            raise ValidationError([f"{words} Choose another." for words in error.messages]) from error
        return password
