"""What the pages of people ask for."""

from __future__ import annotations

from typing import Any

from django import forms

from studio.people.rules import permissions
from studio.people.rules.permissions import Capability, Role
from studio.web.desk.answers import KeyForm

ROLES = [(role.value, permissions.ROLE_WORDS[role]) for role in Role]
_WORDED = {
    "required": "Type a name, so that the list and the invoice have one.",
    "max_length": "Type a shorter name.",
}
_ADDRESS = {"invalid": "Type an address such as name@example.org, or leave it empty."}


def _capability(capability: Capability) -> str:
    """``Change settings (Staff)``."""
    roles = [permissions.ROLE_WORDS[role] for role in permissions.roles_grantable(capability)]
    words = permissions.CAPABILITY_WORDS[capability]
    return f"{words[:1].upper()}{words[1:]} ({', '.join(roles)})"


class SearchForm(forms.Form):
    """What narrows the list of people."""

    q = forms.CharField(
        label="Name, phone or address",
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    role = forms.ChoiceField(required=False, choices=[("", "Everybody"), *ROLES])
    active = forms.ChoiceField(
        label="Account",
        required=False,
        choices=[("", "Open"), ("no", "Closed"), ("all", "Open and closed")],
    )


class PersonForm(KeyForm):
    """Someone's details."""

    name = forms.CharField(label="Name", max_length=120, error_messages=_WORDED)
    email = forms.EmailField(
        label="E-mail",
        required=False,
        help_text="Booking confirmations and invoices go there.",
        error_messages=_ADDRESS,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    phone = forms.CharField(
        label="Phone",
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )


class NewPersonForm(PersonForm):
    """Somebody new. Only admins add colleagues, so only they are asked for a role."""

    role = forms.ChoiceField(label="Role", choices=ROLES, initial=Role.MEMBER.value)

    def __init__(self, *args: Any, with_role: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not with_role:
            del self.fields["role"]


class EditPersonForm(PersonForm):
    """Details of someone known, and whether they cancel by themselves (S3-66)."""

    may_cancel = forms.BooleanField(
        label="May cancel their own bookings online",
        required=False,
        help_text="Counts only while the studio allows it for everybody.",
    )


class AccessForm(KeyForm):
    """A role and the permissions beside it."""

    role = forms.ChoiceField(label="Role", choices=ROLES, widget=forms.RadioSelect)
    capabilities = forms.MultipleChoiceField(
        label="Also may",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Beside what the role brings. Each is for the roles named with it.",
        choices=[
            (capability.value, _capability(capability))
            for capability in Capability
            if permissions.roles_grantable(capability)
        ],
    )
