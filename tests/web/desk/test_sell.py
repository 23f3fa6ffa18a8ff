"""Selling a plan and giving credits: shown first, done once, refused in words."""

from __future__ import annotations

import re

import pytest

from billing.models import Invoice, Payment
from memberships.models import CreditLot, Membership, Plan
from studio.people.rules.permissions import Role
from tests import logins, make
from tests.web.desk import pages

pytestmark = pytest.mark.django_db


@pytest.fixture
def bea(moment):
    return make.person("Bea Long")


@pytest.fixture
def term(moment):
    service = make.service("Reformer")
    return make.plan("10-class card", kind=make.credit_type(service, name="Class"), days=60)


def choice(term, paid_by="card"):
    return {"payment_term": str(term.pk), "starts_on": "2026-03-02", "paid_by": paid_by}


def sell(browser, person, chosen, key="sell"):
    """Look at what follows, then confirm: as without JavaScript."""
    address = pages.at("sell", person.pk)
    seen = browser.post(address, {"preview": "1", **chosen})
    sent = {name: pages.hidden(seen, name) for name in ("seen", "seen_for")}
    return browser.post(address, {"key": key, **sent, **chosen})


def test_a_plan_paid_now_brings_its_credits_at_once(desk, bea, term):
    seen = pages.text(desk.post(pages.at("sell", bea.pk), {"preview": "1", **choice(term)}))
    nothing_yet = (Membership.objects.count(), Invoice.objects.count())
    answer = sell(desk, bea, choice(term))

    assert "10 × Class, until 2026-05-01" in seen
    assert "Sell, £90.00 paid" in seen
    assert nothing_yet == (0, 0)
    assert answer["Location"] == pages.at("person", bea.pk)
    assert (CreditLot.objects.get().granted, Payment.objects.get().method) == (10, "card")
    words = pages.text(desk.get(answer["Location"]))
    assert "Class credits: 10 free" in words and "Nothing owed" in words


def test_a_plan_paid_later_is_invoiced_and_its_credits_wait(desk, bea, term):
    """S2-03: credits follow the money."""
    answer = sell(desk, bea, choice(term, "later"))

    assert CreditLot.objects.count() == 0
    assert Invoice.objects.get().total_minor == 9000
    assert "Owes £90.00" in pages.text(desk.get(answer["Location"]))


def test_pressing_twice_sells_once(desk, bea, term):
    address, chosen = pages.at("sell", bea.pk), choice(term)
    seen = desk.post(address, {"preview": "1", **chosen})
    sent = {"key": "one", **chosen, **{name: pages.hidden(seen, name) for name in ("seen", "seen_for")}}

    answers = [desk.post(address, sent).status_code for _ in range(2)]

    assert answers == [302, 302]
    assert Membership.objects.count() == 1


def test_a_choice_that_was_not_shown_is_shown_first(desk, bea, term):
    other = make.plan("5-class card", price_minor=5000, quantity=5)
    seen = desk.post(pages.at("sell", bea.pk), {"preview": "1", **choice(term)})
    sent = {name: pages.hidden(seen, name) for name in ("seen", "seen_for")}

    answer = desk.post(pages.at("sell", bea.pk), {"key": "one", **sent, **choice(other)})

    assert "Sell, £50.00 paid" in pages.text(answer)
    assert Membership.objects.count() == 0


def test_what_was_bought_last_is_chosen_already(desk, bea, term):
    """UX 1.1: selling the same again is one press."""
    make.plan("A cheaper card", price_minor=100)

    def chosen():
        html = desk.get(pages.at("sell", bea.pk)).content.decode()
        return re.findall(r'name="payment_term" value="(\d+)"[^>]* checked', html)

    first_time = chosen()
    sell(desk, bea, choice(term))

    assert (first_time, chosen()) == ([], [str(term.pk)])


def test_what_is_missing_is_said_beside_its_field(desk, bea, term):
    answer = desk.post(pages.at("sell", bea.pk), {"key": "one", "starts_on": "soon", "paid_by": "card"})

    words = pages.text(answer)
    assert answer.status_code == 422
    assert "Choose a plan." in words
    assert "Type a date such as 5 March 2026." in words
    assert 'value="soon"' in answer.content.decode()


def test_a_plan_taken_off_sale_is_refused(desk, bea, term):
    seen = desk.post(pages.at("sell", bea.pk), {"preview": "1", **choice(term)})
    sent = {name: pages.hidden(seen, name) for name in ("seen", "seen_for")}
    Plan.objects.update(is_on_sale=False)

    answer = desk.post(pages.at("sell", bea.pk), {"key": "one", **sent, **choice(term)})

    assert answer.status_code == 422
    assert Membership.objects.count() == 0


def test_nobody_sells_to_a_closed_account(desk, term):
    cho = make.person("Cho Min", is_active=False)

    answer = desk.post(pages.at("sell", cho.pk), {"preview": "1", **choice(term)})

    assert answer.status_code == 409
    assert "Cho Min is inactive. Make them active first." in pages.text(answer)


def test_without_a_plan_on_sale_the_page_says_where_to_put_one(desk, bea):
    assert "No plan is on sale." in pages.text(desk.get(pages.at("sell", bea.pk)))


def test_the_consequences_come_as_a_fragment(desk, bea, term):
    part = desk.post(
        pages.at("sell", bea.pk),
        {"preview": "1", **choice(term)},
        headers={"HX-Request": "true", "HX-Target": "consequences"},
    )

    assert part.content.decode().lstrip().startswith('<section id="consequences"')


def test_credits_are_given_with_a_reason_that_stands_in_the_log(desk, bea):
    kind = make.credit_type(make.service(), name="Class")
    sent = {"key": "give", "credit_type": kind.pk, "quantity": "2", "reason": "Broken shower", "next": ""}

    answer = desk.post(pages.at("grant", bea.pk), {**sent, "days_to_expire": ""})

    lot = CreditLot.objects.get()
    assert (lot.granted, lot.last_valid_on, lot.reason) == (2, None, "Broken shower")
    assert "Broken shower Mon 2 Mar · by Sam Desk, employee given +2 leaves 2" in pages.text(
        desk.get(answer["Location"])
    )


def test_credits_that_end_say_so_in_days(desk, bea):
    kind = make.credit_type(make.service(), name="Class")

    desk.post(
        pages.at("grant", bea.pk),
        {"key": "1", "credit_type": kind.pk, "quantity": "1", "days_to_expire": "30", "reason": "Sorry"},
    )

    assert CreditLot.objects.get().last_valid_on == make.on("2026-04-01")


def test_a_grant_without_sense_is_refused_field_by_field(desk, bea):
    kind = make.credit_type(make.service())

    answer = desk.post(
        pages.at("grant", bea.pk),
        {"key": "1", "credit_type": kind.pk, "quantity": "0", "days_to_expire": "-3", "reason": "x"},
    )

    words = pages.text(answer)
    assert answer.status_code == 422
    assert "A grant is at least one credit." in words
    assert "Days to expire cannot be below zero." in words
    assert CreditLot.objects.count() == 0


@pytest.mark.parametrize("name", ["sell", "grant"])
@pytest.mark.parametrize("role", [Role.MEMBER, Role.PRACTITIONER])
def test_selling_and_giving_are_for_the_desk(bea, name, role):
    somebody = logins.browser(role)

    assert somebody.get(pages.at(name, bea.pk)).status_code == 403
    assert somebody.post(pages.at(name, bea.pk), {"key": "1"}).status_code == 403


def test_the_forms_cost_the_same_for_one_plan_and_for_three(desk, bea, term):
    addresses = [pages.at("sell", bea.pk), pages.at("grant", bea.pk)]
    one = [pages.statements(desk, address) for address in addresses]
    make.plan()
    make.plan()

    three = [pages.statements(desk, address) for address in addresses]

    assert three == one
    assert max(three) <= 15
