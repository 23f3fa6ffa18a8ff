"""What an ending costs and pays. Whole minor units, rounded half up once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from studio.lib.money import percent


@dataclass(frozen=True, slots=True)
class Ending:
    """A completion type as the rules see it.

    *percentage* of the price, or a *fixed* amount in whole units (X-23).
    """

    label: str
    modifier_type: str
    client_modifier: int
    practitioner_modifier: int
    returns_credit: bool


def cost_minor(ending: Ending, price_minor: int, *, minor_per_unit: int = 100) -> int:
    """What the client pays for a booking that ended so (S3-36)."""
    return _modified(ending.modifier_type, ending.client_modifier, price_minor, minor_per_unit)


def wage_minor(ending: Ending, wage: int, *, minor_per_unit: int = 100) -> int:
    """What the practitioner earns for a booking that ended so (S3-36)."""
    return _modified(ending.modifier_type, ending.practitioner_modifier, wage, minor_per_unit)


def session_wage_minor(wages: Iterable[int]) -> int:
    """One wage per session: the greatest of its bookings' results (X-47)."""
    return max(wages, default=0)


def price_minor(rate_minor: int, *, is_hourly: bool, lasts: timedelta) -> int:
    """The full amount of a session: the service's own, or its hourly rate for the elapsed time (S3-99)."""
    if not is_hourly:
        return rate_minor
    seconds = int(lasts.total_seconds())
    return (rate_minor * seconds * 2 + 3600) // 7200


def _modified(modifier_type: str, modifier: int, amount_minor: int, minor_per_unit: int) -> int:
    if modifier_type == "fixed":
        # a replacement, not a surcharge.
        return modifier * minor_per_unit
    return percent(amount_minor, modifier)
