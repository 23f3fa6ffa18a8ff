"""Lots of credits, with what is free, held, used and expired: every number from the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, QuerySet

from billing.queries import accounts
from memberships.models import CreditLot
from memberships.rules.lots import LotFacts, is_valid_on


@dataclass(frozen=True)
class CreditSummary:
    """A person's credits of one type.

    ``free + held + used + expired = granted`` (with ``forfeited`` in expired).
    """

    credit_type_id: int
    credit_type: str
    free: int
    held: int
    used: int
    expired: int
    granted: int
    next_end_on: date | None
    lots: tuple[CreditLot, ...]


def of_person(person_id: int) -> QuerySet[Any]:
    """A person's lots, newest first, each annotated with ``free``, ``held``, ``used`` and ``expired``."""
    return with_numbers(CreditLot.objects.filter(person_id=person_id)).order_by("-granted_at", "-pk")


def with_numbers(lots: QuerySet[CreditLot]) -> QuerySet[Any]:
    """These lots, each annotated with ``free``, ``held``, ``used`` and ``expired``."""
    return lots.select_related("credit_type", "account", "membership__plan").annotate(
        free=F("account__posted_in") - F("account__posted_out") - F("account__held"),
        held=F("account__held"),
        used=accounts.gone_to("studio:used"),
        expired=accounts.gone_to("studio:expired", "studio:forfeited", "studio:withdrawn"),
    )


def summary(person_id: int, *, on: date) -> list[CreditSummary]:
    """A person's credits per type as of a local date.

    Free credits of lots that have ended count as expired.
    """
    by_type: dict[int, list[Any]] = {}
    for lot in of_person(person_id):
        by_type.setdefault(lot.credit_type_id, []).append(lot)
    return [_summarise(lots, on) for lots in by_type.values()]


def covering(person_id: int, service_id: int) -> list[LotFacts]:
    """A person's lots that are good for a service, as facts for the rules, whatever they still hold."""
    lots = CreditLot.objects.filter(person_id=person_id, credit_type__services=service_id)
    return [facts(lot) for lot in lots.select_related("account", "credit_type").order_by("pk")]


def facts(lot: CreditLot) -> LotFacts:
    """What the rules need to know of a lot loaded with its account and type."""
    return LotFacts(
        id=lot.pk,
        account_id=lot.account_id,
        credit_type=lot.credit_type.name,
        last_valid_on=lot.last_valid_on,
        is_free=lot.is_free,
        granted_at=lot.granted_at,
        available=lot.account.available,
    )


def expired_with_credits(today: date) -> QuerySet[CreditLot]:
    """Lots whose last day has passed and that still have free credits, oldest first."""
    return CreditLot.objects.filter(
        last_valid_on__lt=today, account__posted_in__gt=F("account__posted_out") + F("account__held")
    ).order_by("last_valid_on", "account_id")


def _summarise(lots: list[Any], on: date) -> CreditSummary:
    live = [lot for lot in lots if is_valid_on(facts(lot), on)]
    ends = [lot.last_valid_on for lot in live if lot.last_valid_on and lot.free + lot.held > 0]
    free = sum(lot.free for lot in live)
    return CreditSummary(
        credit_type_id=lots[0].credit_type_id,
        credit_type=lots[0].credit_type.name,
        free=free,
        held=sum(lot.held for lot in lots),
        used=sum(lot.used for lot in lots),
        expired=sum(lot.expired for lot in lots) + sum(lot.free for lot in lots) - free,
        granted=sum(lot.granted for lot in lots),
        next_end_on=min(ends, default=None),
        lots=tuple(lots),
    )
