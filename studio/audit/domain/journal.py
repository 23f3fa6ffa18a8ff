"""The journal: the one place where events are written."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q

from studio.audit.domain import operations
from studio.audit.models import Event
from studio.audit.rules.told import TOLD, words
from studio.lib.consequences import anyone_listens, tell
from studio.lib.nudge import nudge
from studio.lib.transactions import step
from studio.people.models import Person

# By name: the floor that writes messages lives above, and a lost nudge only delays it.
WRITE_MESSAGES = "studio.notifications.tasks.write_and_send"


@step
def record(verb: str, *, at: datetime, subject: str, person_id: int | None = None, **facts: Any) -> Event:
    """Record that something happened. ``facts`` are plain JSON values and carry no personal data (A2)."""
    event = Event.objects.create(
        operation_id=operations.current().id,
        verb=verb,
        at=at,
        subject=subject,
        person_id=person_id,
        facts=facts,
    )
    foretell(verb, [person_id])
    nudge(WRITE_MESSAGES)
    return event


@step
def record_many(verb: str, events: list[tuple[str, int | None, dict[str, Any]]], *, at: datetime) -> None:
    """Record many events of one verb at once: ``(subject, person id, facts)`` each."""
    operation_id = operations.current().id
    Event.objects.bulk_create(
        Event(operation_id=operation_id, verb=verb, at=at, subject=subject, person_id=person_id, facts=facts)
        for subject, person_id, facts in events
    )
    foretell(verb, [person_id for _, person_id, _ in events])
    nudge(WRITE_MESSAGES)


@step
def foretell(verb: str, person_ids: Iterable[int | None]) -> None:
    """Say in a preview who gets a message. Kernels that write events themselves call it, too."""
    if verb not in TOLD or not anyone_listens():
        return
    operation = operations.current()
    new = {person_id for person_id in person_ids if person_id is not None} - operation.told
    operation.told |= new
    can_be_reached = Q(email__gt="") | Q(household__payer__email__gt="")
    people = Person.objects.filter(can_be_reached, pk__in=new).order_by("pk")
    for is_own in (True, False):
        names = [each.name for each in people if (each.pk == operation.actor.person_id) is is_own]
        if names:
            tell("messages", words(names[0], len(names) - 1, is_own=is_own))
