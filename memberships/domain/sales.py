"""Selling plans."""

from __future__ import annotations

from datetime import date, datetime

from billing.domain import charges, invoices, payments
from memberships.domain import credits
from memberships.models import DuesPeriod, Membership, PaymentTerm
from studio.audit.domain import journal
from studio.audit.domain.operations import recorded
from studio.lib import localtime
from studio.lib.consequences import anyone_listens, tell
from studio.lib.refusals import NotFound, Reason, Refused
from studio.lib.transactions import use_case
from studio.people.models import Person, Studio
from studio.people.rules import access
from studio.people.rules.permissions import Actor, Capability


class CannotSell(Refused):
    """The plan is not for sale, or not to this person."""

    code = "cannot_sell"


@use_case
@recorded("membership.sell")
def sell(
    *,
    person_id: int,
    payment_term_id: int,
    starts_on: date,
    paid_by: str | None = None,
    by: Actor,
    at: datetime,
) -> int:
    """Sell a plan to a person and invoice it. Returns the membership's id.

    Paid at once (``paid_by`` cash, card or transfer) it grants its credits at once; otherwise they follow
    when the invoice is settled, and not before (S2-03, X-13).

    :raises CannotSell: if the plan is not on sale, or the person is inactive.
    """
    term = PaymentTerm.objects.select_related("plan").filter(pk=payment_term_id).first()
    person = Person.objects.filter(pk=person_id).first()
    if term is None or person is None:
        raise NotFound("plan" if term is None else "person")
    _check(term, person, by)
    currency = Studio.objects.current().currency
    membership = Membership.objects.create(
        person=person, plan=term.plan, payment_term=term, starts_on=starts_on, sold_at=at
    )
    charge = charges.post(
        key=f"dues:{membership.pk}:{starts_on}",
        person_id=person_id,
        description=f"{term.plan.name}, {term.name}",
        service_on=starts_on,
        amount_minor=term.price_minor,
        currency=currency,
        at=at,
    )
    _tell_if_second(membership, at=at)
    period = DuesPeriod.objects.create(membership=membership, starts_on=starts_on, charge=charge)
    journal.record(
        "membership.sold",
        at=at,
        subject=f"membership:{membership.pk}",
        person_id=person_id,
        plan=term.plan.name,
        price_minor=term.price_minor,
    )
    if term.price_minor:
        invoice = invoices.issue_for(person_id, [charge], at=at)
        if paid_by:
            payments.take(invoice, amount_minor=term.price_minor, method=paid_by, at=at)
    if paid_by or not term.price_minor:
        credits.grant_for_periods([period], at=at)
    return membership.pk


def _tell_if_second(membership: Membership, *, at: datetime) -> None:
    """Two desks that serve one person show each other what they do. The charge holds the person's account."""
    if not anyone_listens():
        return
    zone = Studio.objects.current().time_zone
    day_began_at, _ = localtime.day_bounds(localtime.local_day(at, zone), zone)
    same = Membership.objects.filter(
        person=membership.person, plan=membership.plan, sold_at__gte=day_began_at
    )
    if same.exclude(pk=membership.pk).exists():
        tell("money", f"{membership.person.name} has already bought {membership.plan.name} today")


def _check(term: PaymentTerm, person: Person, by: Actor) -> None:
    reasons = access.why_not(by, Capability.SELL)
    if not term.plan.is_on_sale:
        reasons.append(Reason("not_on_sale", f"{term.plan.name} is not on sale.", "Choose another plan."))
    if not person.is_active:
        reasons.append(Reason("inactive", f"{person.name} is inactive.", "Make them active first."))
    if reasons:
        raise CannotSell(*reasons)
