"""A running studio that a whole module of browser tests walks through: filled once, gone at the end.

``live_server`` empties the database after every test; a crawl over a hundred pages cannot wait for that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import override_settings
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from billing.models import Invoice
from memberships.models import CreditLot
from scheduling.models import Closure, Series
from sessions_app.models import Booking
from studio.audit.models import Event, Operation
from studio.notifications.domain import writing
from studio.notifications.models import Message
from studio.ops.demo import load
from studio.people.models import Person, Studio
from studio.people.rules.permissions import Role
from tests import logins
from tests.browser import harness
from tests.browser.harness import Visitor
from tests.databases import own_database
from tests.web.matrix.objects import Things

EVENING = datetime(2026, 3, 2, 17, 30, tzinfo=UTC)
"""A Monday in the demo: one class is on, two are to come, those of the day before wait to be saved."""


@dataclass
class World:
    """A studio that is open: its address, and windows on it, one for each person who looks."""

    address: str
    browser: Browser
    windows: ExitStack
    now: datetime
    people: dict[str, Person] = field(default_factory=dict)
    _open: dict[str, Visitor] = field(default_factory=dict)

    def window(self, who: str) -> Visitor:
        """The window of ``admin``, ``staff``, ``practitioner``, ``member``, or of a ``visitor``."""
        if who not in self._open:
            self._open[who] = self.fresh(who)
        self._open[who].troubles.seen.clear()
        return self._open[who]

    def fresh(self, who: str = "visitor", *, javascript: bool = True) -> Visitor:
        """Another window, of that person."""
        visitor = self.windows.enter_context(
            harness.window(self.browser, self.address, javascript=javascript)
        )
        if who in self.people:
            visitor.become(logins.browser(self.people[who]))
        return visitor


@contextmanager
def filled(browser: Browser, now: datetime = EVENING) -> Iterator[World]:
    """The demo, two weeks into its story."""
    with _running(browser, now) as world:
        load.load(now, lambda words: None, weeks_back=1)
        while writing.write(at=now):
            pass
        for role in Role:
            person = Person.objects.filter(role=role, user__isnull=False).earliest("pk")
            _give_password(person)
            world.people[role] = person
        yield world


@contextmanager
def empty(browser: Browser, now: datetime = EVENING) -> Iterator[World]:
    """A studio on its first day: one of each who can sign in, and nothing else."""
    with _running(browser, now) as world:
        Studio.objects.current()
        for role in Role:
            world.people[role] = logins.person(role, sign_in=True, name=f"First {role}")
        yield world


def _give_password(person: Person) -> None:
    """The one that the tests sign in with."""
    user = person.user
    assert user is not None
    user.set_password(logins.PASSWORD)
    user.save()
    EmailAddress.objects.get_or_create(user=user, email=person.email, verified=True, primary=True)


@contextmanager
def _running(browser: Browser, now: datetime) -> Iterator[World]:
    cache.clear()
    with ExitStack() as cleanup:
        cleanup.enter_context(own_database())
        server = LiveServer("127.0.0.1")
        cleanup.callback(server.stop)
        cleanup.enter_context(server._live_server_modified_settings)
        windows = cleanup.enter_context(ExitStack())
        world = World(server.url, browser, windows, now)
        cleanup.enter_context(override_settings(STUDIO_NOW=lambda: world.now))
        yield world


class Found(Things):
    """What the demo's people have: found where the story made it, not built for the occasion."""

    @cached_property
    def practitioner(self) -> Person:
        return Person.objects.filter(role=Role.PRACTITIONER, user__isnull=False).earliest("pk")

    @cached_property
    def booking(self) -> Booking:
        """Theirs, to come, with a credit held."""
        ahead = Booking.objects.live().filter(person=self.person, lot__isnull=False)
        return ahead.filter(session__starts_at__gt=EVENING).earliest("pk")

    @cached_property
    def lot(self) -> CreditLot:
        assert self.booking.lot is not None
        return self.booking.lot

    @cached_property
    def series(self) -> Series:
        session = self.booking.session
        assert session.series is not None
        return session.series

    @cached_property
    def closure(self) -> Closure:
        return Closure.objects.earliest("pk")

    @cached_property
    def invoice(self) -> Invoice:
        return Invoice.objects.filter(person=self.person).latest("pk")

    @cached_property
    def operation(self) -> Operation:
        return Event.objects.get(subject=f"booking:{self.booking.pk}", verb="booking.made").operation

    @cached_property
    def message(self) -> Message:
        return Message.objects.filter(person=self.person).latest("pk")


class Given(Found):
    """What a practitioner sees: the same, of the first member who is booked with them."""

    @cached_property
    def booking(self) -> Booking:
        ahead = Booking.objects.live().filter(session__practitioner=self.person, lot__isnull=False)
        return ahead.filter(session__starts_at__gt=EVENING).earliest("pk")
