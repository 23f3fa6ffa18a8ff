"""A member's invoices, and why each line says what it says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from billing.domain import invoices, payments
from billing.models import Invoice
from memberships.domain import sales
from sessions_app.domain import booking as booking_verbs
from sessions_app.domain import completion
from studio.lib import codes
from studio.people.models import Person, Studio
from studio.people.rules.permissions import SYSTEM
from tests import logins, make
from tests.make import NOW
from tests.web.portal.conftest import count, figures, words

pytestmark = pytest.mark.django_db

INVOICES = "/me/invoices/"


def page_of(invoice: Invoice) -> str:
    return f"{INVOICES}{codes.encode(invoice.pk)}/"


def billed(person: Person, *endings: str, service: object = None) -> Invoice:
    """An invoice over one session of £12.00 for each ending."""
    sam = make.staff().actor
    what = service or make.service("Yoga")
    for hour, ending in enumerate(endings):
        session = make.session(NOW + timedelta(days=1, hours=hour), service=what)
        booking_id = booking_verbs.book(
            session_id=session.pk, person_id=person.pk, unpaid_ok=True, by=sam, at=NOW
        )
        completion.complete(
            session_id=session.pk, outcomes={booking_id: ending}, by=sam, at=NOW + timedelta(days=3)
        )
    issued = invoices.issue(person_id=person.pk, by=SYSTEM, at=NOW + timedelta(days=4))
    return Invoice.objects.get(pk=issued)


@pytest.fixture(autouse=True)
def a_week_later(settings: object) -> None:
    settings.STUDIO_NOW = NOW + timedelta(days=7)  # type: ignore[attr-defined]


def test_the_list_says_what_is_open(browser: Client, peter: Person) -> None:
    invoice = billed(peter, "completed", "missed")
    payments.record(invoice_id=invoice.pk, amount_minor=1400, method="cash", by=SYSTEM, at=NOW)

    response = browser.get(INVOICES)

    assert words(response).has(invoice.number, "£24.00", "£10.00", "Part paid")
    linked = figures(response, "explain")
    assert (linked["invoice-total"], linked["invoice-due"]) == ("2400", "1000")


def test_no_invoices_leads_on(browser: Client) -> None:
    assert words(browser.get(INVOICES)).has("No invoices.", "See what is on")


def test_the_document_names_seller_buyer_dates_lines_and_sums(
    browser: Client, peter: Person, studio: Studio
) -> None:
    studio.legal_name, studio.address, studio.tax_id = "Northside Ltd", "1 High Street\nLeeds", "GB123"
    studio.save(update_fields=["legal_name", "address", "tax_id"])
    invoice = billed(peter, "completed", "missed")
    payments.record(
        invoice_id=invoice.pk, amount_minor=2400, method="transfer", reference="R7", by=SYSTEM, at=NOW
    )

    response = browser.get(page_of(invoice))

    assert words(response).has(
        invoice.number, "Paid", "Northside Ltd", "1 High Street Leeds", "Tax no. GB123", "Peter",
        "Issued 6 March 2026", "Due 20 March 2026", "Yoga, 3 March 2026", "Tue 3 Mar", "Total £24.00",
        "Bank transfer R7", "Paid in all £24.00", "To pay £0.00",
    )  # fmt: skip
    assert figures(response, "total") == {
        "invoice-total": "2400",
        "invoice-paid": "2400",
        "invoice-due": "0",
    }


@pytest.mark.parametrize(
    ("paid", "days", "state"),
    [(0, 0, "To pay"), (500, 0, "Part paid"), (0, 30, "Overdue"), (1200, 30, "Paid")],
)
def test_the_tag_says_how_it_stands(
    browser: Client, peter: Person, settings: object, paid: int, days: int, state: str
) -> None:
    invoice = billed(peter, "completed")
    if paid:
        payments.record(invoice_id=invoice.pk, amount_minor=paid, method="card", by=SYSTEM, at=NOW)
    settings.STUDIO_NOW = NOW + timedelta(days=7 + days)  # type: ignore[attr-defined]

    assert words(browser.get(page_of(invoice))).has(f"{invoice.number} {state}")


def test_a_line_leads_to_the_booking_the_outcome_and_the_rule(browser: Client, peter: Person) -> None:
    invoice = billed(peter, "missed")
    document = browser.get(page_of(invoice))

    response = browser.get(f"{page_of(invoice)}lines/1/")

    assert words(response).has(
        "Why £12.00?", "Yoga, Tue 3 Mar, 09:00–10:00", "Booked Mon 2 Mar, 09:00, by Sam Desk",
        "Missed, saved Thu 5 Mar, 09:00", "Price when booked £12.00", "“Missed” costs 100 % of the price",
        "Charged £12.00",
    )  # fmt: skip
    assert (
        figures(document, "explain")["invoice-line"] == figures(response, "total")["invoice-line"] == "1200"
    )


def test_a_line_for_a_plan_leads_to_the_sale(browser: Client, peter: Person) -> None:
    term = make.plan("10-class pack", price_minor=9000)
    sales.sell(
        person_id=peter.pk,
        payment_term_id=term.pk,
        starts_on=NOW.date(),
        by=make.staff("Sam Desk").actor,
        at=NOW,
    )
    invoice = Invoice.objects.get()

    assert words(browser.get(f"{page_of(invoice)}lines/1/")).has(
        "Why £90.00?", "Bought 10-class pack, paid once", "Sold Mon 2 Mar, 09:00, by Sam Desk"
    )


def test_somebody_elses_invoice_looks_like_none(browser: Client, peter: Person) -> None:
    other = logins.person("member", sign_in=True)
    theirs = billed(other, "completed")
    # Whoever sees money at the desk opens it there.
    admin = logins.browser(logins.person("admin", sign_in=True))

    for address in (page_of(theirs), f"{page_of(theirs)}lines/1/"):
        assert logins.browser(other).get(address).status_code == 200
        assert [each.get(address).status_code for each in (browser, admin)] == [404, 404]
    assert (
        browser.get(
            f"{page_of(billed(peter, 'completed', service=make.service('Spin')))}lines/2/"
        ).status_code
        == 404
    )
    assert words(browser.get(page_of(theirs))) == words(browser.get(f"{INVOICES}{codes.encode(987_654)}/"))


def test_the_pages_take_as_many_statements_for_three_rows_as_for_one(browser: Client, peter: Person) -> None:
    yoga = make.service("Yoga")
    first = billed(peter, "completed", service=yoga)
    one = [count(browser, address) for address in (INVOICES, page_of(first), f"{page_of(first)}lines/1/")]
    second = billed(peter, "completed", "missed", "completed", service=make.service("Spin"))
    billed(peter, "completed", service=make.service("Mat"))
    payments.record(invoice_id=second.pk, amount_minor=500, method="card", by=SYSTEM, at=NOW)
    payments.record(invoice_id=second.pk, amount_minor=500, method="card", by=SYSTEM, at=NOW)

    three = [count(browser, address) for address in (INVOICES, page_of(second), f"{page_of(second)}lines/3/")]

    assert three == one
    assert max(one) <= 15
