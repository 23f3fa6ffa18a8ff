"""What people owe: held while it is expected, posted once it is final."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from billing.domain import ledger
from billing.models import Charge, Entry, InvoiceLine
from studio.lib.refusals import Reason, Refused
from studio.lib.transactions import step


class AlreadyInvoiced(Refused):
    """The charge stands on an invoice, which keeps what it says."""

    code = "already_invoiced"


@step
def expect(
    *,
    key: str,
    person_id: int,
    description: str,
    service_on: date,
    amount_minor: int,
    currency: str,
    at: datetime,
) -> Charge:
    """Note what a thing will cost, and hold that much of the person's money.

    Available credit falls at once.
    """
    charge = _new(key, person_id, description, service_on, amount_minor, at)
    charge.save()
    _hold(charge, currency, at)
    return charge


@step
def settle(charge: Charge, *, amount_minor: int, currency: str, reason: str, at: datetime) -> Charge:
    """Make a charge final at this amount. 0 frees what was held and posts nothing."""
    charge.entry = _resolve(charge, amount_minor, currency, reason, at)
    charge.amount_minor, charge.final_at = amount_minor, at
    charge.save(update_fields=["entry", "amount_minor", "final_at"])
    return charge


@step
def post(
    *,
    key: str,
    person_id: int,
    description: str,
    service_on: date,
    amount_minor: int,
    currency: str,
    at: datetime,
) -> Charge:
    """A charge that is final from the start, such as the sale of a plan."""
    charge = _new(key, person_id, description, service_on, amount_minor, at)
    charge.amount_minor, charge.final_at = amount_minor, at
    charge.entry = _resolve(charge, amount_minor, currency, "charge.posted", at)
    charge.save()
    return charge


@step
def lock(charge_ids: Iterable[int]) -> dict[int, Charge]:
    """Lock charges in ascending order, after all accounts, and return them by id.

    Whoever invoices them holds them, too: what stands on an invoice is known once they are locked.
    """
    wanted = Charge.objects.filter(pk__in=list(charge_ids)).select_related("hold", "entry").order_by("pk")
    return {charge.pk: charge for charge in wanted.select_for_update(no_key=True, of=["self"])}


@step
def reopen(charge: Charge, *, currency: str, at: datetime) -> Charge:
    """Take back the final amount of a locked charge and hold the expected one again.

    :raises AlreadyInvoiced: if the charge is on an invoice.
    """
    if line := InvoiceLine.objects.filter(charge=charge).select_related("invoice").first():
        raise AlreadyInvoiced(
            Reason(
                "already_invoiced",
                f"{charge.description} is on invoice {line.invoice.number}.",
                "An issued invoice keeps what it says; correct it with a payment or a credit instead.",
                {"invoice": line.invoice.number},
            )
        )
    if charge.entry is not None and charge.amount_minor:
        ledger.reverse(charge.entry, key=_key(charge, "reverse"), reason="charge.reopened", at=at)
    charge.cycle += 1
    charge.amount_minor = charge.final_at = charge.entry = None
    charge.save(update_fields=["cycle", "amount_minor", "final_at", "entry"])
    _hold(charge, currency, at)
    return charge


def _new(
    key: str, person_id: int, description: str, service_on: date, expected_minor: int, at: datetime
) -> Charge:
    return Charge(
        key=key,
        person_id=person_id,
        description=description,
        service_on=service_on,
        expected_minor=expected_minor,
        at=at,
    )


def _hold(charge: Charge, currency: str, at: datetime) -> None:
    if not charge.expected_minor:
        return
    charge.hold = ledger.hold(
        key=_key(charge, "hold"),
        source=ledger.person_account(charge.person_id, currency),
        destination=ledger.studio_account("income", currency),
        amount=charge.expected_minor,
        reason="charge.expected",
        at=at,
    )
    charge.save(update_fields=["hold"])


def _resolve(charge: Charge, amount_minor: int, currency: str, reason: str, at: datetime) -> Entry | None:
    if charge.hold is not None and charge.pk:
        if amount_minor:
            return ledger.settle(
                charge.hold, key=_key(charge, "settle"), amount=amount_minor, reason=reason, at=at
            )
        ledger.release(charge.hold, key=_key(charge, "release"), reason=reason, at=at)
        return None
    if not amount_minor:
        return None
    return ledger.post(
        key=_key(charge, "post"),
        source=ledger.person_account(charge.person_id, currency),
        destination=ledger.studio_account("income", currency),
        amount=amount_minor,
        reason=reason,
        at=at,
    )


def _key(charge: Charge, what: str) -> str:
    return f"charge:{charge.key}:{charge.cycle}:{what}"
