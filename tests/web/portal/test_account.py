"""The member's own details, and how they sign in."""

from __future__ import annotations

import pytest
from django.test import Client

from studio.people.models import Person
from tests import logins, make
from tests.web.portal.conftest import count, words

pytestmark = pytest.mark.django_db


def asked_again(person: Person) -> Client:
    """A browser in which the password was typed again a moment ago."""
    browser = logins.browser(person)
    browser.post("/accounts/reauthenticate/", {"password": logins.PASSWORD})
    return browser


def test_the_account_leads_to_everything_that_is_theirs(browser: Client, peter: Person) -> None:
    response = browser.get("/me/")

    assert words(response).has("Peter", peter.email, "Invoices", "Authenticator app", "Sign out", "Dark")
    assert count(browser, "/me/") <= 15


@pytest.mark.parametrize("address", ["/me/", "/me/details/", "/me/email/", "/me/bookings/", "/me/passes/"])
def test_a_visitor_is_asked_to_sign_in_and_returns(visitor: Client, address: str) -> None:
    answer = visitor.get(address)

    assert answer.status_code == 302
    assert answer["Location"] == f"/accounts/login/?next={address.replace('/', '%2F')}"


def test_name_and_phone_are_saved(browser: Client, peter: Person) -> None:
    answer = browser.post(
        "/me/details/", {"name": " Peter  Pan ", "phone": "020 7946  0123", "key": "k"}, follow=True
    )

    peter.refresh_from_db()
    assert (peter.name, peter.phone) == ("Peter Pan", "020 7946 0123")
    assert answer.redirect_chain == [("/me/", 302)]
    assert "Your details are saved." in answer.content.decode()


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({"name": "", "phone": "020 7946 0123"}, "Enter your name."),
        (
            {"name": "Peter", "phone": "call me"},
            "Enter a phone number such as 020 7946 0123, or leave it empty.",
        ),
        ({"name": "P" * 121, "phone": ""}, "Shorten your name to 120 letters."),
    ],
)
def test_what_cannot_be_saved_is_kept_and_explained(
    browser: Client, peter: Person, typed: dict[str, str], error: str
) -> None:
    answer = browser.post("/me/details/", typed)

    html = answer.content.decode()
    assert answer.status_code == 422
    assert "<title>Error: Your details" in html
    assert html.count(error) == 2  # on top, and beside the field
    assert all(f'value="{words_typed}"' in html for words_typed in typed.values() if words_typed)
    peter.refresh_from_db()
    assert peter.name == "Peter"


def test_a_new_address_is_asked_for_the_password_first(peter: Person) -> None:
    """Whoever finds an open browser cannot take the account over."""
    found_open = logins.browser(peter)

    answer = found_open.post("/me/email/", {"email": "thief@studio.example"})

    assert answer["Location"].startswith("/accounts/reauthenticate/")
    peter.refresh_from_db()
    assert peter.email != "thief@studio.example"


def test_with_a_new_address_they_sign_in_anew(peter: Person) -> None:
    browser = asked_again(peter)

    answer = browser.post("/me/email/", {"email": "New@studio.example", "key": "k"})

    peter.refresh_from_db()
    assert (peter.email, peter.user.email) == ("new@studio.example", "new@studio.example")
    assert answer.status_code == 302
    assert browser.get("/me/").status_code == 302


@pytest.mark.parametrize(
    ("email", "error"),
    [
        ("", "Enter your e-mail address."),
        ("peter at home", "Enter an e-mail address, like ana@example.org."),
        ("taken@studio.example", "Someone else signs in with taken@studio.example."),
    ],
)
def test_an_address_that_cannot_be_used_is_explained(peter: Person, email: str, error: str) -> None:
    logins.person("member", email="taken@studio.example", sign_in=True)
    browser = asked_again(peter)

    answer = browser.post("/me/email/", {"email": email})

    assert answer.status_code == 422
    assert error in answer.content.decode()
    assert words(browser.get("/me/")).has(peter.email)


def test_prices_say_what_a_plan_brings_and_for_how_long(visitor: Client) -> None:
    yoga = make.service("Yoga")
    kind = make.credit_type(yoga, make.service("Spin", cost_minor=900), name="Class")
    make.plan("10-class pack", price_minor=10000, quantity=10, days=30, kind=kind)
    make.plan("3-class pack", price_minor=3200, quantity=3, kind=kind)
    make.plan("First class", price_minor=0, quantity=1, kind=make.credit_type(yoga))
    hidden = make.plan("Founders")
    hidden.plan.is_on_sale = False
    hidden.plan.save(update_fields=["is_on_sale"])

    shown = words(visitor.get("/prices/"))

    assert shown.has(
        "10-class pack £100.00 paid once · £10.00 a session",
        "10 Class credits, good for 30 days from payment. Good for Spin and Yoga.",
        "3-class pack £32.00 paid once · about £10.67 a session",
        "3 Class credits, with no end date.",
        "First class Free",
        "Good for Yoga.",
        "Passes are sold at the desk",
        "Spin 1 h £9.00",
    )
    assert "Founders" not in shown


def test_credits_for_every_service_say_so_in_short(visitor: Client) -> None:
    kind = make.credit_type(make.service("Yoga"), make.service("Spin"), name="Class")
    make.service("Team only", members_may_book=False)
    make.plan(kind=kind)

    assert words(visitor.get("/prices/")).has("Good for everything on the timetable.")


def test_prices_without_plans_lead_to_the_timetable(visitor: Client) -> None:
    assert words(visitor.get("/prices/")).has("No prices yet.", "See the timetable")


def test_prices_take_as_many_statements_for_three_plans_as_for_one(visitor: Client) -> None:
    make.plan()
    one = count(visitor, "/prices/")
    make.plan()
    make.plan()

    assert count(visitor, "/prices/") == one <= 15
