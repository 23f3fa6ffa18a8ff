"""A member's invoices: the list, the document, and the story behind each line."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from billing.queries import invoices as invoice_queries
from sessions_app.models import ModifierType
from sessions_app.queries import explain
from sessions_app.queries.explain import LineStory
from studio.lib.money import Money
from studio.web import formats, invoice_document
from studio.web.portal import words
from studio.web.requests import Request
from studio.web.routes import SIGNED_IN, route

A_PAGE = 20


def invoices(request: Request) -> HttpResponse:
    """All invoices, newest first, with what is open."""
    page = Paginator(_own(request), A_PAGE).get_page(request.GET.get("page"))
    rows = []
    for each in page.object_list:
        state, label = invoice_document.standing(each, today=words.today(request))
        rows.append(
            {
                "invoice": each,
                "state": state,
                "label": label,
                "href": reverse("portal:invoice", args=[each.pk]),
            }
        )
    return render(request, "portal/invoices.html", {"page": page, "rows": rows, "crumbs": _crumbs()})


def invoice(request: Request, invoice_id: int) -> HttpResponse:
    """One invoice; it prints on one page."""
    found = _found(request, invoice_id)
    document = invoice_document.of(
        found,
        studio=request.studio,
        today=words.today(request),
        explain=lambda position: reverse("portal:invoice-line", args=[found.pk, position]),
    )
    context = {"document": document, "crumbs": [*_crumbs(), ("Invoices", reverse("portal:invoices"))]}
    return render(request, "portal/invoice.html", context)


def line(request: Request, invoice_id: int, position: int) -> HttpResponse:
    """Why a line says what it says: the booking, how it ended, and the price."""
    found = _found(request, invoice_id)
    story = explain.invoice_line(found.pk, position)
    if story is None:
        raise Http404
    context = {
        "invoice": found,
        "line": story.line,
        "facts": _facts(request, story, found.currency),
        "sum": _sum(story, found.currency),
        "crumbs": [
            *_crumbs(),
            ("Invoices", reverse("portal:invoices")),
            (found.number, reverse("portal:invoice", args=[found.pk])),
        ],
        "session_href": reverse("portal:session", args=[story.booking.session_id]) if story.booking else "",
    }
    return render(request, "portal/invoice_line.html", context)


routes = [
    route("me/invoices/", invoices, name="invoices", policy=SIGNED_IN),
    route("me/invoices/<code:invoice_id>/", invoice, name="invoice", policy=SIGNED_IN),
    route("me/invoices/<code:invoice_id>/lines/<int:position>/", line, name="invoice-line", policy=SIGNED_IN),
]


def _own(request: Request) -> QuerySet[Any]:
    """Those of this person. Whoever may see everybody's at the desk sees only theirs here."""
    return invoice_queries.visible_to(request.actor).filter(person_id=request.actor.person_id)


def _found(request: Request, invoice_id: int) -> Any:
    found = _own(request).filter(pk=invoice_id).first()
    if found is None:
        raise Http404
    return found


def _crumbs() -> list[tuple[str, str]]:
    return [("Account", reverse("portal:account"))]


def _facts(request: Request, story: LineStory, currency: str) -> list[tuple[str, str]]:
    """What happened, in order."""
    who = story.made_by or "The studio"
    on = words.moment(request, story.made_at)
    if story.booking is not None:
        session = story.booking.session
        facts = [
            ("Session", f"{session.service.name}, {words.when(request, session, ends=True)}"),
            ("Where", session.room.name if session.room else session.location.name),
            ("Booked", f"{on}, by {'you' if _is_self(request, story) else who}"),
        ]
    elif story.dues is not None:
        membership = story.dues.membership
        facts = [
            ("Bought", f"{membership.plan.name}, {membership.payment_term.name}"),
            ("Starts", words.day(request, story.dues.starts_on)),
            ("Sold", f"{on}, by {who}"),
        ]
    else:
        facts = [("What", story.line.description), ("Noted", f"{on}, by {who}")]
    if story.outcome is not None:
        ended = f"{story.outcome.label}, saved {words.moment(request, story.outcome.decided_at)}"
        facts.append(("Outcome", ended))
    return facts


def _sum(story: LineStory, currency: str) -> list[dict[str, str]]:
    """The calculation: what was agreed, the rule, and the result."""
    agreed = Money(story.line.expected_minor, currency)
    if story.outcome is None:
        return [{"term": "Price", "words": formats.money(agreed)}]
    outcome = story.outcome
    if outcome.modifier_type == ModifierType.FIXED:
        rule = f"“{outcome.label}” costs {outcome.client_modifier} {currency}, whatever the price"
    else:
        rule = f"“{outcome.label}” costs {outcome.client_modifier} % of the price"
    return [
        {"term": "Price when booked", "words": formats.money(agreed)},
        {"term": "Rule", "words": rule},
    ]


def _is_self(request: Request, story: LineStory) -> bool:
    return story.booking is not None and story.booking.booked_by_id == request.actor.person_id
