"""A request as this house's views receive it, for type hints: ``def page(request: Request)``."""

from datetime import datetime

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from studio.people.models import Person, Studio
from studio.people.rules.permissions import Actor


class Request(HttpRequest):
    """Django's request with the facts that ``RequestFactsMiddleware`` adds.

    ``now`` is the moment of the request (aware UTC, the only reading of the clock); ``person`` is None for a
    visitor; ``actor`` is handed to every verb as ``by``; ``lacks_second_step`` says that this is one of the
    team who must set up an authenticator app first.
    """

    now: datetime
    studio: Studio
    person: Person | None
    actor: Actor
    lacks_second_step: bool
    htmx: HtmxDetails
    method: str
