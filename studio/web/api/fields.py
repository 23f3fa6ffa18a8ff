"""What bodies are made of: public codes for row numbers, and things by code and name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from studio.lib import codes

CODE_SCHEMA = {"type": "string", "pattern": "^[0-9a-z]{6,13}$", "example": "k7f3qa"}


@extend_schema_field(CODE_SCHEMA)
class CodeField(serializers.Field):
    """A row's public code outside, its number inside."""

    default_error_messages = {"not_a_code": "This is not a code."}

    def to_representation(self, value: int) -> str:
        return codes.encode(value)

    def to_internal_value(self, data: Any) -> int:
        try:
            return codes.decode(data if isinstance(data, str) else "")
        except codes.NotACode:
            self.fail("not_a_code")


class _Described(serializers.Serializer):
    """A body whose name in the description is that of its class, without “Body”."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        extend_schema_serializer(component_name=cls.__name__.removesuffix("Body"))(cls)


class Body(_Described):
    """What a request sends. An unknown field is told, not ignored: it may be a misspelling."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, Mapping) else []
        if unknown:
            raise serializers.ValidationError(
                {name: serializers.ErrorDetail("unknown", code="unknown") for name in unknown}
            )
        return super().to_internal_value(data)


class Named(_Described):
    """Something by its code and its name."""

    id = CodeField(source="pk", read_only=True)
    name = serializers.CharField(read_only=True)


class ReadOnly(_Described):
    """What an answer says. ``self.actor`` is who asks."""

    @property
    def actor(self) -> Any:
        return self.context["request"].actor


class Currency(serializers.Field):
    """The studio's currency, beside amounts in its smallest unit."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(source="*", read_only=True, **kwargs)

    def to_representation(self, value: Any) -> str:
        return self.context["request"].studio.currency


extend_schema_field(OpenApiTypes.STR)(Currency)
