"""The description of the API (OpenAPI 3): what the code says, and the problems any address may answer."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="Up to 200 characters of your own, new for each thing you want done. The same request sent "
    "again under its key has one effect and the same answer; another request under it is refused (409).",
)

_REASON = {
    "type": "object",
    "description": "One failing condition: what is so, and what to do next.",
    "required": ["code", "text", "remedy", "field", "facts"],
    "properties": {
        "code": {"type": "string", "example": "full"},
        "text": {"type": "string", "example": "Reformer is full."},
        "remedy": {"type": "string", "example": "Choose another time."},
        "field": {"type": "string", "description": "The input it is about; empty when it is about none."},
        "facts": {"type": "object", "additionalProperties": True},
    },
}
_CONSEQUENCE = {
    "type": "object",
    "description": "One line of what would happen.",
    "required": ["kind", "text"],
    "properties": {"kind": {"type": "string"}, "text": {"type": "string"}},
}
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457. All reasons are listed, never only the first.",
    "required": ["type", "title", "status", "detail", "reasons"],
    "properties": {
        "type": {"type": "string", "format": "uri", "example": "urn:studio:problem:full"},
        "title": {"type": "string", "example": "Conflict"},
        "status": {"type": "integer", "example": 409},
        "detail": {"type": "string"},
        "reasons": {"type": "array", "items": {"$ref": "#/components/schemas/Reason"}},
        "consequences": {
            "type": "array",
            "description": "What would happen now, when it is no longer what was confirmed.",
            "items": {"$ref": "#/components/schemas/Consequence"},
        },
    },
}

_ALWAYS = {"401": "No token, or one that has ended.", "403": "Not allowed."}
_OF_ONE = {"404": "There is nothing here, or not for this caller."}
_WRITING = {
    "400": "The body is not JSON.",
    "404": "Something named in it does not exist, or not for this caller.",
    "409": "Refused as things stand, with every reason.",
    "422": "Something in the body is not right, with every reason and its field.",
}
_FILTERED = {"422": "A filter is not right."}


class TokenScheme(OpenApiAuthenticationExtension):
    """How to send a token."""

    target_class = "studio.web.api.access.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "From POST /api/v1/token/."}


def with_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Add what every address may answer besides what it is for."""
    result["components"]["schemas"] |= {"Problem": _PROBLEM, "Reason": _REASON, "Consequence": _CONSEQUENCE}
    for schema in result["components"]["schemas"].values():
        if "description" in schema:
            # Docstrings mark names in their way, the description in Markdown's.
            schema["description"] = schema["description"].replace("``", "`")
    for path, methods in result["paths"].items():
        for method, operation in methods.items():
            for status, words in _problems(path, method, operation).items():
                operation["responses"].setdefault(status, _response(words))
    return result


def _problems(path: str, method: str, operation: dict[str, Any]) -> dict[str, str]:
    problems = dict(_ALWAYS)
    if path.endswith("/token/"):
        problems["429"] = "Too many tries."
    if method in {"post", "put", "patch"}:
        problems |= _WRITING
    elif "{" in path:
        problems |= _OF_ONE
    elif any(parameter["in"] == "query" for parameter in operation.get("parameters", [])):
        problems |= _FILTERED
    return problems


def _response(words: str) -> dict[str, Any]:
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {"description": words, "content": {"application/problem+json": problem}}
