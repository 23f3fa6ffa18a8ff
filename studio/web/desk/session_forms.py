"""What the pages of sessions ask for."""

from __future__ import annotations

from datetime import date

from django import forms

from scheduling.models import Location, Service
from sessions_app.queries import sessions

STATE_WORDS = {
    "open": "Open",
    "full": "Full",
    "now": "On now",
    "unsaved": "Not saved",
    "completed": "Completed",
    "canceled": "Canceled",
}


class FilterForm(forms.Form):
    """What narrows the list of sessions. What makes no sense narrows nothing."""

    earliest = forms.DateField(
        label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    latest = forms.DateField(
        label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    service = forms.ModelChoiceField(Service.objects.none(), required=False, empty_label="Every service")
    location = forms.ModelChoiceField(Location.objects.none(), required=False, empty_label="Every place")
    state = forms.ChoiceField(
        required=False,
        choices=[("", "Every state"), *((state, STATE_WORDS[state]) for state in sessions.STATES)],
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["service"].queryset = Service.objects.order_by("name")  # type: ignore[attr-defined]
        self.fields["location"].queryset = Location.objects.order_by("name")  # type: ignore[attr-defined]
        self.full_clean()

    @property
    def earliest_on(self) -> date | None:
        return self.cleaned_data.get("earliest")

    @property
    def latest_on(self) -> date | None:
        return self.cleaned_data.get("latest")
