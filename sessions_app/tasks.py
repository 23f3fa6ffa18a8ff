"""Background work of sessions: each task asks what is due and does it until nothing is."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from sessions_app.domain import expansion
from studio.people.rules.permissions import SYSTEM


@shared_task
def expand_series() -> int:
    """Make the sessions of every series that was planned since. Returns how many."""
    return expansion.expand(by=SYSTEM, at=timezone.now())
