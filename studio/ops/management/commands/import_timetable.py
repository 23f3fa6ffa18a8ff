"""Import a weekly timetable from a CSV file."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from sessions_app.domain import timetable_import
from sessions_app.domain.timetable_import import CannotImport
from studio.lib import consequences, localtime
from studio.lib.refusals import Refused
from studio.lib.transactions import preview
from studio.people.models import Studio
from studio.people.rules.permissions import SYSTEM


class Command(BaseCommand):
    """``manage.py import_timetable FILE --from DATE --weeks N``: places, services, a series for each row.

    Importing twice changes nothing. Nothing is written unless all rows are good or --skip-bad is given.
    """

    help = "Import a weekly timetable from a CSV file: locations, rooms, services, and a series for each row."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", type=Path, help="columns: location,time_zone,weekday,starts,ends,service,room"
        )
        parser.add_argument(
            "--from",
            dest="starts_on",
            type=_day,
            help="the first day, such as 2026-03-02 (default: today where the studio is)",
        )
        parser.add_argument("--weeks", type=int, default=12, help="sessions of each row (default: 12)")
        parser.add_argument(
            "--dry-run", action="store_true", help="show what would be done, and write nothing"
        )
        parser.add_argument("--skip-bad", action="store_true", help="leave rows with problems out")

    def handle(
        self,
        *args: Any,
        file: Path,
        starts_on: date | None,
        weeks: int,
        dry_run: bool,
        skip_bad: bool,
        **options: Any,
    ) -> None:
        at = timezone.now()
        request = {
            "content": _content(file),
            "starts_on": starts_on or localtime.local_day(at, Studio.objects.current().time_zone),
            "weeks": weeks,
            "skip_bad": skip_bad,
        }
        try:
            if dry_run:
                told = preview(timetable_import.import_rows, **request, by=SYSTEM, at=at).consequences
            else:
                with consequences.listening() as lines:
                    timetable_import.import_rows(**request, by=SYSTEM, at=at)
                told = consequences.in_order(lines)
        except CannotImport as refused:
            self._list_problems(refused)
            raise CommandError(_verdict(refused)) from None
        except Refused as refused:
            raise CommandError(str(refused)) from None
        for line in told:
            self.stdout.write(line.text)
        if dry_run:
            self.stdout.write("Nothing was written: this was a dry run.")

    def _list_problems(self, refused: CannotImport) -> None:
        for problem in refused.problems:
            column = f" [{problem.column}: {problem.value}]" if problem.column else ""
            self.stderr.write(f"{problem}{column}")


def _day(typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise ArgumentTypeError(f"“{typed}” is not a date. Type one such as 2026-03-02.") from None


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from None


def _verdict(refused: CannotImport) -> str:
    count = len(refused.problems)
    what = "1 problem" if count == 1 else f"{count} problems"
    remedy = "Correct the file"
    if all(problem.row is not None for problem in refused.problems):
        remedy += ", or leave these rows out with --skip-bad"
    return f"{what}, and nothing was written. {remedy}."
