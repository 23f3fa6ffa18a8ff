"""Verbs ask who acts, too: a door that forgot its policy gives nothing away (REQUIREMENTS section 5)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.domain import invoices, payments
from memberships.domain import credits, sales
from sessions_app.domain import attendance, booking, completion
from studio.lib.refusals import Refused
from studio.people.rules.permissions import SYSTEM
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=2)


def cases(session, booked, other, term, invoice_id):
    """Everything that takes the desk, or the practitioner's own session."""
    return {
        "book": lambda by: booking.book(session_id=session.pk, person_id=other.pk, by=by, at=NOW),
        "cancel": lambda by: booking.cancel(booking_id=booked.pk, by=by, at=NOW),
        "mark": lambda by: attendance.mark(booking_id=booked.pk, is_present=True, by=by, at=NOW),
        "mark_all": lambda by: attendance.mark_all(session_id=session.pk, by=by, at=NOW),
        "complete": lambda by: completion.complete(session_id=session.pk, by=by, at=LATER),
        "reopen": lambda by: completion.reopen(session_id=session.pk, by=by, at=LATER),
        "sell": lambda by: sales.sell(
            person_id=other.pk, payment_term_id=term.pk, starts_on=NOW.date(), by=by, at=NOW
        ),
        "grant": lambda by: credits.grant(
            person_id=other.pk,
            credit_type_id=booked.lot.credit_type_id,
            quantity=1,
            reason="x",
            by=by,
            at=NOW,
        ),
        "pay": lambda by: payments.record(
            invoice_id=invoice_id, amount_minor=100, method="cash", by=by, at=NOW
        ),
        "invoice": lambda by: invoices.issue(person_id=other.pk, by=by, at=NOW),
    }


ALLOWED = {
    "member": set(),
    "other practitioner": set(),
    "practitioner": {"book", "mark", "mark_all", "complete", "reopen"},
    "staff": {"book", "cancel", "mark", "mark_all", "complete", "reopen", "sell", "grant", "pay", "invoice"},
}


@pytest.mark.parametrize("who", ALLOWED)
@pytest.mark.parametrize(
    "what", ["book", "cancel", "mark", "mark_all", "complete", "reopen", "sell", "grant", "pay", "invoice"]
)
def test_a_verb_is_done_for_others_only_by_those_who_may(who, what):
    coach = make.practitioner()
    session = make.session(practitioner=coach)
    booked, other = make.booking(session), make.person()
    make.lot(other, session.service)
    term = make.plan()
    sold = sales.sell(person_id=other.pk, payment_term_id=term.pk, starts_on=NOW.date(), by=SYSTEM, at=NOW)
    invoice = other.memberships.get(pk=sold).dues_periods.get().charge.line.invoice
    act = cases(session, booked, other, term, invoice.pk)[what]
    actor = {
        "member": make.person().actor,
        "other practitioner": make.practitioner("Nobody's coach").actor,
        "practitioner": coach.actor,
        "staff": make.staff().actor,
    }[who]
    if what == "reopen":
        completion.complete(session_id=session.pk, by=SYSTEM, at=LATER)

    try:
        act(actor)
        codes = []
    except Refused as refusal:
        codes = [reason.code for reason in refusal.reasons]

    assert ("not_allowed" not in codes) == (what in ALLOWED[who])
    # Only the invoice has nothing left to say yes to.
    assert codes == ([] if what != "invoice" else ["nothing_to_invoice"]) or what not in ALLOWED[who]
