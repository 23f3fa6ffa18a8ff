"""Billing's background work: each task asks what is due and calls one verb for each."""

from __future__ import annotations

import logging

from celery import shared_task
from django.db import DatabaseError
from django.utils import timezone

from billing.domain import invoices
from billing.queries import charges
from studio.lib.refusals import Refused
from studio.people.rules.permissions import SYSTEM

logger = logging.getLogger(__name__)


@shared_task
def issue_due_invoices() -> int:
    """Invoice every person whose final charges have waited out the time in which they can be undone.

    One person who cannot be invoiced stays due, is logged, and keeps nobody else waiting (F22).
    """
    at = timezone.now()
    issued = 0
    for person_id in charges.people_with_uninvoiced(final_before=at - invoices.GRACE):
        try:
            issued += invoices.issue_due(person_id=person_id, by=SYSTEM, at=at) is not None
        except (Refused, DatabaseError):
            logger.exception("Person %s cannot be invoiced.", person_id)
    return issued
