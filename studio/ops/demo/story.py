"""What happened at the demo studio: eight weeks back, twelve ahead, told by calling the product's own verbs.

Everything that depends on chance comes from one seeded generator, and every verb is given the moment at
which it happened. So the story is the same on every machine, relative to the day on which it is loaded.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

from billing.domain import invoices, payments
from billing.queries import charges as charge_queries
from billing.queries import invoices as invoice_queries
from memberships.domain import credits, sales
from memberships.models import PaymentTerm
from memberships.queries import lots
from sessions_app.domain import attendance, booking, completion
from sessions_app.models import Booking, Session
from studio.lib.refusals import Refused
from studio.people.models import Person
from studio.people.rules.permissions import SYSTEM, Actor

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
UNSAVED = timedelta(hours=30)
"""Sessions that ended so recently are left for somebody to save."""


class Story:
    """Plays the events in the order of their times, until now."""

    def __init__(self, began: datetime, now: datetime, tell: Callable[[str], None]) -> None:
        self.began, self.now, self.tell = began, now, tell
        self.random = random.Random(46)
        self.queue: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self.order = itertools.count()
        self.desk = Person.objects.get(role="staff", user__isnull=False).actor
        self.members = list(Person.objects.filter(role="member").order_by("pk"))
        # Most hold a pass; the last few always pay at the door.
        self.regulars, self.walk_ins = self.members[:-6], self.members[-6:]
        self.terms = list(PaymentTerm.objects.order_by("pk"))

    def play(self) -> None:
        """Plan what happens around every session, then let it happen."""
        for session in (
            Session.objects.filter(deleted_at=None).order_by("starts_at").select_related("service")
        ):
            self._plan(session)
        for week in range((self.now - self.began) // WEEK):
            self._at(self.began + (week + 1) * WEEK, self._sweep)
        days = None
        while self.queue and self.queue[0][0] <= self.now:
            at, _, act = heapq.heappop(self.queue)
            if at.date() != days and at.weekday() == 0:
                self.tell(f"the week of {at:%-d %B}")
            days = at.date()
            act(at)
        self._sweep(self.now)
        # Whoever signs in as a member finds something to book with.
        self._buy(self.members[0], self.terms[0], self.now - HOUR)

    def _at(self, at: datetime, act: Callable[[datetime], None]) -> None:
        heapq.heappush(self.queue, (at, next(self.order), act))

    def _plan(self, session: Session) -> None:
        ahead = session.starts_at - self.now
        if ahead > 2 * WEEK:
            return
        crowd = self._crowd(session)
        for person in crowd:
            lead = timedelta(minutes=self.random.randint(40, 7 * 24 * 60))
            self._at(session.starts_at - lead, self._booking(session, person, lead))
        if ahead < timedelta(0):
            self._at(session.starts_at - timedelta(minutes=5), self._register(session))
            if session.ends_at < self.now - UNSAVED:
                self._at(session.ends_at + timedelta(minutes=10), self._saving(session))

    def _crowd(self, session: Session) -> list[Person]:
        """Evenings and Saturdays are popular, early mornings are not."""
        evening = session.local_start.hour >= 17 or session.local_start.weekday() == 5
        size = min(session.capacity, self.random.randint(4, 10) if evening else self.random.randint(2, 5))
        crowd = self.random.sample(self.regulars, size)
        if self.random.random() < 0.3:
            crowd.append(self.random.choice(self.walk_ins))
        return crowd

    def _booking(self, session: Session, person: Person, lead: timedelta) -> Callable[[datetime], None]:
        def act(at: datetime) -> None:
            pays_at_the_door = person in self.walk_ins
            if not pays_at_the_door and not self._has_credit(person, session, at):
                self._sell(person, at)
            by = self.desk if pays_at_the_door else person.actor
            try:
                made = booking.book(
                    session_id=session.pk, person_id=person.pk, unpaid_ok=pays_at_the_door, by=by, at=at
                )
            except Refused:
                # Full, or at two places at once: they stay at home that day.
                return
            if self.random.random() < 0.08:
                self._at(at + lead * self.random.random(), self._canceling(made, person.actor))

        return act

    def _canceling(self, booking_id: int, by: Actor) -> Callable[[datetime], None]:
        def act(at: datetime) -> None:
            try:
                booking.cancel(booking_id=booking_id, by=by, at=at)
            except Refused:
                return

        return act

    def _has_credit(self, person: Person, session: Session, at: datetime) -> bool:
        on = session.occurrence_on
        return any(
            lot.available > 0 and (lot.last_valid_on is None or lot.last_valid_on >= on)
            for lot in lots.covering(person.pk, session.service_id)
        )

    def _sell(self, person: Person, at: datetime) -> None:
        ten, five, twenty, first = self.terms
        term = self.random.choices([ten, five, twenty], weights=[5, 3, 2])[0]
        if not person.memberships.exists() and self.random.random() < 0.4:
            sales.sell(
                person_id=person.pk, payment_term_id=first.pk, starts_on=at.date(), by=self.desk, at=at
            )
            return
        self._buy(person, term, at)

    def _buy(self, person: Person, term: PaymentTerm, at: datetime) -> None:
        method = self.random.choice(["card", "card", "cash", "transfer"])
        sales.sell(
            person_id=person.pk,
            payment_term_id=term.pk,
            starts_on=at.date(),
            paid_by=method,
            by=self.desk,
            at=at,
        )

    def _register(self, session: Session) -> Callable[[datetime], None]:
        """All here, after the few who are not have been tapped."""

        def act(at: datetime) -> None:
            for booked in Booking.objects.live().filter(session=session).order_by("pk"):
                if self.random.random() < 0.08:
                    attendance.mark(booking_id=booked.pk, is_present=False, by=self.desk, at=at)
            attendance.mark_all(session_id=session.pk, by=self.desk, at=at)

        return act

    def _saving(self, session: Session) -> Callable[[datetime], None]:
        def act(at: datetime) -> None:
            absent = Booking.objects.live().filter(session=session, is_present=False)
            outcomes = dict.fromkeys(absent.values_list("pk", flat=True), "missed")
            completion.complete(session_id=session.pk, outcomes=outcomes, by=self.desk, at=at)

        return act

    def _sweep(self, at: datetime) -> None:
        """What the workers do by themselves: invoice, expire; and the desk takes most of what is due."""
        for person_id in charge_queries.people_with_uninvoiced(final_before=at - invoices.GRACE):
            invoices.issue_due(person_id=person_id, by=SYSTEM, at=at)
        credits.expire_due(by=SYSTEM, at=at)
        for invoice in list(invoice_queries.open_invoices()):
            if self.random.random() < 0.7:
                payments.record(
                    invoice_id=invoice.pk, amount_minor=invoice.open_minor, method="card", by=self.desk, at=at
                )


def starts_on(now: datetime, weeks_back: int) -> datetime:
    """The Monday so many weeks before this one: where the story begins."""
    monday = now - weeks_back * WEEK - timedelta(days=now.weekday())
    return datetime.combine(monday.date(), time(), UTC)
