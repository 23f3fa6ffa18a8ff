"""One key, one effect: who may use which key, what makes two requests the same, and what undo says."""

from __future__ import annotations

import pytest

from memberships.queries import lots
from sessions_app.domain import booking, completion
from sessions_app.models import Booking
from studio.audit.domain import journal, operations
from studio.audit.domain.operations import AlreadyUndone, KeyReused
from studio.audit.models import Operation
from studio.people.rules.permissions import SYSTEM
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


def undo(operation, by):
    return operations.verb_named(operation.inverse["verb"])(
        **operation.inverse["kwargs"], by=by, at=NOW, key=f"undo:{operation.pk}", undoes=operation.pk
    )


def free(person):
    return sum(summary.free for summary in lots.summary(person.pk, on=NOW.date()))


def test_a_key_belongs_to_who_uses_it():
    """Two people's forms may carry the same key: each has its own effect, and its own answer."""
    session = make.session()
    people = [make.person() for _ in range(2)]
    for person in people:
        make.lot(person, session.service)

    made = [
        booking.book(session_id=session.pk, person_id=person.pk, by=person.actor, at=NOW, key="same")
        for person in people
    ]

    assert [Booking.objects.get(pk=pk).person for pk in made] == people


def test_nobody_uses_up_the_key_by_which_somebody_else_undoes():
    """A member who guesses the key of an undo stops nobody's undo."""
    staff, mallory, session = make.staff(), make.person(), make.session()
    booked = make.booking(session, by=staff.actor)
    make.lot(mallory, session.service)
    operation = booked.hold.operation

    booking.book(
        session_id=session.pk,
        person_id=mallory.pk,
        by=mallory.actor,
        at=NOW,
        key=f"undo:{operation.pk}",
    )
    undo(operation, staff.actor)

    booked.refresh_from_db()
    assert booked.canceled_at == NOW


def test_the_house_itself_has_each_key_once():
    member, session = make.person(), make.session()
    make.lot(member, session.service)
    ask = {"session_id": session.pk, "person_id": member.pk, "by": SYSTEM, "at": NOW, "key": "nightly"}

    assert booking.book(**ask) == booking.book(**ask)
    with pytest.raises(KeyReused):
        booking.book(**ask | {"unpaid_ok": True})


def test_the_order_of_choices_makes_no_other_request():
    """The same outcomes, listed in another order, are the same form."""
    session = make.session()
    first, second = make.booking(session), make.booking(session)
    ask = {"session_id": session.pk, "by": SYSTEM, "at": session.ends_at, "key": "saved"}

    completion.complete(outcomes={first.pk: "missed", second.pk: "completed"}, **ask)

    outcomes = {second.pk: "completed", first.pk: "missed"}
    assert completion.complete(outcomes=outcomes, **ask) == session.pk


@pytest.mark.parametrize("key", ["k" * 100_000, "with\0nothing", "½" * 300])
def test_any_text_is_a_key(key):
    """What a form or a header carries is not ours to choose; it must neither fail nor have two effects."""
    member, session = make.person(), make.session()
    make.lot(member, session.service)
    ask = {"session_id": session.pk, "person_id": member.pk, "by": member.actor, "at": NOW, "key": key}

    assert booking.book(**ask) == booking.book(**ask)
    assert session.bookings.count() == 1


def test_a_deed_is_undone_once_and_the_second_hears_so():
    """Whoever presses second: not that the booking is canceled, but that it was undone."""
    booked = make.booking()
    operation, first, second = booked.hold.operation, make.staff(), make.staff()

    undo(operation, first.actor)

    assert undo(operation, first.actor) == booked.pk
    with pytest.raises(AlreadyUndone) as refusal:
        undo(operation, second.actor)
    assert [reason.code for reason in refusal.value.reasons] == ["already_undone"]


def test_an_undo_is_undone_and_that_again():
    """book → undo → undo of it → undo of that: one credit wanders and none is lost."""
    member, session = make.person(), make.session()
    make.lot(member, session.service, quantity=1)
    booking.book(session_id=session.pk, person_id=member.pk, by=SYSTEM, at=NOW)
    left = []

    for _ in range(3):
        undo(Operation.objects.latest("pk"), SYSTEM)
        left.append((free(member), session.bookings.live().count()))

    assert left == [(1, 0), (0, 1), (1, 0)]
    assert Operation.objects.filter(undone_by__isnull=False).count() == 3


def test_an_undo_that_is_refused_undoes_nothing():
    """The operation can still be undone, once what stands in the way is gone."""
    booked = make.booking()
    operation = booked.hold.operation
    completion.complete(session_id=booked.session_id, by=SYSTEM, at=booked.session.ends_at)

    with pytest.raises(booking.CannotCancel):
        undo(operation, SYSTEM)

    operation.refresh_from_db()
    assert operation.undone_by is None


def test_an_event_is_written_under_an_operation_or_not_at_all():
    with pytest.raises(RuntimeError, match="No operation is under way"):
        journal.record("made.up", at=NOW, subject="nothing:1")
