"""Sending: claim what is due, let a channel deliver it outside of any transaction, note how it went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from hashlib import sha256

from django.conf import settings
from django.db.models import F
from django.urls import reverse

from studio.audit.domain.journal import WRITE_MESSAGES
from studio.audit.domain.operations import recorded
from studio.audit.models import Operation
from studio.lib.nudge import nudge
from studio.lib.refusals import NotFound, Reason, Refused
from studio.lib.transactions import step, use_case
from studio.notifications.models import Message
from studio.notifications.queries import journal, rendering
from studio.notifications.rules import delivery
from studio.people.models import Studio
from studio.people.queries import invitations
from studio.people.rules.permissions import Actor

BATCH = 20
LEASE = timedelta(minutes=10)
"""Longer than the task that delivers may run, so nobody else takes what it still holds."""
LOOK_AGAIN = timedelta(seconds=30)


class CannotRetry(Refused):
    """There is nothing to send again."""

    code = "cannot_retry"


@dataclass(frozen=True, slots=True)
class Letter:
    """One message, ready for the channel. ``message_id`` is the same at every try."""

    id: int
    message_id: str
    sender: str
    to: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """Letters to deliver, and how many due messages were looked at: none means that nothing is due."""

    letters: tuple[Letter, ...]
    looked_at: int


@use_case
def claim(*, at: datetime) -> Claimed:
    """Take up to :data:`BATCH` due messages for :data:`LEASE`; drop those that nobody should get any more.

    What another worker is looking at is passed over. Not sent are: what was undone, what takes back something
    the person was never told, what comes too late.
    """
    messages = list(
        Message.objects.due(at)
        .select_related("event__operation", "person__user")
        .select_for_update(of=["self"], no_key=True, skip_locked=True)[:BATCH]
    )
    undone = journal.undone_with({message.event.operation_id for message in messages})
    studio = Studio.objects.current()
    letters = []
    for message in messages:
        message.dropped_reason = _why_not(message, at=at)
        if not message.dropped_reason and message.event.operation_id in undone:
            told = _undo_is_news(message, undone[message.event.operation_id], at=at)
            if told is None:
                message.next_try_at = at + LOOK_AGAIN
                continue
            message.dropped_reason = "" if told else delivery.NO_NEWS
        if not message.dropped_reason:
            message.leased_until = at + LEASE
            letters.append(_letter(message, studio, at=at))
    Message.objects.bulk_update(messages, ["dropped_reason", "next_try_at", "leased_until"])
    return Claimed(tuple(letters), len(messages))


@use_case
def record_sent(*, message_id: int, at: datetime) -> None:
    """Note that the channel took the message."""
    Message.objects.waiting().filter(pk=message_id).update(
        sent_at=at, leased_until=None, last_error="", attempts=F("attempts") + 1
    )


@use_case
def record_failure(*, message_id: int, error: str, is_final: bool = False, at: datetime) -> None:
    """Note a try that did not work, and when the next one is; after the last one the message has failed."""
    message = Message.objects.waiting().select_for_update(no_key=True).filter(pk=message_id).first()
    if message is None:
        return
    message.attempts += 1
    message.last_error = error[:2000]
    message.leased_until = None
    again_at = None if is_final else delivery.next_try_at(message.attempts, at)
    if again_at is None:
        message.failed_at = at
    else:
        message.next_try_at = again_at
    message.save(update_fields=["attempts", "last_error", "leased_until", "failed_at", "next_try_at"])


@use_case
def give_back(*, message_ids: Sequence[int]) -> None:
    """End the lease of messages that were not tried."""
    Message.objects.waiting().filter(pk__in=message_ids).update(leased_until=None)


@use_case
@recorded("message.retry")
def retry(*, message_id: int, by: Actor, at: datetime) -> int:
    """Try a message again at once, to the person's address of today. Returns the message's id.

    :raises CannotRetry: if it was sent, is being delivered, or is not to be sent.
    """
    messages = Message.objects.visible_to(by).select_related("person__household__payer")
    message = messages.select_for_update(of=["self"], no_key=True).filter(pk=message_id).first()
    if message is None:
        raise NotFound("message")
    address = message.person.email or message.to
    _check_retry(message, address, at)
    message.to, message.next_try_at, message.attempts = address, at, 0
    message.failed_at, message.dropped_reason = None, ""
    message.save(update_fields=["to", "next_try_at", "attempts", "failed_at", "dropped_reason"])
    nudge(WRITE_MESSAGES)
    return message.pk


def can_retry(message: Message) -> bool:
    """Whether trying this message again is worth offering; ``retry`` still has the last word."""
    return message.state in ("waiting", "retrying", "failed") or message.dropped_reason == delivery.NO_ADDRESS


def _check_retry(message: Message, address: str, at: datetime) -> None:
    if message.state == "sent":
        raise CannotRetry(Reason("sent", "This message was sent.", "There is nothing left to do."))
    if message.leased_until is not None and message.leased_until > at:
        raise CannotRetry(
            Reason("under_way", "This message is being delivered now.", "Look again in a few minutes.")
        )
    if not can_retry(message):
        raise CannotRetry(
            Reason("dropped", f"Not sent: {message.dropped_reason}.", "Write to the person yourself.")
        )
    if not address:
        raise CannotRetry(
            Reason("no_address", f"{message.person.name} has no e-mail address.", "Add one, then retry.")
        )


def _why_not(message: Message, *, at: datetime) -> str:
    """Why a due message is not sent after all, or nothing."""
    if message.event.operation.undone_by_id is not None:
        return delivery.UNDONE
    if message.template == "person.invited" and not _may_sign_in(message):
        return delivery.CLOSED
    # A message that somebody sends again by hand is late on purpose.
    return delivery.why_late(max(message.event.at, message.next_try_at), message.event.facts, at)


def _may_sign_in(message: Message) -> bool:
    user = message.person.user
    return user is not None and user.is_active and message.person.is_active


@step
def _undo_is_news(message: Message, undid: int, *, at: datetime) -> bool | None:
    """Whether the person was told what this takes back; None while that is just being delivered."""
    steps, operation_id = 0, undid
    while True:
        earlier = Message.objects.filter(event__operation=operation_id, person=message.person_id)
        if earlier.sent().exists():
            return delivery.is_news(steps)
        if earlier.waiting().filter(leased_until__gt=at).exists():
            return None
        before = Operation.objects.filter(undone_by=operation_id).values_list("pk", flat=True).first()
        steps += 1
        if before is None:
            return delivery.is_news(steps)
        operation_id = before


def _letter(message: Message, studio: Studio, *, at: datetime) -> Letter:
    _, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    texts = {"text": message.body_text, "html": message.body_html}
    if message.template == "person.invited":
        texts = _with_personal_link(message, texts, at=at)
    return Letter(
        id=message.pk,
        message_id=_message_id(message, address.rpartition("@")[2]),
        sender=f"{studio.name} <{address}>",
        to=message.to,
        subject=message.subject,
        **texts,
    )


def _with_personal_link(message: Message, texts: Mapping[str, str], *, at: datetime) -> dict[str, str]:
    user = message.person.user
    assert user is not None
    path = reverse("invitation", args=[invitations.token_for(user, at=at)])
    link = settings.SITE_URL.rstrip("/") + path
    return {name: text.replace(rendering.PERSONAL_LINK, link) for name, text in texts.items()}


def _message_id(message: Message, domain: str) -> str:
    """The same for every try, so that a mailbox that got it before an answer was lost can tell (F13)."""
    fact = f"{message.event_id}:{message.person_id}:{message.channel}:{message.written_at.isoformat()}"
    return f"<{sha256(fact.encode()).hexdigest()[:32]}@{domain}>"
