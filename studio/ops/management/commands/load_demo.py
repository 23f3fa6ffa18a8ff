"""``manage.py load_demo``: fill an empty database with the demo studio."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from studio.ops.demo import load


class Command(BaseCommand):
    help = "Fill an empty database with the demo studio and its twenty weeks."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            load.load(timezone.now(), self._tell)
        except load.AlreadyLoaded as loaded:
            raise CommandError(
                "There are people in this database already. The demo is loaded into an empty one."
            ) from loaded

    def _tell(self, words: str) -> None:
        self.stdout.write(f"loading {words}")
        self.stdout.flush()
