"""What a new series asks for: what, when, and who can book (S3-03…S3-08, X-16…X-19)."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Any

from django import forms
from django.core.serializers.json import DjangoJSONEncoder
from django.http import QueryDict

from scheduling.rules.recurrence import WEEKDAYS
from studio.lib.refusals import Refused
from studio.people.rules.permissions import Actor, Capability
from studio.web.desk.answers import KeyForm
from studio.web.desk.choices import Stock
from studio.web.desk.fields import ClockField, DayField, offer

FIELD_OF = {
    "room_id": "place",
    "practitioner_id": "practitioner",
    "service_id": "service",
    "location_id": "place",
}
"""Where the form asks for what a reason is about."""

_NUMBER = {"invalid": "Type a whole number."}


class SeriesForm(KeyForm):
    """A series as it is typed. The number of sessions and the last date are alternatives (S3-08, X-19)."""

    service = forms.ChoiceField(
        error_messages={
            "required": "Choose a service.",
            "invalid_choice": "This service is gone. Choose another.",
        }
    )
    place = forms.ChoiceField(
        label="Where",
        error_messages={
            "required": "Choose a place.",
            "invalid_choice": "This place is gone. Choose another.",
        },
    )
    practitioner = forms.ChoiceField(
        label="With",
        required=False,
        error_messages={
            "required": "Choose who gives it.",
            "invalid_choice": "They do not give sessions now. Choose somebody else.",
        },
    )
    starts_on = DayField(label="First date", error_messages={"required": "Choose the first date."})
    starts_time = ClockField(label="Starts at")
    duration_minutes = forms.IntegerField(label="Lasts", required=False, error_messages=_NUMBER)
    weekdays = forms.TypedMultipleChoiceField(
        label="On",
        coerce=int,
        required=False,
        choices=[(str(number), day[:3]) for number, day in enumerate(WEEKDAYS)],
        widget=forms.CheckboxSelectMultiple,
    )
    frequency = forms.ChoiceField(
        label="Repeats",
        choices=[("weekly", "Weekly"), ("monthly", "Monthly")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose weekly or monthly."},
    )
    every = forms.IntegerField(
        label="Every", error_messages={"required": "Type 1 for every week or month.", **_NUMBER}
    )
    monthly_kind = forms.ChoiceField(
        label="Each month",
        required=False,
        choices=[
            ("weekday", "On the same weekdays, such as every 2nd Tuesday"),
            ("day", "On the same day of the month as the first date"),
        ],
        widget=forms.RadioSelect,
    )
    ends = forms.ChoiceField(
        required=False,
        choices=[("count", "After a number of sessions"), ("until", "On a date")],
        widget=forms.RadioSelect,
    )
    count = forms.IntegerField(
        label="Number of sessions",
        required=False,
        help_text="The first one included.",
        error_messages=_NUMBER,
    )
    until = DayField(label="Last date", required=False)
    capacity = forms.IntegerField(label="Places", required=False, error_messages=_NUMBER)
    public_note = forms.CharField(
        label="Note for everybody",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Everyone who is booked reads it.",
    )
    staff_note = forms.CharField(
        label="Note for the team",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Only admins and staff read it.",
    )
    is_enabled = forms.BooleanField(
        label="Enabled",
        required=False,
        help_text="Unticked, it is kept as a draft: no sessions until you enable it.",
    )

    def __init__(self, *args: Any, stock: Stock, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stock = stock
        offer(self, "service", [("", "Choose a service"), *stock.service_choices()])
        offer(self, "place", [("", "Choose a place"), *stock.place_choices()])
        if actor.may(Capability.ADD_SESSIONS):
            offer(self, "practitioner", [("", "Nobody yet"), *stock.giver_choices()])
        else:
            own = [choice for choice in stock.giver_choices() if choice[0] == str(actor.person_id)]
            offer(self, "practitioner", own)
            self.fields["practitioner"].required = True
        if not actor.may(Capability.WRITE_STAFF_NOTES):
            del self.fields["staff_note"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        is_read = not {"count", "until"} & set(self.errors)
        if is_read and (cleaned.get("count") is None) == (cleaned.get("until") is None):
            both = cleaned.get("count") is not None
            self.add_error(
                "count",
                "“Number of sessions” and “Last date” are both filled. Clear one of them."
                if both
                else "Neither “Number of sessions” nor “Last date” is filled. Fill one of them.",
            )
        return cleaned

    def add_reasons(self, refused: Refused) -> None:
        for reason in refused.reasons:
            field = FIELD_OF.get(reason.field, reason.field)
            self.add_error(field if field in self.fields else None, str(reason))

    def terms(self) -> dict[str, Any]:
        """The arguments of :func:`sessions_app.domain.timetable.create_series`."""
        typed = self.cleaned_data
        location_id, _, room_id = typed["place"].partition(".")
        return {
            "service_id": int(typed["service"]),
            "location_id": int(location_id),
            "room_id": int(room_id) if room_id else None,
            "practitioner_id": int(typed["practitioner"]) if typed["practitioner"] else None,
            "weekdays": typed["weekdays"],
            "frequency": typed["frequency"],
            "monthly_kind": typed["monthly_kind"] or "weekday",
            "every": typed["every"],
            "starts_on": typed["starts_on"],
            "starts_time": typed["starts_time"],
            "duration_minutes": typed["duration_minutes"],
            "count": typed["count"],
            "until": typed["until"],
            "capacity": typed["capacity"],
            "is_enabled": typed["is_enabled"],
            "public_note": typed["public_note"],
            "staff_note": typed.get("staff_note", ""),
            "skip_on": self._days("skip"),
            "keep_on": self._days("keep"),
        }

    def signature(self) -> str:
        """What a preview stands for: another value, another signature."""
        plain = json.dumps(self.terms(), cls=DjangoJSONEncoder, sort_keys=True)
        return hashlib.sha256(plain.encode()).hexdigest()[:32]

    def _days(self, name: str) -> list[date]:
        """The dates ticked in the list of dates; what is no date was not made by our page."""
        found = set()
        sent = self.data.getlist(name) if isinstance(self.data, QueryDict) else []
        for typed in sent[:1000]:
            try:
                found.add(date.fromisoformat(typed))
            except ValueError:
                continue
        return sorted(found)
