"""A small studio on a Monday morning, and its people at their windows: what the flows share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from memberships.queries import lots
from scheduling.domain import closures
from scheduling.models import Service
from sessions_app.domain import expansion, timetable
from sessions_app.models import Session
from studio.people.models import Person, Studio
from studio.people.rules.permissions import SYSTEM
from tests import logins, make
from tests.browser.hands import Hand, Mouse
from tests.browser.harness import PHONE
from tests.browser.worlds import World

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BEFORE_CLASS = datetime(2026, 3, 4, 17, 50, tzinfo=UTC)
AFTER_CLASS = datetime(2026, 3, 4, 19, 10, tzinfo=UTC)


@dataclass
class Stage:
    """The studio, its people, and how they use it."""

    world: World
    hand: type[Hand]
    javascript: bool
    reformer: Service
    amir: Person
    bea: Person
    sam: Person

    def meet(self, person: Person) -> Hand:
        """Somebody at a window of their own: members at their phone, the team at the desk."""
        visitor = self.world.fresh(javascript=self.javascript)
        if person.role == "member" and self.hand is Mouse:
            visitor.page.set_viewport_size({"width": PHONE.width, "height": PHONE.height})
        return self.hand(visitor)

    def sign_in(self, hand: Hand, person: Person, at: str) -> None:
        """By password, wherever signing in is asked for."""
        hand.go(at)
        if at == "/":
            hand.press("link", "Sign in")
        hand.fill("E-mail address", person.email)
        hand.fill("Password", logins.PASSWORD)
        hand.press("button", "Sign in")

    def at(self, moment: datetime) -> None:
        """It is later now."""
        self.world.now = moment

    def first_class(self) -> Session:
        """The first of the series: a Wednesday at six."""
        return Session.objects.get(service=self.reformer, occurrence_on=date(2026, 3, 4))


def set_up(world: World, hand: type[Hand], *, javascript: bool = True) -> Stage:
    """One room, one service, a closed day, and a class that stands in the way of another."""
    Studio.objects.update(name="Harbour", legal_name="Harbour Studio Ltd", address="2 Quay\nLeith")
    place = make.location("Harbour House", members_may_book=True)
    room = make.room("Studio 1", at=place, capacity=10)
    reformer = make.service("Reformer", members_may_book=True)
    logins.person("practitioner", name="Ana Ruiz")
    timetable.create_series(
        service_id=make.service("Spin").pk,
        location_id=place.pk,
        room_id=room.pk,
        weekdays=[2],
        starts_on=date(2026, 3, 11),
        starts_time=time(18, 30),
        count=1,
        by=SYSTEM,
        at=MONDAY,
    )
    expansion.expand(by=SYSTEM, at=MONDAY)
    closures.add(
        name="Staff day", starts_on=date(2026, 3, 18), ends_on=date(2026, 3, 18), by=SYSTEM, at=MONDAY
    )
    amir = logins.person("member", name="Amir Patel", sign_in=True)
    make.lot(amir, reformer, quantity=3, days=60, kind=make.credit_type(reformer, name="Reformer"), at=MONDAY)
    bea = logins.person("member", name="Bea Long", sign_in=True)
    return Stage(world, hand, javascript, reformer, amir, bea, world.people["staff"])


def fill_in_the_series(desk: Hand) -> None:
    """Wednesdays at six, seven times: one date is taken, one is closed, and the clocks change on the way."""
    desk.press("link", "Calendar")
    desk.press("link", "New session or series")
    desk.choose("Service", "Reformer")
    desk.choose("With", "Ana Ruiz")
    desk.choose("Where", "Studio 1")
    desk.fill("First date", "2026-03-04")
    desk.fill("Starts at", "18:00")
    desk.tick("Mon")
    desk.tick("Wed")
    desk.fill("Number of sessions", "7")


def figures_of(person: Person) -> tuple[int, int, int, int]:
    """Credits free, held, used, expired."""
    [credit] = lots.summary(person.pk, on=MONDAY.date())
    return credit.free, credit.held, credit.used, credit.expired


def pages(document: bytes) -> int:
    """How many pages a PDF has."""
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", document))
