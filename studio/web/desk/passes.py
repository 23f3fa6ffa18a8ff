"""Selling a plan to someone and giving them credits, each shown before it is done."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.urls import URLPattern, reverse

from memberships.domain import credits, sales
from studio.lib.refusals import Refused
from studio.lib.transactions import Preview, WorldMoved, preview
from studio.people.models import Person
from studio.people.rules.permissions import Capability
from studio.web.desk import answers, rows
from studio.web.desk.passes_forms import LATER, GrantForm, SellForm
from studio.web.requests import Request
from studio.web.routes import needs, route


def sell(request: Request, person_id: int) -> HttpResponse:
    """Sell a plan: what was previewed is sold; a choice that was not previewed is shown first."""
    person = _person(request, person_id)
    form = SellForm(request.POST or None, person_id=person.pk, currency=request.studio.currency)
    form.suggest(starts_on=answers.today(request))
    chosen = _chosen(form)
    seen: Preview | None = None
    refusal: Refused | None = None
    if chosen is not None:
        sale = _sale(request, person, chosen)
        key = answers.key_of(request)
        is_seen = request.POST.get("seen_for") == _signature(chosen) and "preview" not in request.POST
        try:
            if request.method == "POST" and is_seen:
                sales.sell(**sale, key=key, expecting=request.POST.get("seen") or None)
                text = f"{chosen['term'].plan.name} sold to {person.name}"
                return answers.done(request, text, to=_address(request, person), key=key)
            if request.method == "POST":
                seen = preview(sales.sell, **sale)
        except Refused as refused:
            refusal = refused
            seen = preview(sales.sell, **sale) if isinstance(refused, WorldMoved) else None
    context = {
        "person": person,
        "form": form,
        "preview": seen,
        "signature": _signature(chosen) if chosen else "",
        "button": _button(request, chosen) if chosen else "",
        "refused": refusal,
        "crumbs": _crumbs(person),
        "back": _address(request, person),
    }
    status = answers.status_of(refusal) if refusal else 422 if form.errors else 200
    if _previews(request):
        # A fragment is only shown when all is well, also when it says no.
        status = 200
    return answers.page(request, "desk/sell.html", context, fragments=("consequences",), status=status)


def grant(request: Request, person_id: int) -> HttpResponse:
    """Give credits by hand, with a reason that stands in the log."""
    person = _person(request, person_id)
    form = GrantForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        kind, quantity = form.cleaned_data["credit_type"], form.cleaned_data["quantity"]
        key = form.cleaned_data["key"] or None
        try:
            credits.grant(
                person_id=person.pk,
                credit_type_id=kind.pk,
                quantity=quantity,
                days_to_expire=form.cleaned_data["days_to_expire"] or 0,
                reason=form.cleaned_data["reason"],
                by=request.actor,
                at=request.now,
                key=key,
            )
        except Refused as refused:
            form.add_reasons(refused)
        else:
            text = f"{quantity} × {kind.name} given to {person.name}"
            return answers.done(request, text, to=_address(request, person), key=key)
    context = {"person": person, "form": form, "crumbs": _crumbs(person), "back": _address(request, person)}
    return answers.page(request, "desk/person_grant.html", context, status=422 if form.errors else 200)


def _chosen(form: SellForm) -> dict[str, Any] | None:
    """What is to be sold, from when, how paid: as typed, or as suggested; None while it is incomplete."""
    if form.is_bound and not form.is_valid():
        return None
    chosen = form.cleaned_data if form.is_bound else form.initial
    term = next((term for term in form.terms if str(term.pk) == str(chosen.get("payment_term"))), None)
    return {**chosen, "term": term} if term else None


def _sale(request: Request, person: Person, chosen: dict[str, Any]) -> dict[str, Any]:
    return {
        "person_id": person.pk,
        "payment_term_id": chosen["term"].pk,
        "starts_on": chosen["starts_on"],
        "paid_by": None if chosen["paid_by"] == LATER else chosen["paid_by"],
        "by": request.actor,
        "at": request.now,
    }


def _signature(chosen: dict[str, Any]) -> str:
    """The choices that a preview stands for."""
    return f"{chosen['term'].pk}.{chosen['starts_on']}.{chosen['paid_by']}"


def _button(request: Request, chosen: dict[str, Any]) -> str:
    price = rows.money(request, chosen["term"].price_minor)
    return f"Sell and invoice {price}" if chosen["paid_by"] == LATER else f"Sell, {price} paid"


def _previews(request: Request) -> bool:
    """Whether this is a preview asked for while choosing: nothing is wrong yet."""
    return bool(request.htmx) and "preview" in request.POST


def _person(request: Request, person_id: int) -> Person:
    person = Person.objects.visible_to(request.actor).filter(pk=person_id).first()
    if person is None:
        raise Http404("no such person")
    return person


def _address(request: Request, person: Person) -> str:
    return answers.back(request, reverse("desk:person", args=[person.pk]))


def _crumbs(person: Person) -> list[tuple[str, str]]:
    return [("People", reverse("desk:people")), (person.name, reverse("desk:person", args=[person.pk]))]


routes: list[URLPattern] = [
    route(
        "people/<code:person_id>/sell/",
        sell,
        name="sell",
        policy=needs(Capability.SELL, methods=("GET", "POST")),
    ),
    route(
        "people/<code:person_id>/credits/",
        grant,
        name="grant",
        policy=needs(Capability.GRANT_CREDITS, methods=("GET", "POST")),
    ),
]
