"""What it costs, for everybody who asks."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import render

from memberships.models import CreditType, PaymentTerm
from memberships.queries import plans
from scheduling.models import Service
from studio.web.portal import words
from studio.web.requests import Request
from studio.web.routes import PUBLIC, route

A_PAGE = 24


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan in words: the price, what it brings, what that is good for, and what one session comes to."""

    title: str
    term: str
    price: str
    description: str
    brings: tuple[str, ...]
    each: str


def prices(request: Request) -> HttpResponse:
    """Plans on sale, and what one session costs without a plan."""
    page = Paginator(plans.on_sale(), A_PAGE).get_page(request.GET.get("page"))
    terms = list(page.object_list)
    good_for = _good_for(terms)
    services = Service.objects.filter(members_may_book=True, pricing=Service.Pricing.FIXED, cost_minor__gt=0)
    context = {
        "page": page,
        "offers": [_offer(request, term, good_for) for term in terms],
        "services": services.order_by("name")[:A_PAGE],
    }
    return render(request, "portal/prices.html", context)


routes = [route("prices/", prices, name="prices", policy=PUBLIC)]


def _good_for(terms: list[PaymentTerm]) -> dict[int, str]:
    """What each kind of credit pays for, of what is open to members, in words."""
    kinds = {bucket.credit_type_id for term in terms for bucket in term.buckets.all()}
    services = Service.objects.filter(members_may_book=True).order_by("name")
    types = CreditType.objects.filter(pk__in=kinds).prefetch_related(Prefetch("services", queryset=services))
    every = services.count()
    return {kind.pk: _listed([service.name for service in kind.services.all()], every) for kind in types}


def _listed(services: list[str], every: int) -> str:
    if not services:
        return "nothing yet"
    is_all = len(services) == every and every > 1
    return "everything on the timetable" if is_all else words.listed(services)


def _offer(request: Request, term: PaymentTerm, good_for: dict[int, str]) -> Offer:
    brings = []
    buckets = list(term.buckets.all())
    for bucket in buckets:
        ends = (
            f"good for {bucket.days_to_expire} days from payment"
            if bucket.days_to_expire
            else "with no end date"
        )
        credits = words.credits(bucket.quantity, bucket.credit_type.name)
        brings.append(f"{credits}, {ends}. Good for {good_for[bucket.credit_type_id]}.")
    return Offer(
        title=term.plan.name,
        term=term.name,
        price=words.money(request, term.price_minor) if term.price_minor else "Free",
        description=term.plan.description,
        brings=tuple(brings),
        each=_each(request, term.price_minor, buckets[0].quantity) if len(buckets) == 1 else "",
    )


def _each(request: Request, price_minor: int, quantity: int) -> str:
    if quantity < 2 or not price_minor:
        return ""
    per_session, rest = divmod(price_minor, quantity)
    about = "about " if rest else ""
    return f"{about}{words.money(request, per_session + (rest * 2 >= quantity))} a session"
