"""Which events people are told of, and which of them one message tells together."""

from __future__ import annotations

from collections.abc import Iterable

TOLD = (
    "membership.sold",
    "booking.made",
    "booking.canceled",
    "person.invited",
    "invoice.issued",
    "payment.received",
    "credits.granted",
)
"""The verbs with a template. What one operation did to one person is one message, led by the first of these:
a plan that is sold, invoiced, paid and granted in one go is told once."""

WORDS = {
    "membership.sold": "Membership",
    "booking.made": "Booking",
    "booking.canceled": "Cancellation",
    "person.invited": "Invitation",
    "invoice.issued": "Invoice",
    "payment.received": "Payment",
    "credits.granted": "Credits",
}
"""What a message of this kind is called on screens."""


def leading(verbs: Iterable[str]) -> str:
    """The verb whose template tells them all."""
    return min(verbs, key=TOLD.index)


def told_by(verb: str) -> str:
    """The reason on the messages that are left out for it."""
    return f"told in the message “{WORDS[verb]}”"
