"""Money: invoices and payments, what is not invoiced yet, and pay; every sum opens its rows (UX D7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, reverse

from billing.domain import invoices as invoice_verbs
from billing.domain import payments
from billing.queries import invoices, money
from billing.queries.money import Waiting
from sessions_app.models import ModifierType
from sessions_app.queries import explain, sessions
from sessions_app.queries.explain import LineStory
from studio.lib import localtime
from studio.lib.money import Money
from studio.lib.refusals import Refused
from studio.people.models import Person
from studio.people.queries import people
from studio.people.rules.permissions import Capability
from studio.web import formats, invoice_document
from studio.web.desk import answers, sections
from studio.web.desk.answers import KeyForm
from studio.web.desk.fields import AmountField
from studio.web.requests import Request
from studio.web.routes import needs, route

STATE_WORDS = {"open": "Open", "overdue": "Overdue", "paid": "Paid"}
METHODS = [("card", "Card at the desk"), ("cash", "Cash"), ("transfer", "Bank transfer")]


class FilterForm(forms.Form):
    """What narrows the list of invoices. What makes no sense narrows nothing."""

    state = forms.ChoiceField(required=False, choices=[("", "Every state"), *STATE_WORDS.items()])
    q = forms.CharField(
        label="Person or number",
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )


class PaymentForm(KeyForm):
    """Money that came in for one invoice."""

    amount = AmountField(error_messages={"required": "Type what was paid."})
    method = forms.ChoiceField(
        label="Paid by",
        choices=METHODS,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how it was paid."},
    )
    reference = forms.CharField(
        required=False,
        max_length=80,
        help_text="Such as the number of the receipt.",
        error_messages={"max_length": "Use at most 80 characters."},
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].currency = currency  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One invoice of the list."""

    invoice: Any
    state: str
    label: str
    href: str


# ------------------------------------------------------------------------------------------------ invoices


def index(request: Request) -> HttpResponse:
    """Invoices, newest first; what they add up to stands under them and is what the tiles say."""
    if not request.actor.may(Capability.SEE_MONEY):
        return HttpResponseRedirect(reverse("desk:pay"))
    form = FilterForm(request.GET)
    form.full_clean()
    state, search = form.cleaned_data.get("state", ""), form.cleaned_data.get("q", "").strip()
    today = answers.today(request)
    found = money.listed(by=request.actor, on=today, state=state, search=search)
    page = answers.paged(request, found)
    context = {
        "filters": form,
        "state": state,
        "summary": ", ".join(filter(None, (STATE_WORDS.get(state, "").lower(), search))),
        "chips": _chips(state, search),
        "page": page,
        "rows": [
            InvoiceLine(each, *invoice_document.standing(each, today=today), _invoice_href(each.pk))
            for each in page
        ],
        "totals": money.totals(found),
        "owed": money.owed(by=request.actor, on=today),
        "tabs": sections.money(request),
    }
    return answers.page(request, "desk/money.html", context)


def show_invoice(request: Request, invoice_id: int) -> HttpResponse:
    """One invoice as a document, and the form for a payment."""
    invoice = _invoice(request, invoice_id)
    return _invoice_page(request, invoice, _payment_form(request, invoice))


def record_payment(request: Request, invoice_id: int) -> HttpResponse:
    """Record what came in; what does not fit is said beside the field."""
    invoice = _invoice(request, invoice_id)
    form = _payment_form(request, invoice)
    refusal: Refused | None = None
    if form.is_valid():
        key = answers.key_of(request)
        typed = form.cleaned_data
        try:
            payments.record(
                invoice_id=invoice.pk,
                amount_minor=typed["amount"],
                method=typed["method"],
                reference=typed["reference"],
                by=request.actor,
                at=request.now,
                key=key,
            )
        except Refused as refused:
            refusal = refused
            form.add_reasons(refused)
        else:
            paid = formats.money(Money(typed["amount"], invoice.currency))
            return answers.done(request, f"{paid} received on {invoice.number}", to=_invoice_href(invoice.pk))
    return _invoice_page(request, invoice, form, status=answers.status_of(refusal) if refusal else 422)


def invoice_line(request: Request, invoice_id: int, position: int) -> HttpResponse:
    """Why a line says what it says: what happened, the price agreed, the rule, the result."""
    invoice = _invoice(request, invoice_id)
    story = explain.invoice_line(invoice.pk, position)
    if story is None:
        raise Http404("no such line")
    context = {
        "invoice": invoice,
        "line": story.line,
        "facts": _what_happened(request, story),
        "sum": _sum(story, invoice.currency),
        "session_id": story.booking.session_id if story.booking else None,
        "crumbs": [("Invoices", reverse("desk:money")), (invoice.number, _invoice_href(invoice.pk))],
    }
    return answers.page(request, "desk/invoice_line.html", context)


def uninvoiced(request: Request) -> HttpResponse:
    """What is final and on no invoice yet, per person, with its charges."""
    page = answers.paged(request, money.waiting(), per_page=25)
    waiting = [Waiting(*row) for row in page]
    charges = money.waiting_charges([each.person_id for each in waiting])
    context = {
        "page": page,
        "rows": [(each, charges[each.person_id]) for each in waiting],
        "may_issue": request.actor.may(Capability.TAKE_PAYMENTS),
        "tabs": sections.money(request),
    }
    return answers.page(request, "desk/money_uninvoiced.html", context)


def issue(request: Request, person_id: int) -> HttpResponse:
    """Invoice now what would be invoiced by itself a minute after it became final."""
    person = Person.objects.visible_to(request.actor).filter(pk=person_id).first()
    if person is None:
        raise Http404("no such person")
    try:
        issued = invoice_verbs.issue(
            person_id=person.pk, by=request.actor, at=request.now, key=answers.key_of(request)
        )
    except Refused as refused:
        context = {"person": person, "refused": refused, "crumbs": [("Money", reverse("desk:money"))]}
        return answers.page(request, "desk/money_refused.html", context, status=answers.status_of(refused))
    return answers.done(request, f"Invoice for {person.name} written", to=_invoice_href(issued))


# ----------------------------------------------------------------------------------------------------- pay


def pay(request: Request) -> HttpResponse:
    """What each practitioner earned in a month, by when the outcome was saved."""
    month = _month(request)
    earned = money.wages_by_practitioner(request.studio.currency, *_span(request, month))
    if not request.actor.may(Capability.SEE_WAGES):
        own = request.actor.person_id
        earned = {own: earned.get(own, 0)} if own in earned else {}
    names = people.names(earned)
    lines = [
        (names[person_id], minor, f"{reverse('desk:pay_of', args=[person_id])}?month={month:%Y-%m}")
        for person_id, minor in sorted(earned.items(), key=lambda each: names[each[0]].lower())
    ]
    page = answers.paged(request, lines)
    context = {
        "page": page,
        "rows": page.object_list,
        "total_minor": sum(earned.values()),
        "tabs": sections.money(request),
        **_months(request, month, reverse("desk:pay")),
    }
    return answers.page(request, "desk/money_pay.html", context)


def pay_of(request: Request, person_id: int) -> HttpResponse:
    """The sessions that one practitioner's pay of a month consists of."""
    own = person_id == request.actor.person_id
    name = people.names([person_id]).get(person_id)
    if name is None or not request.actor.may(Capability.SEE_WAGES, own=own):
        raise Http404("no such person")
    month = _month(request)
    wages = money.wages_of(person_id, request.studio.currency, *_span(request, month))
    held = sessions.named({wage.session_id for wage in wages if wage.session_id})
    page = answers.paged(request, wages)
    context = {
        "name": name,
        "page": page,
        "rows": [(wage, held.get(wage.session_id)) for wage in page],
        "total_minor": sum(wage.minor for wage in wages),
        "crumbs": [("Pay", f"{reverse('desk:pay')}?month={month:%Y-%m}")],
        **_months(request, month, request.path),
    }
    return answers.page(request, "desk/money_pay_of.html", context)


# -------------------------------------------------------------------------------------------------- pieces


def _invoice(request: Request, invoice_id: int) -> Any:
    found = invoices.visible_to(request.actor).filter(pk=invoice_id).first()
    if found is None:
        raise Http404("no such invoice")
    return found


def _invoice_page(request: Request, invoice: Any, form: PaymentForm, *, status: int = 200) -> HttpResponse:
    document = invoice_document.of(
        invoice,
        studio=request.studio,
        today=answers.today(request),
        explain=lambda position: reverse("desk:invoice_line", args=[invoice.pk, position]),
    )
    may_pay = invoice.open_minor > 0 and request.actor.may(Capability.TAKE_PAYMENTS)
    context = {
        "document": document,
        "invoice": invoice,
        "form": form if may_pay or form.is_bound else None,
        "sees_person": request.actor.may(Capability.SEE_PEOPLE),
        "crumbs": [("Invoices", reverse("desk:money"))],
    }
    return answers.page(request, "desk/invoice.html", context, status=status)


def _payment_form(request: Request, invoice: Any) -> PaymentForm:
    initial = {"amount": invoice.open_minor, "method": "card"}
    return PaymentForm(
        request.POST if request.method == "POST" else None, currency=invoice.currency, initial=initial
    )


def _invoice_href(invoice_id: int) -> str:
    return reverse("desk:invoice", args=[invoice_id])


def _chips(state: str, search: str) -> list[tuple[str, str]]:
    active = {name: value for name, value in (("state", state), ("q", search)) if value}
    chips = []
    for name, value in active.items():
        rest = urlencode({other: each for other, each in active.items() if other != name})
        chips.append((STATE_WORDS.get(value, value), f"{reverse('desk:money')}?{rest}"))
    return chips


def _what_happened(request: Request, story: LineStory) -> list[tuple[str, str]]:
    who = story.made_by or "By itself"
    on = _moment(request, story.made_at)
    if story.booking is not None:
        session = story.booking.session
        starts, ends = (formats.in_zone(at, session.time_zone) for at in (session.starts_at, session.ends_at))
        today, locale = answers.today(request), request.studio.locale
        when = formats.when(starts, ends, today=today, locale=locale)
        facts = [
            ("Session", f"{session.service.name}, {when}"),
            ("Where", session.room.name if session.room else session.location.name),
            ("Booked", f"{on}, {who}"),
        ]
    elif story.dues is not None:
        membership = story.dues.membership
        facts = [
            ("Bought", f"{membership.plan.name}, {membership.payment_term.name}"),
            ("Sold", f"{on}, {who}"),
        ]
    else:
        facts = [("What", story.line.description), ("Noted", f"{on}, {who}")]
    if story.outcome is not None:
        facts.append(
            ("Outcome", f"{story.outcome.label}, saved {_moment(request, story.outcome.decided_at)}")
        )
    return facts


def _sum(story: LineStory, currency: str) -> list[tuple[str, str]]:
    """The calculation: what was agreed, and the rule that was applied to it."""
    agreed = formats.money(Money(story.line.expected_minor, currency))
    if story.outcome is None:
        return [("Price", agreed)]
    outcome = story.outcome
    if outcome.modifier_type == ModifierType.FIXED:
        rule = f"“{outcome.label}” costs {outcome.client_modifier} {currency}, whatever the price"
    else:
        rule = f"“{outcome.label}” costs {outcome.client_modifier} % of the price"
    return [("Price when booked", agreed), ("Rule", rule)]


def _moment(request: Request, at: datetime) -> str:
    today, locale = answers.today(request), request.studio.locale
    return formats.when(formats.in_zone(at, request.studio.time_zone), None, today=today, locale=locale)


def _month(request: Request) -> date:
    """The first day of the month that is asked for; this month unless one is."""
    asked = request.GET.get("month")
    if not asked:
        return answers.today(request).replace(day=1)
    first = answers.date_in(f"{asked}-01")
    if not 1970 <= first.year <= 2199:
        raise Http404("no such month")
    return first


def _span(request: Request, month: date) -> tuple[datetime, datetime]:
    zone = request.studio.time_zone
    return localtime.day_bounds(month, zone)[0], localtime.day_bounds(_after(month), zone)[0]


def _months(request: Request, month: date, address: str) -> dict[str, Any]:
    before = (month - timedelta(days=1)).replace(day=1)
    return {
        "month": f"{month:%B %Y}",
        "previous": f"{address}?month={before:%Y-%m}",
        "next": f"{address}?month={_after(month):%Y-%m}",
        "is_now": month == answers.today(request).replace(day=1),
        "now_href": address,
    }


def _after(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


_SEE = needs(Capability.SEE_MONEY)
_TAKE = needs(Capability.TAKE_PAYMENTS, methods=("POST",))
_PAY = needs(Capability.SEE_WAGES, Capability.SEE_OWN_WAGES)

routes: list[URLPattern] = [
    route(
        "money/",
        index,
        name="money",
        policy=needs(Capability.SEE_MONEY, Capability.SEE_WAGES, Capability.SEE_OWN_WAGES),
    ),
    route("money/uninvoiced/", uninvoiced, name="uninvoiced", policy=_SEE),
    route("money/uninvoiced/<code:person_id>/", issue, name="issue_invoice", policy=_TAKE),
    route("money/pay/", pay, name="pay", policy=_PAY),
    route("money/pay/<code:person_id>/", pay_of, name="pay_of", policy=_PAY),
    route("invoices/<code:invoice_id>/", show_invoice, name="invoice", policy=_SEE),
    route("invoices/<code:invoice_id>/payment/", record_payment, name="record_payment", policy=_TAKE),
    route("invoices/<code:invoice_id>/lines/<int:position>/", invoice_line, name="invoice_line", policy=_SEE),
]
