"""The check of the books can fail: each promise is broken on purpose, and the check says so.

Triggers are silenced for one transaction, which is what a person with the database's own password can do.
"""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from django.core.management import call_command
from django.db import connection

from billing.models import Invoice
from memberships.domain import sales
from sessions_app.domain import booking, completion, expansion, timetable
from studio.ops import verify
from studio.people.rules.permissions import SYSTEM
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db

# What each invariant must notice, one statement (or a few) at a time. Every clause of a promise has its own.
SABOTAGE: list[tuple[str, str, list[str]]] = [
    ("L1", "a total was edited", ["UPDATE billing_account SET posted_in = posted_in + 1 WHERE is_guarded"]),
    ("L1", "an entry was removed", ["DELETE FROM billing_entry WHERE key LIKE '%:grant'"]),
    (
        "L1",
        "a number was given out twice",
        ["UPDATE billing_account SET seq = seq - 1 WHERE is_guarded AND seq > 0"],
    ),
    (
        "C1",
        "more was taken than was there",
        ["UPDATE billing_entry SET source_balance = 0, source_held = 1 WHERE kind = 'hold'"],
    ),
    (
        "C1b",
        "a stamp was edited",
        ["UPDATE billing_entry SET destination_balance = 99 WHERE key LIKE '%:grant'"],
    ),
    ("C1b", "a stamp is missing", ["UPDATE billing_entry SET source_seq = NULL WHERE kind = 'hold'"]),
    (
        "P1",
        "pounds became credits",
        ["UPDATE billing_account SET unit = 'EUR' WHERE owner = 'studio:income'"],
    ),
    (
        "P1",
        "a reversal is of another amount",
        ["UPDATE billing_entry SET amount = amount + 1 WHERE reverses_id IS NOT NULL"],
    ),
    (
        "C3",
        "a release freed a part",
        ["UPDATE billing_entry SET amount = amount + 1 WHERE kind = 'release'"],
    ),
    (
        "C3",
        "a settlement ended no hold",
        [
            "UPDATE billing_entry SET kind = 'post' WHERE kind = 'hold'"
            " AND id IN (SELECT resolves_id FROM billing_entry)"
        ],
    ),
    (
        "K3",
        "a final charge was edited",
        ["UPDATE billing_charge SET amount_minor = 1 WHERE final_at IS NOT NULL"],
    ),
    (
        "K3",
        "an expected charge was edited",
        ["UPDATE billing_charge SET expected_minor = 1 WHERE final_at IS NULL"],
    ),
    ("I4", "a line was edited", ["UPDATE billing_invoiceline SET amount_minor = amount_minor + 1"]),
    ("I4", "a total was edited", ["UPDATE billing_invoice SET total_minor = total_minor + 1"]),
    ("I4", "the lines were removed", ["DELETE FROM billing_invoiceline"]),
    ("I4", "a line is of somebody else", ["UPDATE billing_invoice SET person_id = person_id + 1"]),
    ("I6", "the counter ran ahead", ["UPDATE billing_invoicecounter SET last = last + 1"]),
    ("I6", "the counter was removed", ["DELETE FROM billing_invoicecounter"]),
    (
        "I6",
        "a number was skipped",
        ["UPDATE billing_invoice SET number = 'INV-2026-00077' WHERE number LIKE '%2'"],
    ),
    ("I7", "more was paid than asked", ["UPDATE billing_invoice SET total_minor = total_minor - 1"]),
    ("I7", "a payment was edited", ["UPDATE billing_payment SET amount_minor = amount_minor - 1"]),
    ("C5", "a lot was made larger", ["UPDATE memberships_creditlot SET granted = granted + 1"]),
    ("C5", "a lot was granted out of nothing", ["DELETE FROM billing_entry WHERE key LIKE '%:grant'"]),
    (
        "C10",
        "credits are missing",
        [
            "UPDATE billing_account SET posted_out = posted_out + 1"
            " WHERE owner LIKE 'lot:%' AND posted_in > posted_out + held"
        ],
    ),
    ("D1", "credits came before the payment", ["DELETE FROM billing_payment"]),
    (
        "D1",
        "a period was granted twice",
        [
            "ALTER TABLE memberships_creditlot DROP CONSTRAINT lot_once_per_dues_period_and_bucket",
            "UPDATE memberships_creditlot SET credit_type_id = 1, dues_period_id ="
            " (SELECT min(id) FROM memberships_duesperiod)",
        ],
    ),
    (
        "S1",
        "a place was counted twice",
        ["UPDATE sessions_app_session SET booked = booked + 1 WHERE booked < capacity"],
    ),
    (
        "S1",
        "there are more people than places",
        [
            "ALTER TABLE sessions_app_session DROP CONSTRAINT session_never_overbooked",
            "UPDATE sessions_app_session SET capacity = 0",
        ],
    ),
    (
        "S3",
        "a person sits on two chairs",
        [
            "DROP INDEX one_place_per_person",
            "UPDATE sessions_app_booking SET canceled_at = NULL,"
            " person_id = (SELECT min(person_id) FROM sessions_app_booking)",
        ],
    ),
    (
        "S7",
        "a booking lost its hold",
        ["UPDATE sessions_app_booking SET hold_id = NULL WHERE lot_id IS NOT NULL"],
    ),
    (
        "S7",
        "a booking holds another lot's credit",
        [
            "UPDATE sessions_app_booking SET lot_id = (SELECT max(id) FROM memberships_creditlot)"
            " WHERE lot_id IS NOT NULL"
        ],
    ),
    (
        "S7",
        "the price of an open booking is final",
        ["UPDATE billing_charge SET amount_minor = 0, final_at = at WHERE final_at IS NULL"],
    ),
    ("S9", "a canceled booking still holds", ["UPDATE sessions_app_booking SET canceled_at = booked_at"]),
    (
        "S9",
        "an ended booking still holds",
        ["DELETE FROM billing_entry WHERE kind IN ('settle', 'release')"],
    ),
    ("K2", "an outcome was removed", ["DELETE FROM sessions_app_outcome"]),
    ("K2", "an outcome was edited", ["UPDATE sessions_app_outcome SET cost_minor = cost_minor + 1"]),
    ("K2", "an open session has outcomes", ["UPDATE sessions_app_session SET closed_at = NULL"]),
    ("K3b", "a wage was edited", ["UPDATE sessions_app_outcome SET wage_minor = wage_minor + 1"]),
    ("K3b", "an open session has paid its wage", ["UPDATE sessions_app_session SET closed_at = NULL"]),
    (
        "Z1",
        "a session is an hour off",
        ["UPDATE sessions_app_session SET local_start = local_start + interval '1 hour'"],
    ),
    ("S5", "a room is free that is in use", ["DELETE FROM scheduling_slot WHERE room_id IS NOT NULL"]),
    (
        "S5",
        "a practitioner is held for another time",
        ["UPDATE scheduling_slot SET during = tstzrange(lower(during), upper(during) + interval '1 minute')"],
    ),
    ("S5", "a deleted session keeps its room", ["UPDATE sessions_app_session SET deleted_at = starts_at"]),
]


@pytest.fixture
def books():
    """A little of everything that the invariants are about, made by the product's own verbs."""
    coach, service, room = make.practitioner(), make.service(), make.room()
    sold_to, walk_in = make.person(), make.person()
    for _ in range(2):
        sales.sell(
            person_id=make.person().pk if Invoice.objects.exists() else sold_to.pk,
            payment_term_id=make.plan(kind=make.credit_type(service)).pk,
            starts_on=NOW.date(),
            paid_by="card",
            by=SYSTEM,
            at=NOW,
        )
    over = make.session(NOW + timedelta(hours=1), service=service, practitioner=coach)
    coming = make.session(service=service)
    for session in (over, coming):
        make.booking(session, sold_to)
        make.booking(session, make.person())
        booking.book(session_id=session.pk, person_id=walk_in.pk, unpaid_ok=True, by=SYSTEM, at=NOW)
    completion.complete(session_id=over.pk, by=SYSTEM, at=over.ends_at)
    completion.reopen(session_id=over.pk, by=SYSTEM, at=over.ends_at)
    completion.complete(session_id=over.pk, by=SYSTEM, at=over.ends_at)
    given_up = make.booking(make.session(service=service), make.person())
    booking.cancel(booking_id=given_up.pk, by=SYSTEM, at=NOW)
    timetable.create_series(
        service_id=service.pk,
        location_id=room.location_id,
        room_id=room.pk,
        practitioner_id=coach.pk,
        weekdays=[0],
        starts_on=date(2026, 3, 9),
        starts_time=time(18),
        count=2,
        by=SYSTEM,
        at=NOW,
    )
    expansion.expand(by=SYSTEM, at=NOW)
    with connection.cursor() as cursor:
        # What is checked at commit is checked now: later, a table with open questions cannot be altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_each_promise_is_tried():
    assert {sabotaged for sabotaged, _, _ in SABOTAGE} == {each.id for each in verify.INVARIANTS}
    assert len({each.id for each in verify.INVARIANTS}) == len(verify.INVARIANTS)


@pytest.mark.sabotage
@pytest.mark.parametrize(
    ("promise", "statements"),
    [pytest.param(each, statements, id=f"{each}: {what}") for each, what, statements in SABOTAGE],
)
def test_a_broken_promise_is_found(books, promise, statements):
    assert verify.violations() == []

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)

    found = {each.invariant.id: each for each in verify.findings()}
    assert found[promise].offending != ()
    assert found[promise].checked > 0
    assert all(found[promise].offending), "Each row is said in words."


def test_books_that_are_right_are_said_to_be_so(books, capsys):
    call_command("verify_ledger")

    told = capsys.readouterr().out.splitlines()
    assert told[-1] == f"All {len(verify.INVARIANTS)} invariants hold."
    assert [line.split()[:2] for line in told[:-1]] == [[each.id, "holds"] for each in verify.INVARIANTS]
    # Something was looked at for each of them.
    assert [line for line in told[:-1] if " 0 rows" in line] == []


@pytest.mark.sabotage
def test_a_broken_promise_is_named_and_the_command_fails(books, capsys):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE billing_invoicecounter SET last = 7")

    with pytest.raises(SystemExit) as ended:
        call_command("verify_ledger")

    told = capsys.readouterr()
    assert ended.value.code == 1
    assert told.err.strip() == f"1 of {len(verify.INVARIANTS)} invariants are broken."
    assert "       series INV-2026: counter 7, 2 invoices, numbers 1 to 2" in told.out.splitlines()
