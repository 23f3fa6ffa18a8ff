"""Which events people are told of. A preview foretells it; the messages are written on a floor above."""

from __future__ import annotations

TOLD = (
    "membership.sold",
    "booking.made",
    "booking.canceled",
    "person.invited",
    "invoice.issued",
    "payment.received",
    "credits.granted",
)
"""Events that have a message. What one operation did to one person is one message, led by the first of these:
a plan that is sold, invoiced, paid and granted in one go is told once."""


def words(name: str, others: int = 0, *, is_own: bool) -> str:
    """The line of a preview: who gets an e-mail, and when."""
    who = f"{name} gets an e-mail" if not others else f"{others + 1} people get an e-mail"
    return who if is_own else f"{who} after a minute, unless it is undone"
