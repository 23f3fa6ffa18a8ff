"""``manage.py verify_ledger``: recompute everything, print each invariant, exit 1 if one is broken."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from studio.ops import verify


class Command(BaseCommand):
    help = "Recompute every total from its entries and check every invariant. Exits 1 if one is broken."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = 0
        for found in verify.findings():
            mark = "broken" if found.offending else "holds"
            self.stdout.write(
                f"{found.invariant.id:4} {mark:6} {found.checked:>9,} rows  {found.invariant.claim}"
            )
            for row in found.offending:
                self.stdout.write(f"       {row}")
            broken += bool(found.offending)
        if broken:
            self.stderr.write(f"{broken} of {len(verify.INVARIANTS)} invariants are broken.")
            sys.exit(1)
        self.stdout.write(f"All {len(verify.INVARIANTS)} invariants hold.")
