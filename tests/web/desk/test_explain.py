"""Every number is explained: the page behind it shows the same total, and its rows add up to it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from memberships.domain import credits, sales
from memberships.models import CreditLot
from memberships.queries import log, lots
from sessions_app.domain import booking, completion
from studio.people.rules.permissions import Role
from tests import logins, make
from tests.make import NOW
from tests.web.desk import pages

pytestmark = pytest.mark.django_db


@pytest.fixture
def story(moment):
    """Peter: 4 bought, one attended, one canceled, one still booked; then 2 given for ten days."""
    peter, staff = make.person("Peter"), make.staff().actor
    service = make.service("Reformer")
    kind = make.credit_type(service, name="Class")
    term = make.plan("4-class card", quantity=4, kind=kind)
    sales.sell(
        person_id=peter.pk, payment_term_id=term.pk, starts_on=NOW.date(), paid_by="cash", by=staff, at=NOW
    )
    over = make.session(NOW + timedelta(hours=1), service=service)
    booking.book(session_id=over.pk, person_id=peter.pk, by=staff, at=NOW)
    later = NOW + timedelta(hours=3)
    completion.complete(session_id=over.pk, by=staff, at=later)
    next_week = [make.session(NOW + timedelta(days=day), service=service) for day in (7, 8)]
    canceled = booking.book(session_id=next_week[0].pk, person_id=peter.pk, by=peter.actor, at=later)
    booking.cancel(booking_id=canceled, by=peter.actor, at=later)
    booking.book(session_id=next_week[1].pk, person_id=peter.pk, by=peter.actor, at=later)
    moment(NOW + timedelta(hours=4))
    make.lot(peter, kind=kind, quantity=2, days=10, at=NOW + timedelta(hours=4))
    return peter, kind


def credit_page(story):
    peter, kind = story
    return pages.at("explain_credits", peter.pk, kind.pk)


def test_the_four_numbers_of_the_person_page_are_the_totals_behind_them(desk, story):
    peter, _ = story
    shown = pages.figures(desk.get(pages.at("person", peter.pk)), "explain")

    behind = desk.get(credit_page(story))

    assert pages.figures(behind, "total") == {
        name: shown[name] for name in ("credits-free", "credits-held", "credits-used", "credits-expired")
    }
    assert pages.figures(behind, "total")["credits-free"] == "4"
    assert "4 free = 6 received − 1 used − 1 held" in pages.text(behind)
    assert "2 will expire after this day unless used" in pages.text(behind)


def test_the_log_adds_up_to_the_summary_of_the_credits(desk, story):
    peter, kind = story
    [summary] = lots.summary(peter.pk, on=NOW.date())

    standing = log.standing(log.moves(peter.pk, credit_type_id=kind.pk))

    assert (standing.free, standing.held, standing.used, standing.expired, standing.granted) == (
        summary.free,
        summary.held,
        summary.used,
        summary.expired,
        summary.granted,
    )


def test_any_earlier_moment_can_be_asked_about(desk, story):
    then = desk.get(f"{credit_page(story)}?at=2026-03-02T09:30")

    words = pages.text(then)
    assert "As of Mon 2 Mar, 09:30" in words
    assert "3 free = 4 received − 0 used − 1 held" in words
    assert pages.figures(then, "total")["credits-free"] == "3"
    assert "As of now" in pages.text(desk.get(f"{credit_page(story)}?at=nonsense"))


def test_credits_past_their_last_day_count_as_expired_before_and_after_the_sweep(desk, story, moment):
    peter, _ = story
    moment(NOW + timedelta(days=20))
    before = desk.get(credit_page(story))
    on_page = pages.figures(desk.get(pages.at("person", peter.pk)), "explain")
    credits.expire_due(by=make.staff().actor, at=NOW + timedelta(days=20))
    after = desk.get(credit_page(story))

    totals = [pages.figures(page, "total") for page in (before, after)]
    assert totals[0] == totals[1]
    assert (totals[0]["credits-free"], totals[0]["credits-expired"]) == ("2", "2")
    assert on_page["credits-expired"] == "2"
    assert "2 ended unused" in pages.text(before)


def test_one_lot_is_explained_by_itself(desk, story):
    given = CreditLot.objects.get(is_free=True)

    page = desk.get(pages.at("explain_lot", given.pk))

    assert pages.figures(page, "total")["credits-free"] == "2"
    assert "Given by a test" in pages.text(page)
    assert "4-class card" not in pages.text(page)


def test_opening_a_session_again_is_two_lines_and_no_difference(desk, story):
    peter, _ = story
    before = pages.figures(desk.get(credit_page(story)), "total")
    session = peter.bookings.order_by("pk").first().session
    completion.reopen(session_id=session.pk, by=desk.person.actor, at=NOW + timedelta(hours=4))
    completion.complete(session_id=session.pk, by=desk.person.actor, at=NOW + timedelta(hours=4))

    after = desk.get(credit_page(story))

    assert pages.figures(after, "total") == before
    assert pages.text(after).count("Reopened Reformer") == 2


def test_the_balance_is_what_the_rows_add_up_to(desk, story):
    """Payments less charges; what is only expected is held, not owed."""
    peter, _ = story
    spin = make.session(NOW + timedelta(days=1), service=make.service("Spin"))
    booking.book(session_id=spin.pk, person_id=peter.pk, unpaid_ok=True, by=desk.person.actor, at=NOW)
    shown = pages.figures(desk.get(pages.at("person", peter.pk)), "explain")["balance"]

    page = desk.get(pages.at("explain_balance", peter.pk))

    words = pages.text(page)
    assert pages.figures(page, "total") == {"balance": shown, "money-held": "1200"}
    assert shown == "0"
    assert "4-class card, paid once Mon 2 Mar · INV-2026-00001 · by Sam Desk charged −£90.00" in words
    assert "Paid, cash Mon 2 Mar · INV-2026-00001 · by Sam Desk paid +£90.00" in words
    assert "Spin, 3 March 2026" in words


def test_an_account_that_was_never_used_says_so(desk):
    bea = make.person("Bea Long")

    words = pages.text(desk.get(pages.at("explain_balance", bea.pk)))

    assert "Nothing owed" in words and "Nothing has happened here yet." in words


def test_what_does_not_exist_is_not_found(desk, story):
    peter, _ = story

    assert desk.get(pages.at("explain_lot", 999_999)).status_code == 404
    assert desk.get(pages.at("explain_credits", peter.pk, 999_999)).status_code == 404
    assert desk.get(pages.at("explain_balance", 999_999)).status_code == 404


@pytest.mark.parametrize("role", [Role.MEMBER, Role.PRACTITIONER])
def test_credits_and_balances_of_others_are_for_the_desk(story, role):
    peter, kind = story
    somebody = logins.browser(role)
    lot = CreditLot.objects.first()

    addresses = [
        pages.at("explain_credits", peter.pk, kind.pk),
        pages.at("explain_lot", lot.pk),
        pages.at("explain_balance", peter.pk),
    ]
    assert [somebody.get(address).status_code for address in addresses] == [403] * 3


def test_explaining_costs_the_same_for_few_rows_and_for_many(desk, moment):
    peter, service = make.person("Peter"), make.service()
    lot = make.lot(peter, service)
    other = make.service()

    def one_more(day):
        make.booking(make.session(NOW + timedelta(days=day), service=service), peter)
        spin = make.session(NOW + timedelta(days=day), service=other)
        booking.book(session_id=spin.pk, person_id=peter.pk, unpaid_ok=True, by=desk.person.actor, at=NOW)

    addresses = [
        pages.at("explain_credits", peter.pk, lot.credit_type_id),
        pages.at("explain_lot", lot.pk),
        pages.at("explain_balance", peter.pk),
    ]
    one_more(1)
    one = [pages.statements(desk, address) for address in addresses]
    one_more(2)
    one_more(3)

    three = [pages.statements(desk, address) for address in addresses]

    assert three == one
    assert max(three) <= 15
