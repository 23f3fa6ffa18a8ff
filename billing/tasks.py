"""Billing's background work: each task asks what is due and calls one verb for each."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from billing.domain import invoices
from billing.queries import charges
from studio.people.rules.permissions import SYSTEM


@shared_task
def issue_due_invoices() -> int:
    """Invoice every person whose final charges have waited out the time in which they can be undone."""
    at = timezone.now()
    people = charges.people_with_uninvoiced(final_before=at - invoices.GRACE)
    return sum(invoices.issue_due(person_id=person_id, by=SYSTEM, at=at) is not None for person_id in people)
