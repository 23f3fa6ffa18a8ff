"""An invoice as the document that desk and portal both show and print."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from studio.people.models import Studio


@dataclass(frozen=True, slots=True)
class Line:
    """One line; ``href`` explains its amount."""

    description: str
    service_on: date
    amount_minor: int
    href: str


@dataclass(frozen=True, slots=True)
class Paid:
    """One payment that the paid sum consists of."""

    at: datetime
    method: str
    reference: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Document:
    """What ``components/invoice.html`` shows, in minor units; ``due_minor`` is what is still to pay."""

    number: str
    issued_on: date
    due_on: date
    seller_name: str
    seller_address: str
    tax_id: str
    buyer_name: str
    buyer_address: str
    currency: str
    total_minor: int
    paid_minor: int
    due_minor: int
    state: str
    label: str
    lines: Sequence[Line]
    payments: Sequence[Paid]
    note: str = ""


def of(invoice: Any, *, studio: Studio, today: date, explain: Callable[[int], str]) -> Document:
    """The document of an invoice from ``billing.queries.invoices`` (it knows ``paid_minor``).

    ``explain`` gives the address that explains the line at a position. Two statements.
    """
    state, label = standing(invoice, today=today)
    return Document(
        number=invoice.number,
        issued_on=invoice.issued_on,
        due_on=invoice.due_on,
        seller_name=studio.legal_name or studio.name,
        seller_address=studio.address,
        tax_id=studio.tax_id,
        buyer_name=invoice.person.name,
        buyer_address=invoice.person.email,
        currency=invoice.currency,
        total_minor=invoice.total_minor,
        paid_minor=invoice.paid_minor,
        due_minor=invoice.open_minor,
        state=state,
        label=label,
        lines=[
            Line(line.description, line.service_on, line.amount_minor, explain(line.position))
            for line in invoice.lines.order_by("position")
        ],
        payments=[
            Paid(each.received_at, each.get_method_display(), each.reference, each.amount_minor)
            for each in invoice.payments.order_by("received_at", "pk")
        ],
    )


def standing(invoice: Any, *, today: date) -> tuple[str, str]:
    """State and word of its tag: Paid, Overdue, Part paid or To pay."""
    if invoice.open_minor <= 0:
        return "ok", "Paid"
    if invoice.due_on < today:
        return "danger", "Overdue"
    return ("warn", "Part paid") if invoice.paid_minor else ("open", "To pay")
