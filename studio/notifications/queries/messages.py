"""Messages for the pages that list them."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet

from studio.notifications.models import Message
from studio.people.rules.permissions import Actor

STATES = ("waiting", "failed", "sent", "dropped")


def listed(*, actor: Actor, state: str = "", person_id: int | None = None) -> QuerySet[Message]:
    """Messages this actor may read, newest first, of one state or of all."""
    messages = Message.objects.visible_to(actor)
    if state in STATES:
        messages = getattr(messages, state)()
    if person_id is not None:
        messages = messages.filter(person_id=person_id)
    return messages.select_related("person", "event__operation__actor").order_by("-pk")


def in_trouble(*, actor: Actor) -> dict[str, int]:
    """How many messages have failed, and how many wait for another try after one that did not work."""
    visible = Message.objects.visible_to(actor)
    retrying = Q(sent_at__isnull=True, failed_at__isnull=True, dropped_reason="", attempts__gt=0)
    return visible.aggregate(
        failed=Count("pk", filter=Q(failed_at__isnull=False)), retrying=Count("pk", filter=retrying)
    )
