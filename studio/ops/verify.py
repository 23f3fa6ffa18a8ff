"""Ask the database whether every promise holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from billing.queries import invariants as of_billing
from memberships.queries import invariants as of_memberships
from sessions_app.queries import invariants as of_sessions
from studio.lib.invariants import Invariant

INVARIANTS: tuple[Invariant, ...] = (
    *of_billing.INVARIANTS,
    *of_memberships.INVARIANTS,
    *of_sessions.INVARIANTS,
)


@dataclass(frozen=True)
class Finding:
    """One invariant with the number of rows it is about, and every row that breaks it."""

    invariant: Invariant
    checked: int
    offending: tuple[str, ...]


def findings() -> Iterator[Finding]:
    """Check the invariants one by one, so that a reader sees progress."""
    with connection.cursor() as cursor:
        for invariant in INVARIANTS:
            cursor.execute(invariant.checked)
            checked = cursor.fetchone()[0]
            cursor.execute(invariant.offending)
            yield Finding(invariant, checked, tuple(row[0] for row in cursor.fetchall()))


def violations() -> list[str]:
    """Every broken promise as one line; empty when all hold."""
    broken = []
    with connection.cursor() as cursor:
        for invariant in INVARIANTS:
            cursor.execute(invariant.offending)
            broken += [f"{invariant.id}: {row[0]}" for row in cursor.fetchall()]
    return broken
