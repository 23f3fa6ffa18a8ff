"""How a ratio is taken: floor, product, floor in short turns on one machine, and the median of the pairs.

Absolute figures move with the machine and the hour; the ratio of two things measured in alternation stays.
Beside the time stands the CPU that both our process and Postgres's used: where the two ratios disagree, the
machine was busy with something else, and CPU decides.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any
from uuid import uuid4

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from psycopg import sql

from studio.ops.embedded import postgres
from studio.settings import database

Row = dict[str, Any]
Act = Callable[[], object]


@dataclass
class Cost:
    """What something cost: seconds passed, and seconds of CPU (None where Postgres's is not to be seen)."""

    seconds: float
    cpu: float | None


@dataclass
class Turns:
    """Measurements of one side, one for each turn, per unit of work."""

    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def add(self, cost: Cost, work: float) -> None:
        self.seconds.append(cost.seconds / work)
        if cost.cpu is not None:
            self.cpu.append(cost.cpu / work)


def measure(act: Act) -> Cost:
    """Do it once and say what it cost, here and in the Postgres process that serves this connection."""
    server = _server_process()
    server_cpu, own_cpu, began = _cpu_of(server), _own_cpu(), perf_counter()
    act()
    seconds = perf_counter() - began
    after = _cpu_of(server)
    used = None if server_cpu is None or after is None else _own_cpu() - own_cpu + after - server_cpu
    return Cost(seconds, used)


def measure_for(act: Act, seconds: float) -> tuple[Cost, int]:
    """Do it again and again for a while: what all of it cost, and how often it was done."""
    times = 0

    def repeat() -> None:
        nonlocal times
        until = perf_counter() + seconds
        while perf_counter() < until:
            act()
            times += 1

    return measure(repeat), times


def compare(product: Act, floor: Act, *, pairs: int = 10, slice_seconds: float = 0.3) -> tuple[Turns, Turns]:
    """Product and floor in turns of a slice of time, floor first and last; costs are per call."""
    for warm_up in (floor, product):
        warm_up()
    products, floors = Turns(), Turns()
    before = measure_for(floor, slice_seconds)
    for _ in range(pairs):
        products.add(*measure_for(product, slice_seconds))
        after = measure_for(floor, slice_seconds)
        floors.add(_sum(before[0], after[0]), before[1] + after[1])
        before = after
    return products, floors


def row(
    products: Turns,
    floors: Turns,
    *,
    must: float,
    unit: str,
    size: int,
    is_rate: bool = False,
    **facts: Any,
) -> Row:
    """A line of the report; costs are per unit of work.

    ``ratio`` is the product's cost over the floor's and may be at most ``must``. With ``is_rate`` it is the
    product's rate over the floor's, and must be at least that.
    """
    ratio = _ratio(floors.seconds, products.seconds) if is_rate else _ratio(products.seconds, floors.seconds)
    cpu = _ratio(floors.cpu, products.cpu) if is_rate else _ratio(products.cpu, floors.cpu)
    assert ratio is not None
    decides = cpu if cpu is not None and abs(cpu - ratio) > 0.2 * ratio else ratio
    return {
        "product": median(products.seconds),
        "floor": median(floors.seconds),
        "ratio": ratio,
        "cpu_ratio": cpu,
        "must": must,
        "is_met": decides >= must if is_rate else decides <= must,
        "unit": unit,
        "size": size,
        **facts,
    }


def statements(act: Act) -> int:
    """How many statements it takes, transactions' own apart."""
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as seen:
        act()
    return sum(not each["sql"].startswith(("BEGIN", "COMMIT")) for each in seen.captured_queries)


def peak_memory_mb() -> float:
    """The most memory that this process has used, in megabytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)


# ---------------------------------------------------------------------------------------------- databases


@contextmanager
def server() -> Iterator[str]:
    """Postgres to measure on: the one of the settings, else one for this run only. Says which."""
    try:
        with _maintenance():
            pass
    except psycopg.OperationalError:
        if os.environ.get("DATABASE_URL"):
            raise
    else:
        yield "the Postgres of the settings"
        return
    with postgres.temporary() as started:
        settings.DATABASES["default"].update(database(started.url(), is_web=False))
        connections.close_all()
        yield "a Postgres of its own, which does not wait for the disk"


@contextmanager
def template() -> Iterator[str]:
    """A migrated, empty database, to be copied for each bench; dropped at the end."""
    name = f"studio_bench_{uuid4().hex[:8]}"
    with _maintenance() as link:
        link.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            with _pointed_at(name):
                call_command("migrate", verbosity=0)
            yield name
        finally:
            link.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def copy_of(name: str) -> Iterator[None]:
    """Django works on a fresh copy of this database until the block ends."""
    copy = f"{name}_{uuid4().hex[:4]}"
    with _maintenance() as link:
        link.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(copy), sql.Identifier(name))
        )
        try:
            with _pointed_at(copy):
                yield
        finally:
            link.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(copy)))


@contextmanager
def _pointed_at(name: str) -> Iterator[None]:
    connections.close_all()
    original = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = name
    try:
        yield
    finally:
        connections.close_all()
        connection.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = original


@contextmanager
def _maintenance() -> Iterator[psycopg.Connection[Any]]:
    described = connection.settings_dict
    with psycopg.connect(
        host=described["HOST"],
        port=described["PORT"] or None,
        user=described["USER"],
        password=described["PASSWORD"],
        dbname="postgres",
        autocommit=True,
    ) as link:
        yield link


# ------------------------------------------------------------------------------------------------- figures


def _ratio(above: list[float], below: list[float]) -> float | None:
    """The median of the paired ratios; None where one side was not to be measured."""
    pairs = [over / under for over, under in zip(above, below, strict=False) if under]
    return median(pairs) if pairs else None


def _sum(one: Cost, other: Cost) -> Cost:
    cpu = None if one.cpu is None or other.cpu is None else one.cpu + other.cpu
    return Cost(one.seconds + other.seconds, cpu)


def _own_cpu() -> float:
    return sum(os.times()[:2])


def _server_process() -> int | None:
    connection.ensure_connection()
    return connection.connection.info.backend_pid


def _cpu_of(process: int | None) -> float | None:
    """Seconds of CPU that a process of this machine has used, to the nanosecond; None where nobody says."""
    try:
        return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        return None
