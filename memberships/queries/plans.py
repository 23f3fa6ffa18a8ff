"""What is sold, and what a person has bought."""

from __future__ import annotations

from django.db.models import Exists, F, Max, OuterRef, Prefetch, Q, QuerySet

from memberships.models import CreditType, Membership, PaymentTerm, PaymentTermBucket, Plan
from memberships.queries import dues
from scheduling.models import Service


def on_sale(*, for_person: int | None = None) -> QuerySet[PaymentTerm]:
    """Ways to pay for plans on sale with what each grants; what this person bought last comes first."""
    grants = PaymentTermBucket.objects.filter(quantity__gt=0).select_related("credit_type").order_by("pk")
    terms = (
        PaymentTerm.objects.filter(plan__is_on_sale=True)
        .select_related("plan")
        .prefetch_related(Prefetch("buckets", queryset=grants))
    )
    if for_person is None:
        return terms.order_by("plan__name", "price_minor", "pk")
    bought = Max("memberships__sold_at", filter=Q(memberships__person=for_person))
    lately = F("last_bought_at").desc(nulls_last=True)
    return terms.annotate(last_bought_at=bought).order_by(lately, "plan__name", "price_minor", "pk")


def memberships_of(person_id: int) -> QuerySet[Membership]:
    """What a person has bought, newest first, each with ``is_settled``: whether its dues are paid."""
    settled = dues.settled().filter(membership=OuterRef("pk"))
    return (
        Membership.objects.filter(person_id=person_id)
        .select_related("plan", "payment_term")
        .annotate(is_settled=Exists(settled))
        .order_by("-starts_on", "-pk")
    )


def credit_types() -> QuerySet[CreditType]:
    """Every kind of credit, by name."""
    return CreditType.objects.order_by("name", "pk")


def all_plans() -> QuerySet[Plan]:
    """Every plan with its payment terms, what each grants and for which services: what is on sale first."""
    services = Prefetch("credit_type__services", queryset=Service.objects.order_by("name"))
    grants = PaymentTermBucket.objects.filter(quantity__gt=0).select_related("credit_type").order_by("pk")
    terms = PaymentTerm.objects.order_by("price_minor", "pk").prefetch_related(
        Prefetch("buckets", queryset=grants.prefetch_related(services))
    )
    return Plan.objects.order_by("-is_on_sale", "name", "pk").prefetch_related(
        Prefetch("payment_terms", queryset=terms)
    )
