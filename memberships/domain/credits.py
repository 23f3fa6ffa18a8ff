"""Credits: granted in lots, expired when their day has passed, given back to where they came from."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from billing.domain import ledger
from memberships.models import CreditLot, CreditType, DuesPeriod, PaymentTermBucket
from memberships.queries import dues
from memberships.queries import lots as lot_queries
from memberships.rules import lots as rule
from studio.audit.domain import journal
from studio.audit.domain.operations import recorded
from studio.lib import localtime
from studio.lib.consequences import tell
from studio.lib.refusals import NotFound, Reason, Refused
from studio.lib.transactions import step, use_case
from studio.people.models import Person, Studio
from studio.people.rules import access
from studio.people.rules.permissions import Actor, Capability

CHUNK = 1_000


class CannotGrant(Refused):
    """The grant says nothing sensible."""

    code = "cannot_grant"


@dataclass(frozen=True)
class Grant:
    """Credits to be granted together. ``key`` is the business fact, which grants once."""

    key: str
    person_id: int
    credit_type_id: int
    quantity: int
    last_valid_on: date | None
    reason: str
    is_free: bool = False
    membership_id: int | None = None
    dues_period_id: int | None = None


@use_case
@recorded("credits.grant")
def grant(
    *,
    person_id: int,
    credit_type_id: int,
    quantity: int,
    days_to_expire: int = 0,
    reason: str,
    by: Actor,
    at: datetime,
) -> int:
    """Give credits by hand, with a reason. 0 days means that they never expire. Returns the lot's id.

    :raises CannotGrant: if the quantity is not positive or no reason is given.
    """
    _check_grant(quantity, days_to_expire, reason, by)
    if not Person.objects.filter(pk=person_id).exists():
        raise NotFound("person")
    if not CreditType.objects.filter(pk=credit_type_id).exists():
        raise NotFound("credit type")
    granted_on = localtime.local_day(at, Studio.objects.current().time_zone)
    key = f"grant:{uuid.uuid4().hex}"
    until = rule.last_valid_on(granted_on, days_to_expire)
    return write_lots(
        [Grant(key, person_id, credit_type_id, quantity, until, reason.strip(), is_free=True)], at=at
    )[0].pk


@use_case
@recorded("credits.grant_settled_dues")
def grant_settled_dues(*, by: Actor, at: datetime) -> int:
    """Grant the credits of dues periods that are settled and have none yet: once each, whoever calls it how
    often.

    Works on one chunk of at most :data:`CHUNK` periods, leaving those that another worker holds. Returns how
    many periods it granted for (S2-03, X-13).
    """
    periods = list(
        DuesPeriod.objects.filter(pk__in=dues.settled_without_lots()[:CHUNK])
        .select_related("membership")
        .order_by("pk")
        .select_for_update(of=["self"], no_key=True, skip_locked=True)
    )
    grant_for_periods(periods, at=at)
    return len(periods)


@step
def grant_for_periods(periods: Sequence[DuesPeriod], *, at: datetime) -> list[CreditLot]:
    """One lot per settled period and used bucket, in the quantity and with the days in force now (C5)."""
    granted_on = localtime.local_day(at, Studio.objects.current().time_zone)
    terms = {period.membership.payment_term_id for period in periods}
    buckets: dict[int, list[PaymentTermBucket]] = {}
    for bucket in PaymentTermBucket.objects.filter(payment_term__in=terms, quantity__gt=0).order_by("pk"):
        buckets.setdefault(bucket.payment_term_id, []).append(bucket)
    already = set(
        CreditLot.objects.filter(dues_period__in=periods).values_list("dues_period_id", "credit_type_id")
    )
    return write_lots(
        [
            Grant(
                key=f"dues:{period.pk}:{bucket.credit_type_id}",
                person_id=period.membership.person_id,
                credit_type_id=bucket.credit_type_id,
                quantity=bucket.quantity,
                last_valid_on=rule.last_valid_on(granted_on, bucket.days_to_expire),
                reason="Dues paid",
                membership_id=period.membership_id,
                dues_period_id=period.pk,
            )
            for period in periods
            for bucket in buckets.get(period.membership.payment_term_id, ())
            if (period.pk, bucket.credit_type_id) not in already
        ],
        at=at,
    )


@use_case
@recorded("credits.expire_due")
def expire_due(*, by: Actor, at: datetime) -> int:
    """Expire what is free in lots whose last day has passed, one chunk at a time. Returns how many lots.

    Credits that a booking holds stay with the booking (C8, S4-02).
    """
    today = localtime.local_day(at, Studio.objects.current().time_zone)
    lots = list(lot_queries.expired_with_credits(today)[:CHUNK])
    accounts = ledger.lock(lot.account_id for lot in lots)
    destination = ledger.studio_account("expired", ledger.CREDIT)
    left = [lot for lot in lots if accounts[lot.account_id].available > 0]
    ledger.write_many(
        [
            ledger.posting(
                # The sequence number under the lock makes each expiry of a lot its own fact.
                key=f"lot:{lot.key}:expire:{accounts[lot.account_id].seq}",
                source=accounts[lot.account_id],
                destination=destination,
                amount=accounts[lot.account_id].available,
                reason="lot.expired",
                at=at,
            )
            for lot in left
        ]
    )
    journal.record_many(
        "credits.expired",
        [(f"lot:{lot.pk}", lot.person_id, {"quantity": accounts[lot.account_id].available}) for lot in left],
        at=at,
    )
    return len(left)


@step
def after_return(lot: CreditLot, *, by_studio: bool, at: datetime) -> CreditLot | None:
    """Apply X-10 to a credit that was just released into a lot: nothing, unless the lot has expired.

    A member's own cancel forfeits it visibly; a cancel by the studio grants a restitution lot, which is
    returned.
    """
    today = localtime.local_day(at, Studio.objects.current().time_zone)
    if lot.last_valid_on is None or today <= lot.last_valid_on:
        return None
    account = ledger.lock([lot.account_id])[lot.account_id]
    forfeited = ledger.post(
        key=f"{account.owner}:forfeit:{account.seq}",
        source=account,
        destination=ledger.studio_account("forfeited", ledger.CREDIT),
        amount=1,
        reason="lot.returned_after_expiry",
        at=at,
    )
    if not by_studio:
        tell(
            "credits",
            f"The credit goes back to credits that ended on {lot.last_valid_on}, so it is forfeited.",
        )
        return None
    until = rule.restitution_until(lot.last_valid_on, today)
    tell("credits", f"Its credits ended on {lot.last_valid_on}; a new credit is given, good until {until}.")
    return write_lots(
        [
            Grant(
                key=f"restitution:{forfeited.pk}",
                person_id=lot.person_id,
                credit_type_id=lot.credit_type_id,
                quantity=1,
                last_valid_on=until,
                reason="Given back: the studio canceled after the credits had ended",
                is_free=True,
            )
        ],
        at=at,
    )[0]


@step
def write_lots(grants: Sequence[Grant], *, at: datetime) -> list[CreditLot]:
    """Write lots with their accounts and first entries, a constant number of statements for any number of
    grants.
    """
    if not grants:
        return []
    issued = ledger.studio_account("issued", ledger.CREDIT)
    accounts = ledger.open_accounts([f"lot:{grant.key}" for grant in grants], ledger.CREDIT)
    lots = CreditLot.objects.bulk_create(
        CreditLot(
            person_id=grant.person_id,
            credit_type_id=grant.credit_type_id,
            membership_id=grant.membership_id,
            dues_period_id=grant.dues_period_id,
            key=grant.key,
            account=account,
            granted=grant.quantity,
            granted_at=at,
            last_valid_on=grant.last_valid_on,
            is_free=grant.is_free,
            reason=grant.reason,
        )
        for grant, account in zip(grants, accounts, strict=True)
    )
    ledger.write_many(
        [
            ledger.posting(
                key=f"lot:{lot.key}:grant",
                source=issued,
                destination=lot.account,
                amount=lot.granted,
                reason="lot.granted",
                at=at,
            )
            for lot in lots
        ]
    )
    _tell_granted(lots, at=at)
    return lots


def _tell_granted(lots: Sequence[CreditLot], *, at: datetime) -> None:
    names = dict(
        CreditType.objects.filter(pk__in={lot.credit_type_id for lot in lots}).values_list("pk", "name")
    )
    for lot in lots:
        until = f"until {lot.last_valid_on}" if lot.last_valid_on else "without an end"
        tell("credits", f"{lot.granted} × {names[lot.credit_type_id]}, {until}")
    journal.record_many(
        "credits.granted",
        [
            (
                f"lot:{lot.pk}",
                lot.person_id,
                {
                    "quantity": lot.granted,
                    "credit_type": names[lot.credit_type_id],
                    "last_valid_on": lot.last_valid_on and lot.last_valid_on.isoformat(),
                },
            )
            for lot in lots
        ],
        at=at,
    )


def _check_grant(quantity: int, days_to_expire: int, reason: str, by: Actor) -> None:
    reasons = access.why_not(by, Capability.GRANT_CREDITS)
    if quantity < 1:
        reasons.append(
            Reason("quantity", "A grant is at least one credit.", "Type how many.", field="quantity")
        )
    if days_to_expire < 0:
        reasons.append(
            Reason(
                "days",
                "Days to expire cannot be below zero.",
                "Leave it empty for never.",
                field="days_to_expire",
            )
        )
    if not reason.strip():
        reasons.append(
            Reason("reason", "A grant needs a reason.", "The person sees it in their log.", field="reason")
        )
    if reasons:
        raise CannotGrant(*reasons)
