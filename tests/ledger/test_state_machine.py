"""A random walk over granting, booking, canceling, completing, expiring and time, beside a plain model.

After every step the numbers on the screen are those of the model; at the end every invariant holds.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from memberships.domain import credits
from memberships.models import CreditLot
from memberships.queries import lots as lot_queries
from sessions_app.domain import booking, completion
from sessions_app.models import Session
from studio.lib.refusals import Refused
from studio.ops import verify
from studio.people.rules.permissions import SYSTEM
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


class ModelLot:
    """A lot as anybody would keep it on paper."""

    def __init__(self, pk: int, quantity: int, until: date | None) -> None:
        self.pk, self.until = pk, until
        self.free, self.held, self.used, self.expired = quantity, 0, 0, 0

    def pays_on(self, day: date) -> bool:
        return self.free > 0 and (self.until is None or day <= self.until)


class Studio(RuleBasedStateMachine):
    """Three members, small sessions, credits that end soon: collisions are frequent on purpose."""

    bookings = Bundle("bookings")
    sessions = Bundle("sessions")

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        # The walk is one transaction of the test; the verbs' own durable blocks nest in it.
        self.atomic._from_testcase = True

    def teardown(self) -> None:
        try:
            assert verify.violations() == []
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    @initialize()
    def open_the_studio(self) -> None:
        self.at = NOW
        self.service = make.service(capacity=2)
        self.place = make.location()
        self.kind = make.credit_type(self.service)
        self.members = [make.person() for _ in range(3)]
        self.lots: dict[int, list[ModelLot]] = {member.pk: [] for member in self.members}
        self.places: dict[int, dict[int, ModelLot]] = {}
        self.closed: set[int] = set()

    @rule(member=st.integers(0, 2), quantity=st.integers(1, 3), days=st.sampled_from([0, 1, 2, 5]))
    def grant(self, member: int, quantity: int, days: int) -> None:
        person = self.members[member]
        lot = make.lot(person, quantity=quantity, days=days, kind=self.kind, at=self.at)
        self.lots[person.pk].append(ModelLot(lot.pk, quantity, lot.last_valid_on))

    @rule(target=sessions, days=st.integers(0, 4), hours=st.integers(1, 8))
    def plan(self, days: int, hours: int) -> int:
        starts_at = self.at + timedelta(days=days, hours=hours)
        session = make.session(starts_at, service=self.service, location=self.place, capacity=2)
        self.places[session.pk] = {}
        return session.pk

    @rule(target=bookings, session=sessions, member=st.integers(0, 2))
    def book(self, session: int, member: int) -> tuple[int, int, int] | None:
        person, taken = self.members[member], self.places[session]
        facts = Session.objects.get(pk=session)
        payer = self._payer(person.pk, facts.occurrence_on)
        should_work = (
            len(taken) < 2
            and person.pk not in taken
            and self.at < facts.starts_at
            and session not in self.closed
            and payer is not None
        )
        try:
            made = booking.book(session_id=session, person_id=person.pk, by=person.actor, at=self.at)
        except Refused:
            assert not should_work
            return None
        assert should_work and payer is not None
        payer.free, payer.held = payer.free - 1, payer.held + 1
        taken[person.pk] = payer
        return made, session, person.pk

    @rule(booked=consumes(bookings))
    def cancel(self, booked: tuple[int, int, int] | None) -> None:
        if booked is None:
            return
        pk, session, person_pk = booked
        person = next(member for member in self.members if member.pk == person_pk)
        starts_at = Session.objects.get(pk=session).starts_at
        should_work = self.at < starts_at and session not in self.closed
        try:
            booking.cancel(booking_id=pk, by=person.actor, at=self.at)
        except Refused:
            assert not should_work
            return
        assert should_work
        lot = self.places[session].pop(person_pk)
        lot.held -= 1
        if lot.until is None or self.at.date() <= lot.until:
            lot.free += 1
        else:
            lot.expired += 1

    @rule(session=sessions, ending=st.sampled_from(["completed", "missed", "canceled"]))
    def complete(self, session: int, ending: str) -> None:
        facts = Session.objects.get(pk=session)
        should_work = self.at >= facts.starts_at and session not in self.closed
        outcomes = {each.pk: ending for each in facts.bookings.live()}
        try:
            completion.complete(session_id=session, outcomes=outcomes, by=SYSTEM, at=self.at)
        except Refused:
            assert not should_work
            return
        assert should_work
        self.closed.add(session)
        for person_pk, lot in self.places[session].items():
            lot.held -= 1
            if ending != "canceled":
                lot.used += 1
            elif lot.until is None or self.at.date() <= lot.until:
                lot.free += 1
            else:
                # What the studio gives back is good for something.
                lot.expired += 1
                self._note_restitution(person_pk)

    @rule(hours=st.sampled_from([1, 7, 26]))
    def time_passes(self, hours: int) -> None:
        self.at += timedelta(hours=hours)

    @rule()
    def expire(self) -> None:
        credits.expire_due(by=SYSTEM, at=self.at)
        for lot in self._all_lots():
            if lot.until is not None and lot.until < self.at.date():
                lot.expired, lot.free = lot.expired + lot.free, 0

    @precondition(lambda self: hasattr(self, "lots"))
    @invariant()
    def every_number_is_that_of_the_model(self) -> None:
        for member in self.members:
            told = {
                lot.pk: (lot.free, lot.held, lot.used, lot.expired)
                for lot in lot_queries.of_person(member.pk)
            }
            kept = {lot.pk: (lot.free, lot.held, lot.used, lot.expired) for lot in self.lots[member.pk]}
            assert told == kept

    @precondition(lambda self: hasattr(self, "places"))
    @invariant()
    def every_place_is_that_of_the_model(self) -> None:
        counted = dict(Session.objects.filter(pk__in=self.places).values_list("pk", "booked"))
        for session, taken in self.places.items():
            if session not in self.closed:
                assert counted[session] == len(taken)

    def _note_restitution(self, person_pk: int) -> None:
        known = {lot.pk for lot in self.lots[person_pk]}
        given = CreditLot.objects.exclude(pk__in=known).filter(person=person_pk).earliest("pk")
        assert (given.granted, given.last_valid_on) == (1, self.at.date() + timedelta(days=30))
        self.lots[person_pk].append(ModelLot(given.pk, 1, given.last_valid_on))

    def _payer(self, person_pk: int, day: date) -> ModelLot | None:
        """The lot that ends first pays; of equals the older one (given credits are all free here)."""
        able = [lot for lot in self.lots[person_pk] if lot.pays_on(day)]
        return min(able, key=lambda lot: lot.until or date.max, default=None)

    def _all_lots(self) -> list[ModelLot]:
        return [lot for lots in self.lots.values() for lot in lots]


def test_random_walks_agree_with_the_model(db):
    """C1, C3, C4, C7, C8, C10, S1, S2, S3: see the class."""
    run_state_machine_as_test(
        Studio,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
