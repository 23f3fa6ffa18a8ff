"""Which credits would pay for a session, for many people at once."""

from __future__ import annotations

from collections.abc import Collection

from memberships.models import CreditLot
from memberships.queries import lots as lot_queries
from memberships.rules.lots import LotFacts


def covering_of(person_ids: Collection[int], *, service_id: int) -> dict[int, list[LotFacts]]:
    """Lots that are good for a service, whatever they still hold and whenever they end, by person."""
    lots = (
        CreditLot.objects.filter(person__in=person_ids, credit_type__services=service_id)
        .select_related("account", "credit_type")
        .order_by("pk")
    )
    by_person: dict[int, list[LotFacts]] = {}
    for lot in lots:
        by_person.setdefault(lot.person_id, []).append(lot_queries.facts(lot))
    return by_person
