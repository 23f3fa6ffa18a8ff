"""The journal: the one place where events are written."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from studio.audit.domain import operations
from studio.audit.models import Event
from studio.lib.nudge import nudge
from studio.lib.transactions import step

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
    nudge(WRITE_MESSAGES)
