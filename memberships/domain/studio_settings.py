"""The verb about the studio itself: who it is, and the clocks and money it counts in.

The studio is the lowest floor and the journal stands above it, so it is here for the reason that the verbs
about people are (docs/decisions, "Verbs about people").
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from billing.queries import accounts
from studio.audit.domain import journal, operations
from studio.audit.domain.operations import recorded, undoable
from studio.lib.consequences import tell
from studio.lib.refusals import Refused
from studio.lib.transactions import use_case
from studio.people.models import Studio
from studio.people.rules import access
from studio.people.rules import studio as rule
from studio.people.rules.permissions import Actor, Capability
from studio.people.rules.studio import StudioDetails


class CannotSaveStudio(Refused):
    """The details cannot be like that; every reason names its field."""

    code = "cannot_save_studio"


@undoable
@use_case
@recorded("studio.save")
def save(
    *,
    name: str,
    legal_name: str = "",
    address: str = "",
    tax_id: str = "",
    time_zone: str,
    currency: str,
    locale: str = "en-GB",
    week_starts_on: int = 0,
    invoice_due_days: int = 14,
    member_cancellation_enabled: bool = True,
    by: Actor,
    at: datetime,
) -> int:
    """Save the details of the studio. Returns its id.

    Invoices that are written already keep what they say; the next ones have the new details.

    :raises CannotSaveStudio: with every failing reason; the currency stays once money is on the books.
    """
    studio = Studio.objects.select_for_update(no_key=True).get(pk=Studio.objects.current().pk)
    details = StudioDetails(
        name=" ".join(name.split()),
        legal_name=" ".join(legal_name.split()),
        address="\n".join(line.strip() for line in address.strip().splitlines()),
        tax_id=" ".join(tax_id.split()),
        time_zone=time_zone,
        currency=currency.strip().upper(),
        locale=locale,
        week_starts_on=week_starts_on,
        invoice_due_days=invoice_due_days,
        member_cancellation_enabled=member_cancellation_enabled,
    )
    reasons = access.why_not(by, Capability.CHANGE_SETTINGS) + rule.why_not_save(
        details, currency=studio.currency, has_entries=accounts.is_in_use(studio.currency)
    )
    if reasons:
        raise CannotSaveStudio(reasons)
    _write(studio, asdict(details), at=at)
    return studio.pk


def _write(studio: Studio, wanted: dict[str, Any], *, at: datetime) -> None:
    before = {field: getattr(studio, field) for field in wanted}
    changed = sorted(field for field in wanted if wanted[field] != before[field])
    if not changed:
        return
    for field in changed:
        setattr(studio, field, wanted[field])
    studio.save(update_fields=changed)
    # The names of what changed, not the values: an address or a tax number may be a person's.
    journal.record("studio.changed", at=at, subject="studio:1", fields=changed)
    if "member_cancellation_enabled" in changed:
        may = "may" if wanted["member_cancellation_enabled"] else "can no longer"
        tell("places", f"Members {may} cancel their own bookings")
    operations.can_be_undone_by("studio.save", **before)
