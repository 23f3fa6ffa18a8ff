"""The ledger by itself: worked examples of its four movements, and everything that it refuses.

A refusal of the database holds for whoever asks: this application, its admin, or somebody at a prompt.
"""

from __future__ import annotations

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from billing.domain import charges, ledger
from billing.domain.ledger import EntryDiffers, Overdrawn
from billing.models import Account, Entry
from studio.audit.domain.operations import recorded
from studio.lib.transactions import use_case
from studio.people.rules.permissions import SYSTEM
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


def in_a_verb(act):
    """Run steps as a verb does: in a transaction, under an operation."""

    @use_case
    @recorded("test.ledger")
    def run(*, by, at):
        act()

    run(by=SYSTEM, at=NOW)


def totals(owner):
    account = Account.objects.get(owner=owner)
    return account.balance, account.held, account.available


@pytest.fixture
def lot():
    """A lot of ten credits."""

    def grant():
        [account] = ledger.open_accounts(["lot:1"], ledger.CREDIT)
        issued = ledger.studio_account("issued", ledger.CREDIT)
        ledger.post(
            key="lot:1:grant", source=issued, destination=account, amount=10, reason="lot.granted", at=NOW
        )

    in_a_verb(grant)
    return Account.objects.get(owner="lot:1")


def hold(lot, key="hold", amount=1):
    used = ledger.studio_account("used", ledger.CREDIT)
    return ledger.hold(key=key, source=lot, destination=used, amount=amount, reason="booking.made", at=NOW)


def test_ten_credits_bought_three_held_two_used_one_returned(lot):
    """ARCHITECTURE 3: the example of the plan, entry by entry, with the stamp after each."""
    seen = []

    def spend():
        holds = [hold(lot, f"hold:{number}") for number in range(3)]
        seen.append(totals("lot:1"))
        for held in holds[:2]:
            ledger.settle(held, key=f"{held.key}:end", amount=1, reason="booking.completed", at=NOW)
        seen.append(totals("lot:1"))
        ledger.release(holds[2], key="hold:2:end", reason="booking.canceled", at=NOW)
        seen.append(totals("lot:1"))

    in_a_verb(spend)

    assert seen == [(10, 3, 7), (8, 1, 7), (8, 0, 8)]
    entries = Entry.objects.filter(source=lot).order_by("source_seq")
    assert [(each.source_seq, each.source_balance, each.source_held) for each in entries] == [
        (2, 10, 1),
        (3, 10, 2),
        (4, 10, 3),
        (5, 9, 2),
        (6, 8, 1),
        (7, 8, 0),
    ]


def test_money_held_for_one_price_is_settled_for_another():
    """Charged 90.00, paid 50.00, a session held at 80.00 comes to 40.00."""

    def live():
        income, cash = ledger.studio_account("income", "GBP"), ledger.studio_account("cash", "GBP")
        person = ledger.person_account(7, "GBP")
        post = {"amount": 9000, "reason": "charge", "at": NOW}
        ledger.post(key="charge", source=person, destination=income, **post)
        ledger.post(key="paid", source=cash, destination=person, **post | {"amount": 5000})
        held = ledger.hold(key="held", source=person, destination=income, **post | {"amount": 8000})
        ledger.settle(held, key="late", amount=4000, reason="half price", at=NOW)

    in_a_verb(live)

    assert totals("person:7") == (-8000, 0, -8000)
    # The studio's own account is summed when asked, or everybody would queue on it.
    assert totals("studio:income") == (0, 0, 0)
    assert (
        sum(
            entry.amount
            for entry in Entry.objects.filter(destination__owner="studio:income").exclude(kind="hold")
        )
        == 13000
    )


def test_a_movement_is_answered_by_its_opposite_once(lot):
    written = []

    def use_one():
        used = ledger.studio_account("used", ledger.CREDIT)
        written.append(ledger.post(key="use", source=lot, destination=used, amount=1, reason="test", at=NOW))

    in_a_verb(use_one)
    in_a_verb(lambda: ledger.reverse(written[0], key="back", reason="mistake", at=NOW))

    assert totals("lot:1") == (10, 0, 10)
    with pytest.raises(IntegrityError, match="reverses"):
        in_a_verb(lambda: ledger.reverse(written[0], key="back again", reason="mistake", at=NOW))


def test_the_same_key_moves_once_and_never_something_else(lot):
    def twice(amount):
        return lambda: hold(lot, amount=amount)

    in_a_verb(twice(1))
    in_a_verb(twice(1))
    assert totals("lot:1") == (10, 1, 9)

    with pytest.raises(EntryDiffers):
        in_a_verb(twice(2))


@pytest.mark.parametrize("many", [False, True])
def test_what_is_not_there_is_neither_held_nor_moved(lot, many):
    """C1: by one entry or by a bulk of them."""

    def too_much():
        if not many:
            return hold(lot, amount=11)
        used = ledger.studio_account("used", ledger.CREDIT)
        moves = {"source": lot, "destination": used, "amount": 6, "reason": "test", "at": NOW}
        return ledger.write_many([ledger.posting(key=key, **moves) for key in ("one", "two")])

    with pytest.raises(Overdrawn) as refusal:
        in_a_verb(too_much)

    assert [reason.code for reason in refusal.value.reasons] == ["overdrawn"]
    assert totals("lot:1") == (10, 0, 10)


def test_a_hold_ends_once(lot):
    """C3: neither settled and released, nor settled twice."""
    held = []
    in_a_verb(lambda: held.append(hold(lot, amount=2)))
    in_a_verb(lambda: ledger.settle(held[0], key="end", amount=0, reason="free of charge", at=NOW))

    assert totals("lot:1") == (10, 0, 10)
    with pytest.raises(IntegrityError):
        in_a_verb(lambda: ledger.release(held[0], key="end again", reason="twice", at=NOW))


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "post", "amount": 0},
        {"kind": "hold", "amount": -1},
        {"kind": "settle", "amount": 1},
        {"kind": "release", "amount": 1},
    ],
    ids=["nothing moved", "a hold below zero", "a settlement of nothing", "a release of nothing"],
)
def test_an_entry_that_makes_no_sense_is_refused(lot, wrong):
    used = Account.objects.get(owner="studio:used")

    def write():
        ledger.write_many([Entry(key="wrong", source=lot, destination=used, reason="wrong", at=NOW, **wrong)])

    with pytest.raises(IntegrityError):
        in_a_verb(write)


def test_an_entry_ends_only_a_hold_of_its_own_source_and_all_of_it(lot):
    used, held = Account.objects.get(owner="studio:used"), []
    in_a_verb(lambda: held.append(hold(lot, amount=2)))
    grant = Entry.objects.get(key="lot:1:grant")

    for wrong in (
        {"kind": "settle", "resolves": grant, "source": lot},
        {"kind": "settle", "resolves": held[0], "source": Account.objects.get(owner="studio:expired")},
        {"kind": "release", "resolves": held[0], "source": lot},
    ):
        entry = Entry(key="wrong", destination=used, amount=1, reason="wrong", at=NOW, **wrong)
        with pytest.raises(IntegrityError):
            in_a_verb(lambda entry=entry: ledger.write_many([entry]))


def test_units_do_not_mix_and_nothing_moves_from_a_place_to_itself(lot):
    def move(destination):
        ledger.post(key="wrong", source=lot, destination=destination, amount=1, reason="wrong", at=NOW)

    with pytest.raises(IntegrityError, match="one unit into another"):
        in_a_verb(lambda: move(ledger.studio_account("income", "GBP")))
    with pytest.raises(IntegrityError):
        in_a_verb(lambda: move(lot))


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE billing_entry SET amount = 100",
        "UPDATE billing_entry SET reason = reason",
        "DELETE FROM billing_entry",
        "TRUNCATE billing_entry CASCADE",
        "TRUNCATE billing_account CASCADE",
        "UPDATE audit_event SET facts = '{}'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event CASCADE",
    ],
)
def test_what_was_written_stays_as_it_was_written(lot, attack):
    """C2, A1: not changed, not removed, not emptied."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_event (operation_id, verb, at, subject, facts)"
            " SELECT id, 'test', at, 'test:1', '{\"a\": 1}' FROM audit_operation"
        )
        # What is checked at commit is checked now: a table with open questions is not emptied anyhow.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute(attack)


@pytest.mark.parametrize(
    ("attack", "why"),
    [
        ("UPDATE billing_account SET posted_in = 100 WHERE owner = 'lot:1'", "written by the ledger only"),
        ("UPDATE billing_account SET posted_out = 0, held = 0, seq = 0", "written by the ledger only"),
        ("UPDATE billing_account SET owner = 'lot:2' WHERE owner = 'lot:1'", "keeps its owner"),
        ("UPDATE billing_account SET is_guarded = false WHERE owner = 'lot:1'", "keeps its owner"),
        ("UPDATE billing_account SET may_overdraw = true WHERE owner = 'lot:1'", "keeps its owner"),
        ("DELETE FROM billing_account WHERE owner = 'lot:1'", "violates foreign key"),
        (
            "INSERT INTO billing_account"
            " (owner, unit, posted_in, posted_out, held, seq, may_overdraw, is_guarded)"
            " VALUES ('lot:3', 'credit', 5, 0, 0, 0, false, true)",
            "starts empty",
        ),
    ],
)
def test_totals_are_the_ledgers_own(lot, attack, why):
    """C1: nobody tops an account up, empties it, or lifts its limit."""
    with pytest.raises(DatabaseError, match=why), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(attack)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    assert totals("lot:1") == (10, 0, 10)


def test_a_charge_of_nothing_is_expected_settled_and_taken_back_without_any_entry(db):
    """What costs nothing is written down, and moves nothing."""
    person = make.person()
    seen = []

    def live():
        made = charges.expect(
            key="test:1",
            person_id=person.pk,
            description="A look around",
            service_on=NOW.date(),
            amount_minor=0,
            currency="GBP",
            at=NOW,
        )
        settled = charges.settle(made, amount_minor=0, currency="GBP", reason="test", at=NOW)
        seen.append((settled.amount_minor, settled.final_at))
        [locked] = charges.lock([made.pk]).values()
        reopened = charges.reopen(locked, currency="GBP", at=NOW)
        seen.append((reopened.amount_minor, reopened.final_at))

    in_a_verb(live)

    assert seen == [(0, NOW), (None, None)]
    assert Entry.objects.count() == 0
