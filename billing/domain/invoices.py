"""Invoices: final charges of one person, numbered without a gap, never changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import F

from billing.models import Charge, Invoice, InvoiceCounter, InvoiceLine
from billing.queries import charges as charge_queries
from studio.audit.domain import journal
from studio.audit.domain.operations import recorded
from studio.lib import localtime
from studio.lib.consequences import tell
from studio.lib.money import shown
from studio.lib.refusals import Reason, Refused
from studio.lib.transactions import step, use_case
from studio.people.models import Studio
from studio.people.rules import access
from studio.people.rules.permissions import Actor, Capability

# A charge can be taken back by an undo for this long before it is invoiced by itself.
GRACE = timedelta(seconds=60)


class CannotInvoice(Refused):
    """There is nothing to invoice, or not by this actor."""

    code = "cannot_invoice"


@use_case
@recorded("invoice.issue")
def issue(*, person_id: int, by: Actor, at: datetime) -> int:
    """Invoice everything final and not yet invoiced of one person. Returns the invoice's id.

    :raises CannotInvoice: if there is nothing.
    """
    if reasons := access.why_not(by, Capability.TAKE_PAYMENTS):
        raise CannotInvoice(*reasons)
    due = charge_queries.uninvoiced(person_id=person_id).order_by("pk")
    charges = _still_uninvoiced(due.select_for_update(no_key=True, of=["self"]))
    if not charges:
        raise CannotInvoice(
            Reason(
                "nothing_to_invoice", "Everything this person owes is already on an invoice.", "See Invoices."
            )
        )
    return issue_for(person_id, charges, at=at).pk


@use_case
@recorded("invoice.issue_due")
def issue_due(*, person_id: int, by: Actor, at: datetime) -> int | None:
    """The sweep's verb: invoice what has been final for longer than :data:`GRACE`. None if nothing is due.

    Charges that another worker holds are left to it.
    """
    due = charge_queries.uninvoiced(person_id=person_id).filter(final_at__lte=at - GRACE)
    charges = _still_uninvoiced(
        due.order_by("pk").select_for_update(no_key=True, skip_locked=True, of=["self"])
    )
    return issue_for(person_id, charges, at=at).pk if charges else None


@step
def issue_for(person_id: int, charges: Sequence[Charge], *, at: datetime) -> Invoice:
    """Write the invoice over these locked, final charges. The number is the last thing taken."""
    studio = Studio.objects.current()
    on = localtime.local_day(at, studio.time_zone)
    ordered = sorted(charges, key=lambda charge: (charge.service_on, charge.pk))
    total = sum(charge.amount_minor or 0 for charge in ordered)
    invoice = Invoice.objects.create(
        number=_next_number(f"INV-{on.year}"),
        person_id=person_id,
        issued_at=at,
        issued_on=on,
        due_on=on + timedelta(days=studio.invoice_due_days),
        currency=studio.currency,
        total_minor=total,
    )
    InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice=invoice,
            position=position,
            charge=charge,
            description=charge.description,
            service_on=charge.service_on,
            amount_minor=charge.amount_minor or 0,
        )
        for position, charge in enumerate(ordered, start=1)
    )
    tell("money", f"Invoice over {shown(total, studio.currency)}")
    journal.record(
        "invoice.issued",
        at=at,
        subject=f"invoice:{invoice.pk}",
        person_id=person_id,
        number=invoice.number,
        total_minor=total,
        currency=studio.currency,
        due_on=invoice.due_on.isoformat(),
    )
    return invoice


def _still_uninvoiced(locked: Iterable[Charge]) -> list[Charge]:
    """These charges, now that they are locked, without those that somebody else has just invoiced."""
    charges = list(locked)
    gone = set(InvoiceLine.objects.filter(charge__in=charges).values_list("charge_id", flat=True))
    return [charge for charge in charges if charge.pk not in gone]


def _next_number(series: str) -> str:
    InvoiceCounter.objects.bulk_create([InvoiceCounter(series=series)], ignore_conflicts=True)
    # The update keeps the row locked until commit, so a number is either used or never given out.
    InvoiceCounter.objects.filter(pk=series).update(last=F("last") + 1)
    return f"{series}-{InvoiceCounter.objects.get(pk=series).last:05d}"
