"""Query parameters of lists: codes, local dates, yes or no."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from drf_spectacular.utils import extend_schema_field

from studio.lib import codes
from studio.web.api.fields import CODE_SCHEMA


class _CodeInput(forms.CharField):
    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return codes.decode(text)
        except codes.NotACode as error:
            raise forms.ValidationError("This is not a code.", code="not_a_code") from error


@extend_schema_field(CODE_SCHEMA)
class CodeFilter(django_filters.Filter):
    """``?session=k7f3qa``: rows that belong to the thing with this code."""

    field_class = _CodeInput


class ApiFilterSet(django_filters.FilterSet):
    """Filters that know when it is."""

    @property
    def at(self) -> Any:
        return self.request.now
