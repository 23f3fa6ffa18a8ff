"""Credits in their four states, and the log that every figure is the sum of."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from memberships.domain import credits, sales
from sessions_app.domain import booking as booking_verbs
from sessions_app.domain import completion
from studio.lib import codes
from studio.people.models import Person
from studio.people.rules.permissions import SYSTEM
from tests import logins, make
from tests.make import NOW
from tests.web.portal.conftest import count, figures, words

pytestmark = pytest.mark.django_db

PASSES = "/me/passes/"


def ledger_of(kind: Any) -> str:
    return f"{PASSES}{codes.encode(kind.pk)}/"


def log(response: HttpResponse) -> list[tuple[str, int, int]]:
    """The lines of the log, oldest first: what, change, what is left."""
    html = response.content.decode()
    lines = []
    for line in re.findall(r'<li class="is-(?!coming)[^"]*">(.*?)</li>', html, flags=re.S):
        plain = " ".join(re.sub(r"<[^>]+>", " ", line).split()).replace("\u2212", "-")
        found = re.match(r"(.*?) (?:([+-]?\d+) )?leaves (-?\d+)$", plain)
        assert found is not None, plain
        lines.append((found[1], int(found[2] or 0), int(found[3])))
    return lines[::-1]


def test_credits_show_in_four_states_and_until_when(browser: Client, peter: Person) -> None:
    """S1-06, S1-07, V-02: 5 free, 1 held, ends 8 December, one booking ahead."""
    service = make.service("Yoga")
    make.lot(peter, service, quantity=6, days=281, kind=make.credit_type(service, name="Yoga"))
    make.booking(make.session(service=service), peter, by=peter.actor)

    response = browser.get(PASSES)

    assert words(response).has("Yoga credits Ends 8 December", "1 booked and still to come")
    shown = figures(response, "explain")
    assert {name: shown[f"credits-{name}"] for name in ("free", "held", "used", "expired")} == {
        "free": "5",
        "held": "1",
        "used": "0",
        "expired": "0",
    }


def test_the_log_says_who_did_what_and_what_was_left(browser: Client, peter: Person) -> None:
    """S1-10…S1-13, V-01: buy 4, sign-up, sign-out, sign-up, sign-up leaves 4, 3, 4, 3, 2."""
    sam = make.staff("Sam Desk")
    service = make.service("Yoga")
    kind = make.credit_type(service, name="Yoga")
    term = make.plan("4-class pack", quantity=4, kind=kind)
    sales.sell(
        person_id=peter.pk,
        payment_term_id=term.pk,
        starts_on=NOW.date(),
        paid_by="cash",
        by=sam.actor,
        at=NOW,
    )
    week = [make.session(NOW + timedelta(days=day), service=service) for day in (7, 8, 9)]
    first = booking_verbs.book(session_id=week[0].pk, person_id=peter.pk, by=sam.actor, at=NOW)
    booking_verbs.cancel(booking_id=first, by=peter.actor, at=NOW)
    for session in week[1:]:
        booking_verbs.book(session_id=session.pk, person_id=peter.pk, by=peter.actor, at=NOW)

    response = browser.get(ledger_of(kind))

    lines = log(response)
    assert [left for _, _, left in lines] == [4, 3, 4, 3, 2]
    assert [change for _, change, _ in lines] == [4, -1, 1, -1, -1]
    assert [re.search(r"· (you|Sam Desk \(studio\))", what)[1] for what, _, _ in lines] == [  # type: ignore[index]
        "Sam Desk (studio)", "Sam Desk (studio)", "you", "you", "you",
    ]  # fmt: skip
    assert lines[0][0].startswith("Bought 4-class pack")
    assert lines[1][0].startswith("Booked Yoga, Mon 9 Mar")
    assert words(response).has("2 free = 4 got − 2 held − 0 used − 0 expired")


def test_every_figure_is_the_sum_of_its_rows(browser: Client, peter: Person, settings: Any) -> None:
    """Free, held, used and expired after a booking, an outcome, a lapse and a lapse nobody swept yet."""
    service = make.service("Yoga")
    kind = make.credit_type(service, name="Yoga")
    make.lot(peter, service, quantity=3, days=10, kind=kind)
    make.lot(peter, service, quantity=5, kind=kind)
    used = make.booking(make.session(NOW + timedelta(days=1), service=service), peter, by=peter.actor)
    over = NOW + timedelta(days=2)
    completion.complete(session_id=used.session_id, by=SYSTEM, at=over)
    settings.STUDIO_NOW = NOW + timedelta(days=11)
    make.booking(make.session(NOW + timedelta(days=20), service=service), peter, by=peter.actor, at=over)

    before = browser.get(ledger_of(kind))
    credits.expire_due(by=SYSTEM, at=NOW + timedelta(days=11))
    after = browser.get(ledger_of(kind))

    for response in (before, after):
        lines = log(response)
        assert sum(change for _, change, _ in lines) == lines[-1][2] == 4
        assert figures(response, "total") == {
            "credits-free": "4",
            "credits-held": "1",
            "credits-used": "1",
            "credits-expired": "2",
        }
        shown = figures(browser.get(PASSES), "explain")
        assert shown.pop("active-bookings") == "1"
        assert shown == figures(response, "total")


def test_what_will_end_is_said_before_it_does(browser: Client, peter: Person) -> None:
    service = make.service()
    lot = make.lot(peter, service, quantity=3, days=10)

    assert words(browser.get(ledger_of(lot.credit_type))).has("3 credits will end unless used", "Thu 12 Mar")


def test_credits_without_an_end_say_so_in_words(browser: Client, peter: Person) -> None:
    """V-07."""
    make.lot(peter, make.service(), quantity=2)

    assert words(browser.get(PASSES)).has("Never ends")


def test_somebody_elses_credits_look_like_none(browser: Client, peter: Person) -> None:
    other = logins.person("member", sign_in=True)
    theirs = make.lot(other, make.service())
    sam = logins.browser(logins.person("staff", sign_in=True))

    assert logins.browser(other).get(ledger_of(theirs.credit_type)).status_code == 200
    assert [each.get(ledger_of(theirs.credit_type)).status_code for each in (browser, sam)] == [404, 404]
    assert words(browser.get(ledger_of(theirs.credit_type))) == words(
        browser.get(f"{PASSES}{codes.encode(987_654)}/")
    )


def test_no_pass_leads_to_the_prices(browser: Client) -> None:
    assert words(browser.get(PASSES)).has("No pass yet.", "See prices", "Passes are sold at the desk")


def test_a_membership_that_is_not_paid_says_so(browser: Client, peter: Person) -> None:
    term = make.plan("10-class pack")
    sam = make.staff().actor
    for paid_by in ("card", None):
        sales.sell(
            person_id=peter.pk, payment_term_id=term.pk, starts_on=NOW.date(), paid_by=paid_by, by=sam, at=NOW
        )

    shown = words(browser.get(PASSES))

    assert (shown.count("10-class pack, paid once"), shown.count("To pay")) == (2, 1)


def test_a_long_log_comes_in_pages_and_keeps_its_sums(browser: Client, peter: Person) -> None:
    service = make.service()
    lot = make.lot(peter, service, quantity=40)
    for hour in range(31):
        make.booking(
            make.session(NOW + timedelta(days=1, hours=hour), service=service), peter, by=peter.actor
        )

    first, second = (browser.get(f"{ledger_of(lot.credit_type)}?page={page}") for page in (1, 2))

    assert (len(log(first)), len(log(second))) == (30, 2)
    assert log(first)[-1][2] == 9
    assert [line[2] for line in log(second)] == [40, 39]
    assert figures(first, "total") == figures(second, "total")


def test_the_pages_take_as_many_statements_for_three_rows_as_for_one(browser: Client, peter: Person) -> None:
    kind = make.credit_type()

    def a_row(hour: int) -> None:
        service = make.service()
        kind.services.add(service)
        make.lot(peter, service, quantity=2, days=30, kind=kind)
        make.booking(
            make.session(NOW + timedelta(days=1, hours=hour), service=service), peter, by=peter.actor
        )
        make.lot(peter, make.service())
        term = make.plan()
        sales.sell(person_id=peter.pk, payment_term_id=term.pk, starts_on=NOW.date(), by=SYSTEM, at=NOW)

    a_row(1)
    one = [count(browser, address) for address in (PASSES, ledger_of(kind))]
    a_row(2)
    a_row(3)

    assert [count(browser, address) for address in (PASSES, ledger_of(kind))] == one
    assert max(one) <= 15
