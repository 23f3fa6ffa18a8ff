"""Messages: what was written to whom about which event, and how far it got."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from studio.audit.models import Event
from studio.people.models import Person
from studio.people.rules.permissions import Actor, Capability

_WAITING = Q(sent_at__isnull=True, failed_at__isnull=True, dropped_reason="")


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, actor: Actor) -> Self:
        """Messages this actor may read: all for who sees people, otherwise their own."""
        if actor.may(Capability.SEE_PEOPLE):
            return self
        return self.filter(person_id=actor.person_id) if actor.person_id else self.none()

    def waiting(self) -> Self:
        """Not sent yet and not given up: held, or to be tried again."""
        return self.filter(_WAITING)

    def sent(self) -> Self:
        return self.filter(sent_at__isnull=False)

    def failed(self) -> Self:
        """Given up after the last try; somebody has to look."""
        return self.filter(failed_at__isnull=False)

    def dropped(self) -> Self:
        """Never to be sent, for a reason that is written down."""
        return self.exclude(dropped_reason="")

    def due(self, at: datetime) -> Self:
        """To be tried now and in nobody's hands, the longest waiting first."""
        free = Q(leased_until__isnull=True) | Q(leased_until__lte=at)
        return self.waiting().filter(free, next_try_at__lte=at).order_by("next_try_at", "pk")


class Message(models.Model):
    """One message to one person about one event, over one channel: at most one, by the database (J3).

    Written from the event as it was; a later change of a name or a template does not touch it.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", "E-mail"

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="messages")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="messages")
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.EMAIL)
    to = models.EmailField(blank=True)
    template = models.CharField(max_length=60, help_text="The event's verb, which is the template's name.")
    subject = models.CharField(max_length=200, blank=True)
    body_text = models.TextField(blank=True)
    body_html = models.TextField(blank=True)
    written_at = models.DateTimeField()
    hold_until = models.DateTimeField(help_text="Until then an undo sends nothing.")
    next_try_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, help_text="Somebody is delivering it until then.")
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    dropped_reason = models.CharField(max_length=200, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["event", "person", "channel"], name="message_once_per_event_person_and_channel"
            ),
            models.CheckConstraint(
                condition=_WAITING
                | Q(sent_at__isnull=False, failed_at__isnull=True, dropped_reason="")
                | Q(sent_at__isnull=True, failed_at__isnull=False, dropped_reason="")
                | Q(sent_at__isnull=True, failed_at__isnull=True) & ~Q(dropped_reason=""),
                name="message_has_one_end",
            ),
        ]
        indexes = [
            models.Index(fields=["next_try_at", "id"], name="message_waiting", condition=_WAITING),
            models.Index(fields=["-id"], name="message_failed", condition=Q(failed_at__isnull=False)),
            models.Index(fields=["person", "-id"], name="message_by_person"),
        ]

    def __str__(self) -> str:
        return self.subject or f"{self.template} to {self.person_id}"

    @property
    def state(self) -> str:
        """``sent``, ``failed``, ``dropped``, ``retrying`` after a try that did not work, else ``waiting``."""
        if self.sent_at:
            return "sent"
        if self.failed_at:
            return "failed"
        if self.dropped_reason:
            return "dropped"
        return "retrying" if self.attempts else "waiting"


class Bookmark(models.Model):
    """How far the journal was read: everything up to ``through_event`` has its messages.

    Events get their numbers before they are committed, so a lower one may appear late. ``seen_event`` was the
    highest number at ``seen_at``; once that is longer ago than any transaction lasts, it is safe to read
    only beyond it.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    through_event = models.BigIntegerField(default=0)
    seen_event = models.BigIntegerField(default=0)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="there_is_one_bookmark")]

    def __str__(self) -> str:
        return f"through event {self.through_event}"
