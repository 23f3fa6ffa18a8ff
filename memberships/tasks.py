"""Memberships' background work: each task asks what is due and calls one verb until nothing is."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from memberships.domain import credits
from studio.people.rules.permissions import SYSTEM


@shared_task
def grant_settled_dues() -> int:
    """Grant credits for every dues period that is settled and has none."""
    at = timezone.now()
    granted = 0
    while done := credits.grant_settled_dues(by=SYSTEM, at=at):
        granted += done
    return granted


@shared_task
def expire_credits() -> int:
    """Expire what is left in lots whose last day has passed."""
    at = timezone.now()
    expired = 0
    while done := credits.expire_due(by=SYSTEM, at=at):
        expired += done
    return expired
