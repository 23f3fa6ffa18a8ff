"""What selling a plan and giving credits ask for."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from memberships.models import CreditType, PaymentTerm
from memberships.queries import plans
from studio.lib.money import Money
from studio.web import formats
from studio.web.desk.answers import KeyForm

LATER = "later"
PAID_BY = [
    ("cash", "Cash, now"),
    ("card", "Card at the desk, now"),
    ("transfer", "Bank transfer, received"),
    (LATER, "Later: send an invoice"),
]


class SellForm(KeyForm):
    """A plan, from when, and how it is paid."""

    payment_term = forms.ChoiceField(
        label="Plan",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose a plan.",
            "invalid_choice": "It is not on sale any more. Choose another.",
        },
    )
    starts_on = forms.DateField(
        label="Starts",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "Choose the first day.", "invalid": "Type a date such as 5 March 2026."},
        input_formats=["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d %B %Y", "%d %b %Y"],
    )
    paid_by = forms.ChoiceField(
        label="Paid",
        choices=PAID_BY,
        widget=forms.RadioSelect,
        help_text="Credits come with the payment: paid later, they arrive when the invoice is settled.",
        error_messages={"required": "Choose how it is paid."},
    )

    def __init__(self, *args: Any, person_id: int, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.terms = list(plans.on_sale(for_person=person_id))
        self.fields["payment_term"].choices = [  # type: ignore[attr-defined]
            (str(term.pk), _term(term, currency)) for term in self.terms
        ]

    def suggest(self, *, starts_on: date) -> None:
        """Start from today, a card, and what the person bought last."""
        self.initial = {**self.initial, "starts_on": starts_on, "paid_by": "card"}
        bought = [term for term in self.terms if term.last_bought_at is not None]  # type: ignore[attr-defined]
        if bought:
            self.initial["payment_term"] = str(bought[0].pk)


class GrantForm(KeyForm):
    """Credits given by hand. An empty number of days means that they never expire (S2-16, in words)."""

    credit_type = forms.ModelChoiceField(
        CreditType.objects.none(),
        label="Credits for",
        empty_label=None,
        error_messages={"required": "Choose what for.", "invalid_choice": "Choose one of the list."},
    )
    quantity = forms.IntegerField(
        label="How many",
        initial=1,
        max_value=1000,
        error_messages={
            "required": "Type how many.",
            "invalid": "Type a whole number.",
            "max_value": "Give at most 1,000 at once.",
        },
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    days_to_expire = forms.IntegerField(
        label="Expire after",
        required=False,
        max_value=3650,
        help_text="Leave it empty for credits that never expire.",
        error_messages={
            "invalid": "Type a whole number of days.",
            "max_value": "Type at most 3,650 days, or leave it empty.",
        },
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    reason = forms.CharField(
        label="Reason",
        max_length=200,
        help_text="The person sees it in their log.",
        error_messages={"required": "Say why; the person sees it in their log."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["credit_type"].queryset = plans.credit_types()  # type: ignore[attr-defined]


def _term(term: PaymentTerm, currency: str) -> str:
    """``10-class pack, paid once: £90.00 · 10 × Class credit, for 60 days``."""
    price = formats.money(Money(term.price_minor, currency))
    grants = [
        f"{bucket.quantity} {bucket.credit_type.name} credits, "
        + (f"for {bucket.days_to_expire} days" if bucket.days_to_expire else "never expire")
        for bucket in term.buckets.all()
    ]
    return " · ".join([f"{term.plan.name}, {term.name}: {price}", *grants])
