"""Facts that every request carries, and limits that every signed-in answer keeps."""

from collections.abc import Callable
from datetime import UTC, datetime

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from studio.people.models import Studio
from studio.people.rules.permissions import NOBODY
from studio.web import routes
from studio.web.accounts import second_step, sign_in_limits
from studio.web.requests import Request

# What a page of ours never asks the browser for, and nothing put into one shall either.
UNUSED_POWERS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"

Answer = Callable[[Request], HttpResponse]


def clock() -> datetime:
    """The moment of this request, aware UTC: the only reading of the clock behind the doors.

    A demo or a test sets ``STUDIO_NOW`` to a moment or to a callable that returns one; production ignores it.
    """
    chosen = None if settings.IS_PRODUCTION else getattr(settings, "STUDIO_NOW", None)
    moment = chosen() if callable(chosen) else chosen
    return (moment or timezone.now()).astimezone(UTC)


class RequestFactsMiddleware:
    """Gives every request ``now``, ``studio``, ``person`` (or None) and ``actor``.

    Refuses to start when an address has no declared policy.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        if missing := routes.undeclared():
            raise ImproperlyConfigured("\n".join(routes.undeclared_message(pattern) for pattern in missing))

    def __call__(self, request: Request) -> HttpResponse:
        request.now = clock()
        request.studio = SimpleLazyObject(Studio.objects.current)  # type: ignore[assignment]
        sign_in_limits.end_if_over(request)
        know(request)
        response = self.answer(request)
        response.headers.setdefault("Permissions-Policy", UNUSED_POWERS)
        if request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "no-store, private")
        return response


def know(request: Request) -> None:
    """Work out who is behind this request; again after a token was accepted or someone signed in."""
    user = request.user
    person = getattr(user, "person", None) if user.is_authenticated else None
    request.person = person
    request.actor = person.actor if person is not None else NOBODY
    request.lacks_second_step = SimpleLazyObject(  # type: ignore[assignment]
        lambda: second_step.is_missing(request)
    )
