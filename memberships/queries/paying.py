"""Which credits would pay for a session, for many people at once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from memberships.models import CreditLot
from memberships.queries import lots as lot_queries
from memberships.rules import lots as rule
from memberships.rules.lots import LotFacts


def usable_by(person_ids: Collection[int], *, service_id: int, on: date) -> dict[int, list[LotFacts]]:
    """Lots that could pay on this local date, by person, in the order in which the rule takes them."""
    lots = (
        CreditLot.objects.filter(person__in=person_ids, credit_type__services=service_id)
        .select_related("account", "credit_type")
        .order_by("pk")
    )
    by_person: dict[int, list[LotFacts]] = {}
    for lot in lots:
        by_person.setdefault(lot.person_id, []).append(lot_queries.facts(lot))
    return {person_id: rule.usable(found, session_on=on) for person_id, found in by_person.items()}
