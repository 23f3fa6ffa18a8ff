"""Who did what, newest first."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from studio.audit.models import Event, Operation


def of_subjects(subjects: Iterable[str]) -> QuerySet[Event]:
    """Events about any of these things, newest first, with who acted and whom they concern."""
    events = Event.objects.filter(subject__in=list(subjects))
    return events.select_related("operation__actor", "person").order_by("-id")


def of_person(person_id: int) -> QuerySet[Event]:
    """Events that concern one person, newest first, with who acted."""
    return Event.objects.filter(person_id=person_id).select_related("operation__actor").order_by("-id")


def undo_history() -> QuerySet[Operation]:
    """Operations, newest first, with who acted and whether they were undone."""
    return Operation.objects.select_related("actor", "undone_by__actor").order_by("-id")
