"""What an invoice line stands for: the booking, how it ended, and the rule that made the amount."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from billing.queries import invoices
from billing.queries.invoices import Line
from memberships.models import DuesPeriod
from sessions_app.models import Booking, Outcome


@dataclass(frozen=True, slots=True)
class LineStory:
    """An invoice line with what is behind it: a booking and its outcome, or a plan that was bought."""

    line: Line
    booking: Booking | None
    outcome: Outcome | None
    dues: DuesPeriod | None
    made_by: str
    made_at: datetime


def invoice_line(invoice_id: int, position: int) -> LineStory | None:
    """The story of one line, or None if the invoice has no such line. Four statements at most."""
    line = invoices.line(invoice_id, position)
    if line is None:
        return None
    booking = (
        Booking.objects.filter(charge=line.charge_id)
        .select_related("session__service", "session__location", "session__room", "booked_by")
        .first()
    )
    outcome = None if booking is None else booking.outcomes.filter(reversed_at=None).first()
    dues = None if booking is not None else _dues(line.charge_id)
    by_hand = booking.booked_by.name if booking and booking.booked_by else ""
    return LineStory(
        line=line,
        booking=booking,
        outcome=outcome,
        dues=dues,
        made_by=by_hand if booking else line.written_by,
        made_at=booking.booked_at if booking else line.charged_at,
    )


def _dues(charge_id: int) -> DuesPeriod | None:
    periods = DuesPeriod.objects.filter(charge=charge_id)
    return periods.select_related("membership__plan", "membership__payment_term").first()
