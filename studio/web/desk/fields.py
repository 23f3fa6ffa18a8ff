"""Form fields that read what people type: days, times of day, amounts of money."""

from __future__ import annotations

from datetime import time
from typing import Any

from django import forms

from scheduling.rules import cells
from studio.lib import money

DAY_FORMATS = ["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d %B %Y", "%d %b %Y", "%a %d %b %Y"]


def offer(form: forms.Form, name: str, choices: Any) -> None:
    """Set what a select, or a group of boxes, of a form offers."""
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices


class DayField(forms.DateField):
    """A day: the browser's picker, or typed in several orders."""

    def __init__(self, **options: Any) -> None:
        wording = {
            "required": "Choose a day.",
            "invalid": "This is not a day of the calendar. Type one such as 5 March 2026.",
        }
        options["error_messages"] = wording | options.get("error_messages", {})
        options.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        super().__init__(input_formats=DAY_FORMATS, **options)


class ClockField(forms.Field):
    """A time of day, typed as 19:30, 1930, 7.30pm or 7pm."""

    def __init__(self, **options: Any) -> None:
        wording = {"required": "Type when it starts, such as 19:30."}
        options["error_messages"] = wording | options.get("error_messages", {})
        options.setdefault("widget", forms.TextInput(attrs={"autocomplete": "off", "list": "times"}))
        super().__init__(**options)

    def to_python(self, value: Any) -> Any:
        typed = (value or "").strip()
        if not typed:
            return None
        try:
            minutes = cells.minute(typed)
        except cells.Unreadable as error:
            raise forms.ValidationError(f"{error.text} {error.remedy}".strip()) from None
        return time(*divmod(minutes, 60))

    def prepare_value(self, value: Any) -> Any:
        return f"{value:%H:%M}" if isinstance(value, time) else value


class AmountField(forms.Field):
    """An amount of the studio's money; its value is in minor units."""

    def __init__(self, *, currency: str = "GBP", **options: Any) -> None:
        self.currency = currency
        wording = {"required": "Type an amount; 0 when it costs nothing."}
        options["error_messages"] = wording | options.get("error_messages", {})
        options.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(**options)

    def to_python(self, value: Any) -> Any:
        typed = (value or "").strip()
        if not typed:
            return None
        try:
            return money.parse_minor(typed, self.currency)
        except money.NotAnAmount as error:
            raise forms.ValidationError(str(error)) from None

    def prepare_value(self, value: Any) -> Any:
        return money.plain(value, self.currency) if isinstance(value, int) else value
