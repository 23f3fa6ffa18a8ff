"""What the journal says that nobody has been told yet."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, Max, OuterRef, QuerySet

from studio.audit.models import Event, Operation
from studio.audit.rules.told import TOLD
from studio.notifications.models import Message


def untold(*, after: int) -> QuerySet[Event]:
    """Events beyond this number that concern a person, have a template and no message yet; oldest first."""
    messages = Message.objects.filter(event=OuterRef("pk"))
    return (
        Event.objects.filter(~Exists(messages), pk__gt=after, verb__in=TOLD, person__isnull=False)
        .select_related("operation", "person__household__payer")
        .order_by("pk")
    )


def of_operations(operation_ids: Iterable[int]) -> QuerySet[Event]:
    """All events of these operations that people are told of."""
    return (
        Event.objects.filter(operation__in=list(operation_ids), verb__in=TOLD, person__isnull=False)
        .select_related("operation")
        .order_by("pk")
    )


def newest() -> int:
    """The highest number of an event so far."""
    return Event.objects.aggregate(newest=Max("pk"))["newest"] or 0


def undone_with(operation_ids: Iterable[int]) -> dict[int, int]:
    """For each of these operations that undid another: the one it undid."""
    undone = Operation.objects.filter(undone_by__in=list(operation_ids))
    return {undoing: pk for undoing, pk in undone.values_list("undone_by", "pk") if undoing is not None}
