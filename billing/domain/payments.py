"""Money that arrives."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Sum

from billing.domain import ledger
from billing.models import Invoice, Payment
from studio.audit.domain import journal
from studio.audit.domain.operations import recorded
from studio.lib.consequences import tell
from studio.lib.money import shown
from studio.lib.nudge import nudge
from studio.lib.refusals import NotFound, Reason, Refused
from studio.lib.transactions import step, use_case
from studio.people.rules import access
from studio.people.rules.permissions import Actor, Capability

# By name: the floor that turns settled dues into credits is above.
GRANT_CREDITS = "memberships.tasks.grant_settled_dues"


class CannotTakePayment(Refused):
    """The amount does not fit what is open."""

    code = "cannot_take_payment"


@use_case
@recorded("payment.record")
def record(
    *, invoice_id: int, amount_minor: int, method: str, reference: str = "", by: Actor, at: datetime
) -> int:
    """Record a payment of an invoice taken at the desk. Returns the payment's id.

    :raises CannotTakePayment: if the amount is not above zero, or above what is open.
    """
    invoice = Invoice.objects.select_for_update(no_key=True).filter(pk=invoice_id).first()
    if invoice is None:
        raise NotFound("invoice")
    if reasons := access.why_not(by, Capability.TAKE_PAYMENTS):
        raise CannotTakePayment(*reasons)
    return take(invoice, amount_minor=amount_minor, method=method, reference=reference, at=at).pk


@step
def take(invoice: Invoice, *, amount_minor: int, method: str, reference: str = "", at: datetime) -> Payment:
    """Post a payment for a locked invoice.

    :raises CannotTakePayment: if the amount is not above zero, or above what is open.
    """
    paid = invoice.payments.aggregate(paid=Sum("amount_minor"))["paid"] or 0
    _check(amount_minor, method, invoice.total_minor - paid, invoice)
    entry = ledger.post(
        key=f"payment:{invoice.pk}:{invoice.payments.count() + 1}",
        source=ledger.studio_account(method, invoice.currency),
        destination=ledger.person_account(invoice.person_id, invoice.currency),
        amount=amount_minor,
        reason="payment.received",
        at=at,
    )
    payment = Payment.objects.create(
        person_id=invoice.person_id,
        invoice=invoice,
        method=method,
        amount_minor=amount_minor,
        received_at=at,
        reference=reference,
        entry=entry,
    )
    # Not the invoice's number: a preview would foretell one that the next sale takes.
    how = Payment.Method(method).label.lower()
    tell("money", f"{shown(amount_minor, invoice.currency)} paid: {how}")
    journal.record(
        "payment.received",
        at=at,
        subject=f"invoice:{invoice.pk}",
        person_id=invoice.person_id,
        number=invoice.number,
        amount_minor=amount_minor,
        currency=invoice.currency,
        method=method,
    )
    nudge(GRANT_CREDITS)
    return payment


def _check(amount_minor: int, method: str, open_minor: int, invoice: Invoice) -> None:
    reasons = []
    if amount_minor <= 0:
        reasons.append(
            Reason("amount", "A payment is more than zero.", "Type what was paid.", field="amount")
        )
    if amount_minor > open_minor:
        reasons.append(
            Reason(
                "amount",
                f"Only {shown(open_minor, invoice.currency)} of {invoice.number} is open.",
                "Take that much, or less.",
                {"open_minor": open_minor},
                field="amount",
            )
        )
    if method not in Payment.Method.values:
        reasons.append(Reason("method", "Choose cash, card or transfer.", field="method"))
    if reasons:
        raise CannotTakePayment(*reasons)
