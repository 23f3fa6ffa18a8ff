"""Messages in the background: write what is untold, deliver what is due."""

from __future__ import annotations

import logging
from datetime import datetime

from celery import shared_task
from django.utils import timezone

from studio.notifications import channels
from studio.notifications.domain import sending, writing
from studio.notifications.domain.sending import Letter

logger = logging.getLogger(__name__)


@shared_task
def write_and_send() -> int:
    """Write the messages of new events and deliver those that are due. Returns how many were delivered.

    May run twice, late or in parallel: each message is written once and held by one worker at a time (J3).
    """
    at = timezone.now()
    while writing.write(at=at):
        pass
    return send_due(at=at)


def send_due(*, at: datetime) -> int:
    """Deliver everything that is due at this moment, unless nobody answers."""
    delivered = 0
    while (claimed := sending.claim(at=at)).looked_at:
        done, is_down = _deliver(claimed.letters, at=at)
        delivered += done
        if is_down:
            logger.warning("The mail server does not answer; messages wait for it.")
            break
    return delivered


def _deliver(letters: tuple[Letter, ...], *, at: datetime) -> tuple[int, bool]:
    left = {letter.id for letter in letters}
    done = 0
    for delivered in channels.by_email(letters):
        left.discard(delivered.letter.id)
        if not delivered.error:
            sending.record_sent(message_id=delivered.letter.id, at=at)
            done += 1
            continue
        sending.record_failure(
            message_id=delivered.letter.id, error=delivered.error, is_final=delivered.is_final, at=at
        )
        if delivered.is_down:
            # Trying the others now would only keep the worker waiting and use up their tries.
            sending.give_back(message_ids=sorted(left))
            return done, True
    return done, False
