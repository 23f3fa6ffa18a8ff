"""Lists come in pages that neither skip nor repeat rows, whatever is written between two of them."""

from __future__ import annotations

import base64
import json
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import Q, QuerySet
from rest_framework import exceptions
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

PAGE_SIZE = 50
LARGEST_PAGE = 200


class Pages(BasePagination):
    """``?cursor=`` from the page before; ``?page_size=`` up to :data:`LARGEST_PAGE`.

    A cursor names the last row that was seen, by the values of the view's ``ordering``, which is total and in
    one direction; the next page is what comes after it.
    """

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        ordering: tuple[str, ...] = view.ordering  # type: ignore[union-attr]
        size = _size(request.query_params.get("page_size"))
        queryset = queryset.order_by(*ordering)
        if cursor := request.query_params.get("cursor"):
            queryset = queryset.filter(_after(queryset, ordering, cursor))
        rows = list(queryset[: size + 1])
        self._next = None
        if len(rows) > size:
            rows = rows[:size]
            here = request.build_absolute_uri()
            self._next = replace_query_param(here, "cursor", _cursor(rows[-1], ordering))
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self._next, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        following = {
            "type": "string",
            "format": "uri",
            "nullable": True,
            "description": "The address of the next page; null on the last.",
        }
        return {
            "type": "object",
            "required": ["next", "results"],
            "properties": {"next": following, "results": schema},
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        cursor = {"type": "string"}
        size = {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE_SIZE}
        return [
            _parameter("cursor", "From the address of the next page.", cursor),
            _parameter("page_size", "How many rows a page has.", size),
        ]


def _parameter(name: str, words: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": words, "schema": schema}


def _size(text: str | None) -> int:
    if text is None:
        return PAGE_SIZE
    if not text.isdigit() or not 1 <= int(text) <= LARGEST_PAGE:
        raise exceptions.ValidationError({"page_size": [f"This is a number from 1 to {LARGEST_PAGE}."]})
    return int(text)


def _cursor(row: Any, ordering: tuple[str, ...]) -> str:
    values = json.dumps([getattr(row, name.lstrip("-")) for name in ordering], default=str)
    return base64.urlsafe_b64encode(values.encode()).decode().rstrip("=")


def _after(queryset: QuerySet, ordering: tuple[str, ...], cursor: str) -> Q:
    """What comes after a cursor: later in the first field, or equal there and later in the next."""
    after, equal = Q(), Q()
    for name, value in zip(ordering, _values(queryset, ordering, cursor), strict=True):
        field, step = name.lstrip("-"), "lt" if name.startswith("-") else "gt"
        after |= equal & Q(**{f"{field}__{step}": value})
        equal &= Q(**{field: value})
    first, bound = ordering[0].lstrip("-"), "lte" if ordering[0].startswith("-") else "gte"
    # The first bound says nothing new, and lets an index find the place.
    return Q(**{f"{first}__{bound}": _values(queryset, ordering, cursor)[0]}) & after


def _values(queryset: QuerySet, ordering: tuple[str, ...], cursor: str) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        fields = [_field(queryset, name.lstrip("-")) for name in ordering]
        return [field.to_python(value) for field, value in zip(fields, values, strict=True)]
    except (ValueError, TypeError, FieldDoesNotExist, DjangoValidationError) as error:
        words = "This is not a cursor of this list. Use the address in “next”."
        raise exceptions.ValidationError({"cursor": [words]}) from error


def _field(queryset: QuerySet, name: str) -> Any:
    meta = queryset.model._meta
    return meta.pk if name == "pk" else meta.get_field(name)
