"""What an invoice line stands for: the booking, how it ended, and the rule that made the amount."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from billing.models import Charge, InvoiceLine
from memberships.models import DuesPeriod
from sessions_app.models import Booking, Outcome


@dataclass(frozen=True, slots=True)
class LineStory:
    """An invoice line with what is behind it: a booking and its outcome, or a plan that was bought."""

    line: InvoiceLine
    charge: Charge
    booking: Booking | None
    outcome: Outcome | None
    dues: DuesPeriod | None
    made_by: str
    made_at: datetime


def invoice_line(invoice_id: int, position: int) -> LineStory | None:
    """The story of one line, or None if the invoice has no such line. Four statements at most."""
    line = (
        InvoiceLine.objects.filter(invoice_id=invoice_id, position=position)
        .select_related("charge", "charge__entry__operation__actor")
        .first()
    )
    if line is None:
        return None
    booking = (
        Booking.objects.filter(charge=line.charge)
        .select_related("session__service", "session__location", "session__room", "booked_by")
        .first()
    )
    outcome = None if booking is None else booking.outcomes.filter(reversed_at=None).first()
    dues = (
        None
        if booking is not None
        else DuesPeriod.objects.filter(charge=line.charge)
        .select_related("membership__plan", "membership__payment_term")
        .first()
    )
    entry = line.charge.entry
    actor = booking.booked_by if booking else entry.operation.actor if entry else None
    return LineStory(
        line=line,
        charge=line.charge,
        booking=booking,
        outcome=outcome,
        dues=dues,
        made_by=actor.name if actor else "",
        made_at=booking.booked_at if booking else line.charge.at,
    )
