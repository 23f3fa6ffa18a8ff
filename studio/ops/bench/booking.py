"""P1, P2, P3, P5: booking and canceling through the use case, beside the least SQL that does the same safely.

Floor and product run on one database, in turns, in resident processes: floor, product, floor, and again. The
ratio is the median over the pairs, so a machine that grows slower for a minute slows both.
"""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from statistics import median
from threading import Barrier
from typing import Any

import psycopg
from django.db import connection

from studio.ops import verify

SESSIONS = 1_000
MEMBERS = 5_000
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MUST = {"book": 1 / 3, "book_hot": 1 / 2, "refuse_full": 1 / 4, "cancel": 1 / 3}

# The floor keeps its own small tables: a counter and a credit with a CHECK, a booking and a ledger row.
FLOOR_TABLES = """
DROP SCHEMA IF EXISTS floor CASCADE;
CREATE SCHEMA floor;
CREATE TABLE floor.session (
    id bigint PRIMARY KEY, capacity int NOT NULL, booked int NOT NULL DEFAULT 0,
    CHECK (booked BETWEEN 0 AND capacity)) WITH (fillfactor = 80);
CREATE TABLE floor.lot (
    id bigint PRIMARY KEY, person_id bigint NOT NULL,
    remaining bigint NOT NULL CHECK (remaining >= 0), ends_on date) WITH (fillfactor = 70);
CREATE INDEX ON floor.lot (person_id, ends_on);
CREATE TABLE floor.booking (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, session_id bigint NOT NULL,
    person_id bigint NOT NULL, lot_id bigint NOT NULL, canceled_at timestamptz);
CREATE UNIQUE INDEX ON floor.booking (session_id, person_id) WHERE canceled_at IS NULL;
CREATE TABLE floor.entry (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, lot_id bigint NOT NULL,
    booking_id bigint NOT NULL, delta int NOT NULL, at timestamptz NOT NULL);
INSERT INTO floor.session SELECT id, capacity, 0 FROM sessions_app_session;
INSERT INTO floor.lot SELECT id, person_id, 1000000, NULL FROM memberships_creditlot;
ANALYZE;
"""


class Floor:
    """Booking as four plain statements in one transaction, prepared once."""

    def __init__(self, url: str, seed: int) -> None:
        self.link = psycopg.connect(url, prepare_threshold=1)
        self.random = random.Random(seed)
        self.made: list[tuple[int, int, int]] = []
        self.sessions = [row[0] for row in self.link.execute("SELECT id FROM floor.session ORDER BY id")]
        self.people = [row[0] for row in self.link.execute("SELECT person_id FROM floor.lot ORDER BY id")]
        self.link.commit()

    def book(self, session: int | None = None) -> None:
        session = session or self.random.choice(self.sessions)
        person = self.random.choice(self.people)
        try:
            with self.link.transaction():
                taken = self.link.execute(
                    """UPDATE floor.session SET booked = booked + 1
                        WHERE id = %s AND booked < capacity RETURNING id""",
                    [session],
                ).fetchone()
                if taken is None:
                    return
                row = self.link.execute(
                    """UPDATE floor.lot SET remaining = remaining - 1 WHERE id = (
                           SELECT id FROM floor.lot WHERE person_id = %s AND remaining > 0
                            ORDER BY ends_on NULLS LAST LIMIT 1 FOR UPDATE) RETURNING id""",
                    [person],
                ).fetchone()
                assert row is not None
                booked = self.link.execute(
                    """INSERT INTO floor.booking (session_id, person_id, lot_id)
                       VALUES (%s, %s, %s) RETURNING id""",
                    [session, person, row[0]],
                ).fetchone()
                assert booked is not None
                self.link.execute(
                    "INSERT INTO floor.entry (lot_id, booking_id, delta, at) VALUES (%s, %s, -1, %s)",
                    [row[0], booked[0], AT],
                )
            self.made.append((booked[0], session, row[0]))
        except psycopg.errors.UniqueViolation:
            return

    def book_hot(self) -> None:
        self.book(self.sessions[0])

    def refuse_full(self) -> None:
        full = [self.sessions[1]]
        self.link.execute("SELECT booked, capacity FROM floor.session WHERE id = %s", full).fetchone()
        self.link.commit()

    def cancel(self) -> None:
        if not self.made:
            for _ in range(50):
                self.book()
        booking, session, lot = self.made.pop()
        with self.link.transaction():
            self.link.execute("SELECT id FROM floor.session WHERE id = %s FOR NO KEY UPDATE", [session])
            self.link.execute("UPDATE floor.booking SET canceled_at = %s WHERE id = %s", [AT, booking])
            self.link.execute("UPDATE floor.lot SET remaining = remaining + 1 WHERE id = %s", [lot])
            self.link.execute(
                "INSERT INTO floor.entry (lot_id, booking_id, delta, at) VALUES (%s, %s, 1, %s)",
                [lot, booking, AT],
            )
            self.link.execute("UPDATE floor.session SET booked = booked - 1 WHERE id = %s", [session])


class Product:
    """The same through ``booking.book`` and ``booking.cancel``: policy, key, ledger, event and all."""

    def __init__(self, url: str, seed: int) -> None:
        from memberships.models import CreditLot
        from sessions_app.models import Session

        self.random = random.Random(seed)
        self.sessions = list(Session.objects.order_by("pk").values_list("pk", flat=True))
        people = CreditLot.objects.order_by("pk").values_list("person_id", flat=True)
        self.actors = [_member(person_id) for person_id in people]
        self.made: list[tuple[int, Any]] = []

    def book(self, session: int | None = None) -> None:
        from sessions_app.domain import booking
        from studio.lib.refusals import Refused

        actor = self.random.choice(self.actors)
        try:
            made = booking.book(
                session_id=session or self.random.choice(self.sessions),
                person_id=actor.person_id,
                by=actor,
                at=AT,
            )
        except Refused:
            return
        self.made.append((made, actor))

    def book_hot(self) -> None:
        self.book(self.sessions[0])

    def refuse_full(self) -> None:
        self.book(self.sessions[1])

    def cancel(self) -> None:
        from sessions_app.domain import booking

        if not self.made:
            for _ in range(50):
                self.book()
        made, actor = self.made.pop()
        booking.cancel(booking_id=made, by=actor, at=AT)


def run(*, pairs: int = 8, slice_seconds: float = 0.5) -> dict[str, dict[str, Any]]:
    """Rows ``book``, ``book_hot``, ``refuse_full`` and ``cancel``: operations a second, ratio, must.

    The database that Django is connected to is filled and changed: use one of the bench's own.
    """
    _fill()
    address = url()
    with connection.cursor() as cursor:
        cursor.execute(FLOOR_TABLES)
    connection.close()
    rows = {}
    with (
        closing(Crew(Floor, address, processes=4)) as floor,
        closing(Crew(Product, address, processes=4)) as product,
    ):
        for name in ("book", "cancel", "refuse_full"):
            rows[name] = _compare(name, floor, product, pairs, slice_seconds, threads=1)
        rows["book_hot"] = _compare("book_hot", floor, product, pairs, slice_seconds, threads=8)
        four = product.rate("book_hot", slice_seconds * 4, threads=1)
        rows["book_hot"]["rate_32_over_rate_4"] = rows["book_hot"]["product"] / four
    rows["book"]["statements"] = _statements()
    broken = verify.violations()
    for row in rows.values():
        row["invariants_broken"] = len(broken)
    return rows


def _compare(
    name: str, floor: Crew, product: Crew, pairs: int, seconds: float, *, threads: int
) -> dict[str, Any]:
    for crew in (floor, product):
        crew.rate(name, seconds, threads=threads)
    ratios, floors, products = [], [], []
    for _ in range(pairs):
        before = floor.rate(name, seconds, threads=threads)
        middle = product.rate(name, seconds, threads=threads)
        after = floor.rate(name, seconds, threads=threads)
        floors.append((before + after) / 2)
        products.append(middle)
        ratios.append(middle / floors[-1])
    return {
        "floor": median(floors),
        "product": median(products),
        "ratio": median(ratios),
        "must": MUST[name],
        "unit": "operations a second",
        "processes": 4,
        "threads": threads,
    }


class Crew:
    """Resident processes that all do one thing for a while when told, and report how often."""

    def __init__(self, kind: Callable[[str, int], Any], url: str, *, processes: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipes: list[Connection] = []
        self.processes = []
        for seed in range(processes):
            here, there = context.Pipe()
            process = context.Process(target=_serve, args=(there, kind, url, seed), daemon=True)
            process.start()
            self.pipes.append(here)
            self.processes.append(process)
        for pipe in self.pipes:
            pipe.recv()

    def rate(self, name: str, seconds: float, *, threads: int) -> float:
        """Operations a second of the whole crew."""
        for pipe in self.pipes:
            pipe.send((name, seconds, threads))
        return sum(pipe.recv() for pipe in self.pipes)

    def close(self) -> None:
        for pipe in self.pipes:
            pipe.send(None)
        for process in self.processes:
            process.join(5)


def _serve(pipe: Connection, kind: Callable[[str, int], Any], url: str, seed: int) -> None:
    _settle_django(url)
    workers = [kind(url, seed)]
    pipe.send("ready")
    while (order := pipe.recv()) is not None:
        name, seconds, threads = order
        while len(workers) < threads:
            workers.append(kind(url, seed * 1_000 + len(workers)))
        with ThreadPoolExecutor(threads) as crowd:
            start = Barrier(threads)
            counts = [
                crowd.submit(_repeat, getattr(worker, name), seconds, start) for worker in workers[:threads]
            ]
            pipe.send(sum(count.result() for count in counts) / seconds)


def _settle_django(url: str) -> None:
    import os

    os.environ["DATABASE_URL"] = url
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
    import django

    django.setup()


def _repeat(act: Callable[[], None], seconds: float, start: Barrier) -> int:
    """How often it was done. A thread's connection is its own, so it is opened before and closed after."""
    connection.ensure_connection()
    done = 0
    try:
        start.wait()
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            act()
            done += 1
    finally:
        connection.close()
    return done


def _member(person_id: int) -> Any:
    from studio.people.rules.permissions import Actor, Role, capabilities_of

    return Actor(person_id, Role.MEMBER, capabilities_of(Role.MEMBER))


def _fill() -> None:
    """1,000 sessions with room, one that is full, and 5,000 members with plenty of credits."""
    from memberships.domain.credits import Grant, write_lots
    from memberships.models import CreditType
    from scheduling.models import Location, Service
    from sessions_app.models import Session
    from studio.audit.domain.operations import recorded
    from studio.lib.transactions import use_case
    from studio.people.models import Person
    from studio.people.rules.permissions import SYSTEM

    place = Location.objects.create(name="Bench", time_zone="Europe/London")
    service = Service.objects.create(name="Bench", cost_minor=1200)
    kind = CreditType.objects.create(name="Bench")
    kind.services.add(service)
    starts = [AT + timedelta(days=1, minutes=number) for number in range(SESSIONS)]
    Session.objects.bulk_create(
        Session(
            service=service,
            location=place,
            occurrence_on=at.date(),
            starts_at=at,
            ends_at=at + timedelta(hours=1),
            local_start=at,
            time_zone="Europe/London",
            capacity=1 if number == 1 else 1_000_000,
        )
        for number, at in enumerate(starts)
    )
    people = Person.objects.bulk_create(Person(name=f"Member {number}") for number in range(MEMBERS))

    @use_case
    @recorded("bench.fill")
    def fill(*, by: Any, at: datetime) -> int:
        for first in range(0, MEMBERS, 1_000):
            write_lots(
                [
                    Grant(f"bench:{person.pk}", person.pk, kind.pk, 1_000_000, None, "Bench")
                    for person in people[first : first + 1_000]
                ],
                at=at,
            )
        return MEMBERS

    fill(by=SYSTEM, at=AT)
    product = Product("", 0)
    product.book(product.sessions[1])


def _statements() -> int:
    """Statements of one booking inside its transaction."""
    from django.test.utils import CaptureQueriesContext

    product = Product("", 99)
    with CaptureQueriesContext(connection) as seen:
        product.book(product.sessions[2])
    return sum(not query["sql"].startswith(("BEGIN", "COMMIT")) for query in seen.captured_queries)


def url() -> str:
    described = connection.settings_dict
    password = f":{described['PASSWORD']}" if described["PASSWORD"] else ""
    user = described["USER"] or "postgres"
    return f"postgresql://{user}{password}@{described['HOST']}:{described['PORT']}/{described['NAME']}"
