"""Settings: what there is to set, the studio's own details, and what is sold, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import URLPattern, reverse

from billing.queries import accounts
from memberships.domain import studio_settings
from memberships.models import PaymentTermBucket
from memberships.queries import plans
from studio.lib.refusals import Refused
from studio.people.models import Studio
from studio.people.rules.permissions import Capability
from studio.web import context
from studio.web.context import Entry
from studio.web.desk import answers
from studio.web.desk.fields import offer
from studio.web.desk.inventory_forms import TermsForm, zone_choices
from studio.web.requests import Request
from studio.web.routes import needs, route


@dataclass(frozen=True, slots=True)
class Card:
    """A page of settings and what it is for."""

    label: str
    href: str
    icon: str
    text: str


PAGES = (
    (
        Entry("Studio details", "desk:studio_details", "building-2"),
        "Name, address, clocks, invoices, cancellation.",
    ),
    (
        Entry("Places and rooms", "desk:locations", "map-pin"),
        "Where sessions are held, and how many a room holds.",
    ),
    (Entry("Services", "desk:services", "layers"), "What is delivered: length, places, price and pay."),
    (
        Entry("Passes", "desk:plans", "ticket"),
        "What is sold: credits, what they are good for, when they end.",
    ),
    (Entry("Closures", "desk:closures", "calendar-days"), "Days on which a place, or everything, is closed."),
    (Entry("Import a timetable", "desk:import_timetable", "upload"), "A week as a CSV file becomes series."),
    (Entry("Messages", "desk:messages", "mail"), "Which e-mails were sent, wait or failed."),
    (
        Entry("Undo history", "desk:undo_history", "history"),
        "Who did what in the last 30 days, to take back.",
    ),
)


class StudioForm(TermsForm):
    """The studio's own details."""

    name = forms.CharField(required=False, help_text="On every page and e-mail.")
    legal_name = forms.CharField(
        label="Legal name", required=False, help_text="On invoices. Empty: the name above."
    )
    address = forms.CharField(
        required=False, widget=forms.Textarea(attrs={"rows": 3}), help_text="On invoices, line by line."
    )
    tax_id = forms.CharField(label="Tax number", required=False)
    time_zone = forms.ChoiceField(
        label="Time zone",
        help_text="Decides the day of invoices and of Today. Places have their own.",
        error_messages={
            "required": "Choose a time zone.",
            "invalid_choice": "Choose a time zone of the list.",
        },
    )
    currency = forms.CharField(max_length=3, required=False)
    locale = forms.ChoiceField(
        label="Dates and times",
        choices=[("en-GB", "Thu 5 Mar, 18:00"), ("en-US", "Thu, Mar 5, 6:00 PM")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one."},
    )
    week_starts_on = forms.TypedChoiceField(
        label="A week starts on", coerce=int, choices=Studio.Weekday.choices
    )
    invoice_due_days = forms.IntegerField(
        label="Invoices are due after",
        error_messages={"required": "Type how many days; 0 for at once.", "invalid": "Type a whole number."},
    )
    member_cancellation_enabled = forms.BooleanField(
        label="Members may cancel their own bookings",
        required=False,
        help_text="Each member also needs the permission on their own page.",
    )

    def __init__(self, *args: Any, is_currency_fixed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "time_zone", zone_choices())
        currency = self.fields["currency"]
        if is_currency_fixed:
            # Not sent, and whatever is sent all the same does not count.
            currency.disabled = True
            currency.help_text = "Money is on the books in it, so it stays."
        else:
            currency.help_text = "A code such as GBP. It stays once money is on the books."


def home(request: Request) -> HttpResponse:
    """Every page of settings that this person may open."""
    words = {entry.route: text for entry, text in PAGES}
    entries = [entry for entry, _ in PAGES]
    by_address = {context.address(entry.route): entry for entry in entries}
    cards = [
        Card(link.label, link.href, link.icon, words[by_address[link.href].route])
        for link in context.links(request, entries)
    ]
    return answers.page(request, "desk/settings.html", {"cards": cards})


def studio_details(request: Request) -> HttpResponse:
    """The studio's own details."""
    studio = request.studio
    initial = {name: getattr(studio, name) for name in StudioForm.base_fields if hasattr(studio, name)}
    form = StudioForm(
        request.POST or None, initial=initial, is_currency_fixed=accounts.is_in_use(studio.currency)
    )
    refusal: Refused | None = None
    if request.method == "POST" and form.is_valid():
        key = answers.key_of(request)
        try:
            studio_settings.save(**form.terms(), by=request.actor, at=request.now, key=key)
        except Refused as refused:
            refusal = refused
            form.add_reasons(refused)
        else:
            return answers.done(request, "Studio details saved", to=reverse("desk:settings"), key=key)
    shown = {
        "form": form,
        "title": "Studio details",
        "back": reverse("desk:settings"),
        "crumbs": [("Settings", reverse("desk:settings"))],
    }
    status = answers.status_of(refusal) if refusal else 422 if form.errors else 200
    return answers.page(request, "desk/settings_edit.html", shown, status=status)


def passes(request: Request) -> HttpResponse:
    """What is sold, as a member would read it."""
    page = answers.paged(request, plans.all_plans())
    rows = [
        (
            plan,
            [(term, [_bucket(bucket) for bucket in term.buckets.all()]) for term in plan.payment_terms.all()],
        )
        for plan in page
    ]
    shown = {"page": page, "rows": rows, "crumbs": [("Settings", reverse("desk:settings"))]}
    return answers.page(request, "desk/plans.html", shown)


def _bucket(bucket: PaymentTermBucket) -> str:
    """``10 Class credits, end 90 days after payment``; ``…, never end`` (S2-15, S2-16 in words)."""
    ends = f"end {bucket.days_to_expire} days after payment" if bucket.days_to_expire else "never end"
    services = ", ".join(sorted(service.name for service in bucket.credit_type.services.all()))
    good_for = f", good for {services}" if services else ", good for nothing yet"
    return f"{bucket.quantity} × {bucket.credit_type.name}, {ends}{good_for}"


_SEE = needs(Capability.SEE_PEOPLE, Capability.CHANGE_SETTINGS)

routes: list[URLPattern] = [
    route("settings/", home, name="settings", policy=_SEE),
    route(
        "settings/studio/",
        studio_details,
        name="studio_details",
        policy=needs(Capability.CHANGE_SETTINGS, methods=("GET", "POST")),
    ),
    route("settings/passes/", passes, name="plans", policy=_SEE),
]
