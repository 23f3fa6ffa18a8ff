"""Which of an operation's events one message tells together, and what it is called."""

from __future__ import annotations

from collections.abc import Iterable

from studio.audit.rules.told import TOLD

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
