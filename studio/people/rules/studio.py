"""What the details of the studio must be before they are saved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from studio.lib import localtime, money
from studio.lib.refusals import Reason

LONGEST = {"name": 120, "legal_name": 200, "address": 1000, "tax_id": 60}
MOST_DUE_DAYS = 365
LOCALES = ("en-GB", "en-US")


@dataclass(frozen=True, slots=True, kw_only=True)
class StudioDetails:
    """Who the business is, on invoices and screens, and the clocks and money it counts in."""

    name: str
    legal_name: str
    address: str
    tax_id: str
    time_zone: str
    currency: str
    locale: str
    week_starts_on: int
    invoice_due_days: int
    member_cancellation_enabled: bool


def why_not_save(details: StudioDetails, *, currency: str, has_entries: bool) -> list[Reason]:
    """Every reason, by its field. ``currency`` is the one until now; with entries in it, it stays."""
    return [
        *_words(details),
        *_zone(details.time_zone),
        *_currency(details.currency, currency, has_entries=has_entries),
        *_rest(details),
    ]


def _words(details: StudioDetails) -> Iterator[Reason]:
    if not details.name:
        yield Reason("no_name", "The studio needs a name.", "Type it.", field="name")
    for field, most in LONGEST.items():
        length = len(getattr(details, field))
        if length > most:
            noun = "name" if field == "name" else field.replace("_", " ")
            text = f"The {noun} has {length} characters."
            yield Reason(f"{field}_too_long", text, f"Use at most {most}.", {"length": length}, field)


def _zone(time_zone: str) -> Iterator[Reason]:
    try:
        localtime.zone_named(time_zone)
    except localtime.UnknownZone:
        text = f"“{time_zone}” is not a time zone."
        yield Reason("unknown_zone", text, "Choose one such as Europe/London.", field="time_zone")


def _currency(wanted: str, now: str, *, has_entries: bool) -> Iterator[Reason]:
    if wanted != now and has_entries:
        yield Reason(
            "currency_in_use",
            f"Money is on the books in {now}.",
            f"Keep {now}: amounts cannot change their currency.",
            {"currency": now},
            "currency",
        )
    elif not (len(wanted) == 3 and wanted.isascii() and wanted.isupper()):
        yield Reason(
            "unknown_currency", f"“{wanted}” is not a currency.", "Type a code such as GBP.", field="currency"
        )
    elif money.exponent(wanted) > 3:
        text = f"{wanted} has more decimals than amounts can have."
        yield Reason("unknown_currency", text, "Choose another.", field="currency")


def _rest(details: StudioDetails) -> Iterator[Reason]:
    if details.locale not in LOCALES:
        yield Reason("unknown_locale", "Dates are written the British or the American way.", field="locale")
    if details.week_starts_on not in range(7):
        yield Reason("unknown_weekday", "A week starts on one of its days.", field="week_starts_on")
    if not 0 <= details.invoice_due_days <= MOST_DUE_DAYS:
        yield Reason(
            "due_days_out_of_range",
            f"An invoice cannot be due after {details.invoice_due_days} days.",
            f"Type a number from 0 to {MOST_DUE_DAYS}.",
            {"most": MOST_DUE_DAYS},
            "invoice_due_days",
        )
