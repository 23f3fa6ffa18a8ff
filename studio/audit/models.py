"""What happened: one operation per verb called, and the events it recorded."""

from __future__ import annotations

from django.db import models

from studio.people.models import Person


class Operation(models.Model):
    """One call of one verb: who asked, under which key, with which request, and what came of it.

    The unique key makes every verb idempotent: a replay returns ``result``, another request under the same
    key is refused.
    """

    key = models.TextField()
    verb = models.CharField(max_length=60)
    actor = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    request_hash = models.CharField(max_length=32)
    result = models.JSONField(null=True)
    inverse = models.JSONField(
        null=True, help_text="The verb and arguments that undo this operation, if any."
    )
    at = models.DateTimeField()
    undone_by = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="undoes")

    class Meta:
        constraints = [
            # Also for the house itself, whose operations have no actor.
            models.UniqueConstraint(
                fields=["actor", "key"], name="operation_key_once_per_actor", nulls_distinct=False
            )
        ]
        indexes = [models.Index(fields=["actor", "-at"], name="operation_by_actor")]

    def __str__(self) -> str:
        return f"{self.verb} at {self.at:%Y-%m-%d %H:%M}"


class Event(models.Model):
    """A fact that happened: ``booking.made`` about ``booking:42``. Append-only, and without personal data.

    Whoever lives above reads these rows: the timeline, the messages, the undo.
    """

    operation = models.ForeignKey(Operation, on_delete=models.PROTECT, related_name="events")
    verb = models.CharField(max_length=60)
    at = models.DateTimeField()
    subject = models.CharField(max_length=60)
    person = models.ForeignKey(
        Person, null=True, on_delete=models.PROTECT, related_name="events", db_index=False
    )
    facts = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["subject", "-id"], name="event_by_subject"),
            models.Index(fields=["person", "-id"], name="event_by_person"),
            models.Index(fields=["verb", "id"], name="event_by_verb"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject}"
