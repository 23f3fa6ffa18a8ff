"""Money at the desk: invoices and what they add up to, payments, what is not invoiced yet, and pay."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from billing.domain import invoices, payments
from billing.models import Invoice, Payment
from billing.queries import charges, money
from memberships.domain import sales
from sessions_app.domain import booking, completion
from sessions_app.models import Session
from studio.lib import codes
from studio.people.models import Person
from studio.people.rules.permissions import SYSTEM, Role
from tests import logins, make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("moment")]

MONEY, UNINVOICED, PAY = "/desk/money/", "/desk/money/uninvoiced/", "/desk/money/pay/"


def invoice(name: str = "Amir Patel", *, minor: int = 9000, at: datetime = make.NOW) -> Invoice:
    """An unpaid invoice for a plan that was bought."""
    term = make.plan(price_minor=minor)
    who = make.person(name)
    sales.sell(person_id=who.pk, payment_term_id=term.pk, starts_on=at.date(), by=SYSTEM, at=at)
    return Invoice.objects.get(person=who)


def address(of: Invoice, more: str = "") -> str:
    return f"/desk/invoices/{codes.encode(of.pk)}/{more}"


def pay(of: Invoice, minor: int) -> None:
    payments.record(invoice_id=of.pk, amount_minor=minor, method="cash", by=SYSTEM, at=make.NOW)


def completed(coach: Person, who: Person | None = None, *, at: datetime = make.NOW) -> Session:
    """A session that ended an hour ago and was saved: 12.00 charged, 5.00 earned."""
    given = make.session(at - timedelta(hours=2), practitioner=coach)
    booking.book(
        session_id=given.pk,
        person_id=(who or make.person()).pk,
        unpaid_ok=True,
        by=SYSTEM,
        at=at - timedelta(hours=3),
    )
    completion.complete(session_id=given.pk, by=SYSTEM, at=at)
    return given


def figures(page: str, name: str) -> list[int]:
    """Every number of this name on a page, linked or as the total."""
    found = re.findall(rf'data-(?:explain|total)="{name}" data-fig="(-?\d+)"', page)
    return [int(each) for each in found]


# --- the list ----------------------------------------------------------------------------------------


def test_the_list_adds_up_to_what_its_tiles_say(desk):
    paid, part = invoice("Paid Up"), invoice("Part Paid", minor=5000)
    invoice("Late One", minor=2000, at=make.NOW - timedelta(days=30))
    pay(paid, 9000)
    pay(part, 1500)
    page = desk.get(MONEY).content.decode()
    assert figures(page, "invoices-open") == [5500, 5500]
    assert figures(page, "invoices-overdue") == [2000]
    assert "3 invoices" in page and "Overdue" in page and "Part paid" in page
    for state, names in {
        "open": ["Part Paid", "Late One"],
        "overdue": ["Late One"],
        "paid": ["Paid Up"],
    }.items():
        page = desk.get(MONEY, {"state": state}).content.decode()
        assert [name for name in ("Paid Up", "Part Paid", "Late One") if f">{name}<" in page] == sorted(
            names, key=["Paid Up", "Part Paid", "Late One"].index
        ), state
        if state != "paid":
            assert len(set(figures(page, f"invoices-{state}"))) == 1, state


def test_invoices_are_found_by_person_and_by_number(desk):
    one, other = invoice("Amir Patel"), invoice("Bea Long")
    page = desk.get(MONEY, {"q": "amir"}).content.decode()
    assert one.number in page and other.number not in page
    page = desk.get(MONEY, {"q": other.number}).content.decode()
    assert other.number in page and one.number not in page
    page = desk.get(MONEY, {"q": "nobody"}).content.decode()
    assert "No invoice matches these filters." in page
    assert "No invoice matches" in desk.get(MONEY, {"q": "nobody", "state": "open"}).content.decode()


def test_empty_lists_say_so(desk):
    assert "No invoices yet." in desk.get(MONEY).content.decode()
    assert "Nobody owes anything." in desk.get(MONEY, {"state": "open"}).content.decode()
    assert "Everything is invoiced." in desk.get(UNINVOICED).content.decode()
    assert "1 invoice" in (invoice() and desk.get(MONEY, {"state": "nonsense"}).content.decode())


# --- one invoice -------------------------------------------------------------------------------------


def test_every_line_leads_to_its_explanation_with_the_same_amount(desk):
    """UX D7."""
    coach, who = make.practitioner(), make.person("Amir Patel")
    completed(coach, who)
    issued = Invoice.objects.get(pk=invoices.issue(person_id=who.pk, by=SYSTEM, at=make.NOW))
    page = desk.get(address(issued)).content.decode()
    assert figures(page, "invoice-line") == [1200] and figures(page, "invoice-total") == [1200]
    why = desk.get(address(issued, "lines/1/")).content.decode()
    assert figures(why, "invoice-line") == [1200]
    assert "“Completed” costs 100 % of the price" in why and "Price when booked" in why
    assert desk.get(address(issued, "lines/2/")).status_code == 404


def test_a_line_for_a_plan_says_what_was_bought(desk):
    issued = invoice()
    page = desk.get(address(issued, "lines/1/")).content.decode()
    assert "Bought" in page and "paid once" in page and figures(page, "invoice-line") == [9000]


def test_a_payment_is_recorded_once_however_often_the_button_is_pressed(desk):
    issued = invoice()
    page = desk.get(address(issued)).content.decode()
    assert 'value="90.00"' in page
    sent = {"amount": "£40", "method": "card", "reference": "R-17", "key": "one-press"}
    for _ in range(2):
        answer = desk.post(address(issued, "payment/"), sent)
        assert (answer.status_code, answer["Location"]) == (302, address(issued))
    assert Payment.objects.get().amount_minor == 4000
    page = desk.get(address(issued)).content.decode()
    assert "£40.00 received on" in page and "R-17" in page and "Part paid" in page
    assert figures(page, "invoice-paid") == [4000, 4000] and figures(page, "invoice-due") == [5000]


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        ({"amount": "100"}, 422, "Only £90.00 of"),
        ({"amount": "0"}, 422, "A payment is more than zero."),
        ({"amount": "lots"}, 422, "“lots” is not an amount"),
        ({"amount": ""}, 422, "Type what was paid."),
        ({"method": "shells"}, 422, "shells is not one of the available choices"),
    ],
)
def test_a_payment_that_does_not_fit_says_why_and_keeps_what_was_typed(desk, sent, status, words):
    issued = invoice()
    form = {"amount": "10", "method": "cash", "reference": "R-17", "key": "one-press"} | sent
    answer = desk.post(address(issued, "payment/"), form)
    page = answer.content.decode()
    assert answer.status_code == status
    assert words in page and 'value="R-17"' in page and "<title>Error: " in page
    assert Payment.objects.count() == 0


def test_a_paid_invoice_takes_no_more(desk):
    issued = invoice()
    pay(issued, 9000)
    assert "Record a payment" not in desk.get(address(issued)).content.decode()
    answer = desk.post(address(issued, "payment/"), {"amount": "1", "method": "cash", "key": "late"})
    assert answer.status_code == 422
    assert "Only £0.00 of" in answer.content.decode()


# --- not yet invoiced --------------------------------------------------------------------------------


def test_what_is_not_invoiced_is_listed_with_its_charges_and_invoiced_on_request(desk):
    who = make.person("Amir Patel")
    completed(make.practitioner(), who)
    completed(make.practitioner("Other Coach"), who)
    page = desk.get(UNINVOICED).content.decode()
    assert "Amir Patel" in page and figures(page, "uninvoiced") == [2400] and page.count("£12.00") == 2
    issue = f"{UNINVOICED}{codes.encode(who.pk)}/"
    answer = desk.post(issue, {"key": "one-press"})
    issued = Invoice.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, address(issued))
    assert issued.total_minor == 2400
    assert "Invoice for Amir Patel written" in desk.get(address(issued)).content.decode()
    assert charges.uninvoiced().count() == 0
    answer = desk.post(issue, {"key": "again"})
    assert answer.status_code == 409
    assert "Everything this person owes is already on an invoice." in answer.content.decode()


# --- pay ---------------------------------------------------------------------------------------------


def test_pay_of_a_month_is_the_sum_of_its_sessions(owner):
    coach = make.practitioner("Pat Coach")
    completed(coach)
    completed(coach, at=make.NOW + timedelta(hours=5))
    completed(coach, at=datetime(2026, 2, 20, 12, tzinfo=UTC))
    page = owner.get(PAY).content.decode()
    assert "March 2026" in page and figures(page, "pay") == [1000] and figures(page, "pay-total") == [1000]
    assert figures(owner.get(PAY, {"month": "2026-02"}).content.decode(), "pay") == [500]
    of = owner.get(f"{PAY}{codes.encode(coach.pk)}/", {"month": "2026-03"}).content.decode()
    assert figures(of, "pay") == [1000] and figures(of, "wage") == [500, 500]


def test_a_session_opened_again_takes_its_pay_back(owner):
    coach = make.practitioner("Pat Coach")
    given = completed(coach)
    completion.reopen(session_id=given.pk, by=SYSTEM, at=make.NOW + timedelta(minutes=5))
    page = owner.get(f"{PAY}{codes.encode(coach.pk)}/").content.decode()
    assert figures(page, "pay") == [0] and figures(page, "wage") == [500, -500]
    assert "taken back: opened again" in page


def test_pay_agrees_with_what_stands_on_the_accounts():
    coach, other = make.practitioner("Pat Coach"), make.practitioner("Other Coach")
    for each in (coach, coach, other):
        completed(each)
    span = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    by_person = money.wages_by_practitioner("GBP", *span)
    assert by_person == {coach.pk: 1000, other.pk: 500}
    assert sum(wage.minor for wage in money.wages_of(coach.pk, "GBP", *span)) == 1000
    assert money.wages_by_practitioner("EUR", *span) == {}


def test_practitioners_see_their_own_pay_and_nobody_elses(coach):
    other = make.practitioner("Other Coach")
    completed(coach.person)
    completed(other)
    page = coach.get(MONEY, follow=True).content.decode()
    assert figures(page, "pay") == [500] and "Other Coach" not in page
    assert "Not yet invoiced" not in page
    assert coach.get(f"{PAY}{codes.encode(coach.person.pk)}/").status_code == 200
    assert coach.get(f"{PAY}{codes.encode(other.pk)}/").status_code == 404


def test_a_month_that_is_none_is_not_found(owner):
    assert owner.get(PAY, {"month": "2026-13"}).status_code == 404
    assert owner.get(PAY, {"month": "9999-12"}).status_code == 404
    assert "No pay in this month." in owner.get(PAY, {"month": "2025-12"}).content.decode()


# --- who, and how much it costs ----------------------------------------------------------------------


def test_money_is_for_who_may_see_it(desk):
    issued = invoice()
    assert desk.get(PAY).status_code == 403
    practitioner = logins.browser(Role.PRACTITIONER)
    assert practitioner.get(address(issued)).status_code == 403
    assert practitioner.get(UNINVOICED).status_code == 403
    member = logins.browser(Role.MEMBER)
    for path in (MONEY, UNINVOICED, PAY, address(issued)):
        assert member.get(path).status_code == 403
    assert (
        desk.get(address(issued).replace(codes.encode(issued.pk), codes.encode(999_999))).status_code == 404
    )


def test_pages_cost_the_same_for_one_row_and_for_three(owner, queries):
    coach = make.practitioner()
    counts: dict[str, list[int]] = {}
    for number in (1, 2):
        for _ in range(number):
            issued = invoice("Somebody")
            pay(issued, 100)
            completed(coach, at=make.NOW + timedelta(hours=3 * number + _))
        completed(make.practitioner(), issued.person)
        paths = [MONEY, UNINVOICED, PAY, f"{PAY}{codes.encode(coach.pk)}/", address(issued)]
        for name, path in zip(("list", "uninvoiced", "pay", "of", "invoice"), paths, strict=True):
            owner.get(path)
            with queries() as seen:
                assert owner.get(path).status_code == 200
            counts.setdefault(name, []).append(len(seen))
    assert all(one == three <= 15 for one, three in counts.values()), counts
