"""A refusal is an answer: what is so, with its numbers, and what to do next.

Rules return reasons, verbs raise them, doors show them. The texts may be shown to the person who asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reason:
    """One failing condition.

    ``code`` is stable and machine-readable, ``text`` says what is so, ``remedy`` what to do next, ``facts``
    the numbers that decided. ``field`` names the input that the reason is about, where there is one.
    """

    code: str
    text: str
    remedy: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    field: str = ""

    def __str__(self) -> str:
        return f"{self.text} {self.remedy}".strip()


class Refused(Exception):
    """The studio says no. Carries every failing reason, never only the first."""

    code = "refused"

    def __init__(self, *reasons: Reason | str | Iterable[Reason]) -> None:
        self.reasons: tuple[Reason, ...] = tuple(_flatten(reasons, self.code))
        super().__init__(" ".join(str(reason) for reason in self.reasons))


class Busy(Refused):
    """Somebody else kept the same rows locked through every retry."""

    code = "busy"

    def __init__(self) -> None:
        super().__init__(
            Reason(
                "busy",
                "Many people are changing this at the same moment.",
                "Nothing was changed. Try again in a few seconds.",
            )
        )


class NotFound(Refused):
    """The thing does not exist, or not for this person: both get the same answer."""

    code = "not_found"

    def __init__(self, noun: str) -> None:
        super().__init__(Reason("not_found", f"This {noun} does not exist any more.", "Go back and reload."))


def _flatten(reasons: Iterable[Reason | str | Iterable[Reason]], code: str) -> Iterable[Reason]:
    for reason in reasons:
        if isinstance(reason, str):
            yield Reason(code, reason)
        elif isinstance(reason, Reason):
            yield reason
        else:
            yield from _flatten(reason, code)
