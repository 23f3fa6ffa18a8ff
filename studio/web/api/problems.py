"""Errors as problem+json (RFC 9457), always with every reason: what is so, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from studio.lib.refusals import Busy, NotFound, Reason, Refused
from studio.lib.transactions import WorldMoved

MEDIA_TYPE = "application/problem+json"
UNPROCESSABLE = HTTPStatus.UNPROCESSABLE_ENTITY

NOT_FOUND = Reason("not_found", "There is nothing here, or not for you.", "Check the address and the code.")
SIGN_IN = Reason(
    "not_signed_in",
    "This needs a token or a signed-in browser.",
    "Send “Authorization: Bearer …” with a token from POST /api/v1/token/.",
)
NOT_ALLOWED = Reason("not_allowed", "You may not do this.", "An admin can give you the permission.")
CSRF = Reason(
    "csrf", "The browser's sign-in came without its CSRF token.", "Send X-CSRFToken, or use a token instead."
)
TOO_MANY = Reason("too_many", "That were too many tries.", "Wait a few minutes, then try again.")

# What DRF calls it: what is so, and what to do.
_WORDS = {
    "required": ("This is missing.", "Send it."),
    "null": ("This cannot be null.", "Send a value, or leave it out."),
    "blank": ("This is empty.", "Send a value, or leave it out."),
    "invalid": ("This is not the right kind of value.", "See its type at /api/docs/."),
    "not_a_code": ("This is not a code.", "Send the “id” that the API gave you."),
    "unknown": ("The API does not know this field.", "Leave it out, or check its spelling."),
}


class NotAllowed(exceptions.PermissionDenied):
    """403 with a reason of its own."""

    def __init__(self, *reasons: Reason) -> None:
        super().__init__()
        self.reasons = reasons


def answer(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler. None lets the error through: it is ours, and its page is the 500."""
    if isinstance(error, Refused):
        return _refused(error)
    if isinstance(error, Http404):
        return problem(HTTPStatus.NOT_FOUND, [NOT_FOUND])
    if isinstance(error, DjangoPermissionDenied):
        return problem(HTTPStatus.FORBIDDEN, [NOT_ALLOWED])
    if not isinstance(error, exceptions.APIException):
        return None
    headers = {}
    if how_to_sign_in := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = how_to_sign_in
    if seconds := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(seconds))
    status = UNPROCESSABLE if isinstance(error, exceptions.ValidationError) else HTTPStatus(error.status_code)
    return problem(status, _reasons(error), headers=headers)


def problem(
    status: HTTPStatus,
    reasons: Iterable[Reason],
    *,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """An answer that says no. Its ``code`` is the first reason's; ``reasons`` are all of them."""
    told = list(reasons)
    body = {
        "type": f"urn:studio:problem:{told[0].code}",
        "title": status.phrase,
        "status": status.value,
        "detail": " ".join(str(reason) for reason in told),
        "reasons": [
            {
                "code": reason.code,
                "text": reason.text,
                "remedy": reason.remedy,
                # Verbs take numbers of rows; the API calls them by what they are.
                "field": reason.field.removesuffix("_id"),
                "facts": dict(reason.facts),
            }
            for reason in told
        ],
        **more,
    }
    return Response(body, status=status.value, headers=dict(headers or {}), content_type=MEDIA_TYPE)


def _refused(refused: Refused) -> Response:
    if isinstance(refused, NotFound):
        return problem(HTTPStatus.NOT_FOUND, [NOT_FOUND])
    if isinstance(refused, Busy):
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, refused.reasons, headers={"Retry-After": "2"})
    if isinstance(refused, WorldMoved):
        now_would = [{"kind": each.kind, "text": each.text} for each in refused.consequences]
        return problem(HTTPStatus.CONFLICT, refused.reasons, consequences=now_would)
    # A reason about a field is about what was sent; any other is about how things stand.
    is_about_input = all(reason.field for reason in refused.reasons)
    return problem(UNPROCESSABLE if is_about_input else HTTPStatus.CONFLICT, refused.reasons)


def _reasons(error: exceptions.APIException) -> Sequence[Reason]:
    if own := getattr(error, "reasons", None):
        return list(own)
    if isinstance(error, exceptions.ValidationError):
        return list(_of_fields(error.detail, ""))
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        return [SIGN_IN]
    if isinstance(error, exceptions.PermissionDenied):
        return [CSRF if str(error.detail).startswith("CSRF") else NOT_ALLOWED]
    if isinstance(error, exceptions.Throttled):
        return [TOO_MANY]
    if isinstance(error, exceptions.NotFound):
        return [NOT_FOUND]
    return [Reason(str(error.default_code), str(error.detail))]


def _of_fields(detail: Any, field: str) -> Iterator[Reason]:
    """DRF's nested details, one reason each, with the path of its field: ``weekdays.0``."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            path = field if name == "non_field_errors" else f"{field}.{name}".lstrip(".")
            yield from _of_fields(inner, path)
    elif isinstance(detail, list):
        for place, inner in enumerate(detail):
            is_item = isinstance(inner, Mapping) and inner
            yield from _of_fields(inner, f"{field}.{place}".lstrip(".") if is_item else field)
    else:
        code = getattr(detail, "code", "invalid")
        text, remedy = _WORDS.get(code, (str(detail), ""))
        yield Reason(code, text, remedy, field=field)
