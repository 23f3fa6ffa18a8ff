"""Shapes of what members and visitors type or choose. What it means is for the verbs."""

from __future__ import annotations

from typing import Any

from django import forms

from sessions_app.queries.portal import TIMES_OF_DAY, Choice, Week
from studio.lib import codes


class ChoiceForm(forms.Form):
    """What to show of the timetable. Unknown values show everything: an old link still leads somewhere."""

    service = forms.ChoiceField(label="Class", required=False)
    location = forms.ChoiceField(label="Place", required=False)
    time = forms.ChoiceField(
        label="Time of day",
        required=False,
        choices=[("", "Any time"), *((each, each.capitalize()) for each in TIMES_OF_DAY)],
    )

    def __init__(self, *args: Any, week: Week, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service"].choices = [("", "All classes"), *_coded(week.services)]  # type: ignore[attr-defined]
        self.fields["location"].choices = [("", "All places"), *_coded(week.locations)]  # type: ignore[attr-defined]
        if len(week.locations) < 2:
            del self.fields["location"]


class DetailsForm(forms.Form):
    """How a member is called and reached by phone."""

    name = forms.CharField(
        max_length=120,
        error_messages={"required": "Enter your name.", "max_length": "Shorten your name to 120 letters."},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    phone = forms.CharField(
        max_length=40,
        required=False,
        help_text="For when a session changes at short notice.",
        error_messages={"max_length": "Shorten the number to 40 characters."},
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )

    def clean_phone(self) -> str:
        phone = " ".join(self.cleaned_data["phone"].split())
        digits = sum(letter.isdigit() for letter in phone)
        if phone and (digits < 5 or any(letter.isalpha() for letter in phone)):
            raise forms.ValidationError("Enter a phone number such as 020 7946 0123, or leave it empty.")
        return phone


class AddressForm(forms.Form):
    """The address someone signs in with and gets mail at."""

    email = forms.EmailField(
        label="E-mail address",
        help_text="We send a code there when you next sign in, to make sure that it is yours.",
        error_messages={
            "required": "Enter your e-mail address.",
            "invalid": "Enter an e-mail address, like ana@example.org.",
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


def chosen(query: Any) -> Choice:
    """The choice in a query string. What cannot be read is left out."""
    time = query.get("time", "")
    return Choice(
        service_id=_number(query.get("service", "")),
        location_id=_number(query.get("location", "")),
        time_of_day=time if time in TIMES_OF_DAY else "",
    )


def _number(code: str) -> int | None:
    try:
        return codes.decode(code) if code else None
    except codes.NotACode:
        return None


def _coded(names: dict[int, str]) -> list[tuple[str, str]]:
    return [(codes.encode(number), name) for number, name in names.items()]
