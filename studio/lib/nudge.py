"""Wake a worker sooner. Truth is in the database, so losing a nudge loses nothing but a little time."""

from __future__ import annotations

import logging

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def nudge(task: str) -> None:
    """Send the Celery task of this name once the transaction has committed.

    A broken broker is only logged.
    """
    transaction.on_commit(lambda: _send(task), robust=True)


def _send(task: str) -> None:
    try:
        current_app.send_task(task, retry=False, ignore_result=True)
    except (OSError, OperationalError):
        logger.warning("No broker for the nudge %s; the next sweep will do the work.", task)
