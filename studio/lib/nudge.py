"""Wake a worker sooner. Truth is in the database, so losing a nudge loses nothing but a little time."""

from __future__ import annotations

import logging
from threading import Lock
from time import monotonic

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

GATHER_SECONDS = 1
"""A nudge wakes the worker after this long, and answers for everything that happens until then."""

_woken: dict[str, float] = {}
_lock = Lock()


def nudge(task: str) -> None:
    """Send the Celery task of this name once the transaction has committed. A broken broker is only logged.

    Under load one nudge a second is sent for each task, whatever the number of commits.
    """
    transaction.on_commit(lambda: _send(task), robust=True)


def _send(task: str) -> None:
    with _lock:
        if monotonic() < _woken.get(task, 0):
            return
        _woken[task] = monotonic() + GATHER_SECONDS
    try:
        current_app.send_task(task, countdown=GATHER_SECONDS, retry=False, ignore_result=True)
    except (OSError, OperationalError):
        logger.warning("No broker for the nudge %s; the next sweep will do the work.", task)
