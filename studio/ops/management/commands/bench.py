"""Measure the product beside the least SQL that does the same (P1-P10)."""

from __future__ import annotations

import inspect
import json
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from functools import cache
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from studio.ops.bench import booking, calendar, expansion, harness, http, pages, recurrence
from studio.ops.bench.harness import Row

Bench = Callable[..., dict[str, Row]]
BENCHES: dict[str, tuple[Bench, ...]] = {
    "recurrence": (recurrence.run,),
    # Booking by HTTP continues on the database that the rows of booking filled.
    "booking": (booking.run, http.run),
    "expansion": (expansion.run,),
    "calendar": (calendar.run,),
    "pages": (pages.run,),
}
NEED_NO_DATABASE = {"recurrence"}
GROWTH = 10


class Command(BaseCommand):
    """``manage.py bench [NAME…] [--json] [--scale]``. Works on databases of its own and drops them.

    Costs are seconds for one unit of the work, or operations a second, as ``unit`` says.
    """

    # Checks would ask a database that need not be there.
    requires_system_checks = ()
    help = "Measure the product beside a floor of plain SQL, in turns, in the same run."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "names", nargs="*", metavar="NAME", help=f"which: {', '.join(BENCHES)} (default: all)"
        )
        parser.add_argument("--json", action="store_true", help="print JSON alone")
        parser.add_argument(
            "--scale", action="store_true", help=f"again with {GROWTH} times the work, and how the cost grew"
        )

    def handle(self, *args: Any, names: list[str], **options: Any) -> None:
        unknown = [name for name in names if name not in BENCHES]
        if unknown:
            raise CommandError(f"There is no bench called {unknown[0]}. Choose from {', '.join(BENCHES)}.")
        report: dict[str, Row] = {}
        with ExitStack() as cleanup:
            database = self._database(cleanup)
            for name in names or BENCHES:
                self.stderr.write(f"{name} …")
                report |= _measured(name, database, with_growth=options["scale"])
        if options["json"]:
            self.stdout.write(json.dumps(report, indent=2))
        else:
            self.stdout.write("\n".join(table(report)))

    def _database(self, cleanup: ExitStack) -> Callable[[], AbstractContextManager[None]]:
        """Gives each bench a fresh database. Nothing is prepared before the first one asks."""

        @cache
        def template() -> str:
            server = cleanup.enter_context(harness.server())
            self.stderr.write(f"Measuring on {server}.")
            return cleanup.enter_context(harness.template())

        return lambda: harness.copy_of(template())


def _measured(
    name: str, database: Callable[[], AbstractContextManager[None]], *, with_growth: bool
) -> dict[str, Row]:
    """The rows of one bench, each run on a database of its own."""
    rows: dict[str, Row] = {}
    began = perf_counter()
    with nullcontext() if name in NEED_NO_DATABASE else database():
        for bench in BENCHES[name]:
            rows |= bench()
    for row in rows.values():
        if "is_met" not in row:
            row["is_met"] = row["ratio"] >= row["must"]
        row["bench_seconds"] = round(perf_counter() - began, 1)
    if with_growth:
        for bench in BENCHES[name]:
            if "scale" in inspect.signature(bench).parameters:
                with database():
                    _note_growth(rows, bench(scale=GROWTH))
    return rows


def _note_growth(rows: dict[str, Row], grown: dict[str, Row]) -> None:
    """The cost of one unit of work at ten times the work, as a multiple."""
    for name, row in grown.items():
        rows[name]["growth"] = row["product"] / rows[name]["product"]
        rows[name]["growth_of_floor"] = row["floor"] / rows[name]["floor"]


def table(report: dict[str, Row]) -> list[str]:
    heads = ("", "product", "floor", "ratio", "cpu ratio", "must", "", "size")
    lines = [
        (
            name,
            _figure(row["product"]),
            _figure(row.get("floor")),
            _figure(row.get("ratio")),
            _figure(row.get("cpu_ratio")),
            _figure(row["must"]),
            "met" if row["is_met"] else "NOT MET",
            f"{row['size']:,}" if "size" in row else "",
        )
        for name, row in report.items()
    ]
    widths = [max(len(line[column]) for line in (heads, *lines)) for column in range(len(heads))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        for line in (heads, *lines)
    ]


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:,.4g}"
