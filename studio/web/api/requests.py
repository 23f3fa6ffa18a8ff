"""A request as the API's views receive it, for type hints."""

from __future__ import annotations

from datetime import datetime

from rest_framework import request

from studio.people.models import Person, Studio
from studio.people.rules.permissions import Actor


class Request(request.Request):
    """The framework's request; the facts of ``RequestFactsMiddleware`` shine through it."""

    now: datetime
    studio: Studio
    person: Person | None
    actor: Actor
    lacks_second_step: bool
