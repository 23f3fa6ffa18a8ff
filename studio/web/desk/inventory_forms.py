"""What the pages of places, rooms and services ask for."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django import forms

from scheduling.models import Service
from studio.lib import localtime
from studio.web.desk.answers import KeyForm
from studio.web.desk.fields import AmountField, offer

_NUMBER = {"invalid": "Type a whole number.", "required": "Type a whole number."}


def zone_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Time zones under their regions."""
    by_region = groupby(localtime.zone_names(), key=lambda name: name.partition("/")[0])
    return [(region, [(name, name.replace("_", " ")) for name in names]) for region, names in by_region]


class TermsForm(KeyForm):
    """A form whose fields are the arguments of one verb."""

    def terms(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name not in ("key", "next")}


class LocationForm(TermsForm):
    """A place with its own clocks."""

    name = forms.CharField(required=False, help_text="As members read it.")
    time_zone = forms.ChoiceField(
        label="Time zone",
        help_text="Decides the local time of everything held there. It stays once series are held.",
        error_messages={
            "required": "Choose a time zone.",
            "invalid_choice": "This is no time zone any more. Choose another.",
        },
    )
    members_may_book = forms.BooleanField(
        label="Members may book here", required=False, help_text="Unticked, members do not see its sessions."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "time_zone", zone_choices())


class RoomForm(TermsForm):
    """A room; empty capacity limits nobody."""

    name = forms.CharField(required=False)
    capacity = forms.IntegerField(
        label="Holds", required=False, help_text="Empty: it limits nobody.", error_messages=_NUMBER
    )


class ServiceForm(TermsForm):
    """What is delivered, and its price."""

    name = forms.CharField(required=False, help_text="As members read it.")
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))
    pricing = forms.ChoiceField(
        label="Priced",
        choices=Service.Pricing.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one."},
    )
    cost_minor = AmountField(label="Price without a pass")
    wage_minor = AmountField(label="Pay of whoever gives it")
    duration_minutes = forms.IntegerField(label="Lasts", error_messages=_NUMBER)
    capacity = forms.IntegerField(label="Places", error_messages=_NUMBER)
    members_may_book = forms.BooleanField(
        label="Members may book it",
        required=False,
        help_text="Unticked, members do not see it. Sessions that are planned keep their places and times.",
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("cost_minor", "wage_minor"):
            self.fields[name].currency = currency  # type: ignore[attr-defined]
        self.fields["cost_minor"].initial = self.fields["wage_minor"].initial = 0
