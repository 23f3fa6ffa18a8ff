"""Promises that can be counted: how many rows were looked at, and which of them break the promise."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Invariant:
    """A promise as SQL.

    ``checked`` counts the rows that the promise is about; ``offending`` selects those that break it, one
    text column each that says which row and how. Both ask the tables themselves, never a kept total that
    could be wrong too.
    """

    id: str
    claim: str
    checked: str
    offending: str
