"""What a verb does, told line by line while it does it.

A verb tells its consequences whether it is previewed or carried out, so the preview cannot differ from the
effect.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["places", "credits", "money", "pay", "messages", "final"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Consequence:
    """One line of a preview. ``kind`` fixes its place.

    Places, credits, money, pay, messages, what is final.
    """

    kind: Kind
    text: str


class Told(list[Consequence]):
    """Lines as they were told. ``is_repeat``: a repeated key was answered, and nothing happened again."""

    is_repeat = False


_told: ContextVar[Told | None] = ContextVar("told_consequences", default=None)


def tell(kind: Kind, text: str) -> None:
    """Add a line for whoever listens; costs nothing when nobody does."""
    told = _told.get()
    if told is not None:
        told.append(Consequence(kind, text))


def repeat() -> None:
    """Say that this call only repeats the answer of an earlier one, so there is nothing to tell."""
    told = _told.get()
    if told is not None:
        told.is_repeat = True


def anyone_listens() -> bool:
    """Whether it is worth composing a sentence. Hot verbs ask before they format."""
    return _told.get() is not None


@contextmanager
def listening() -> Iterator[Told]:
    """Collect what the verbs inside tell."""
    told = Told()
    token = _told.set(told)
    try:
        yield told
    finally:
        _told.reset(token)


def in_order(told: Sequence[Consequence]) -> tuple[Consequence, ...]:
    """Consequences in the fixed order in which every preview shows them."""
    return tuple(sorted(told, key=lambda consequence: KINDS.index(consequence.kind)))


def fingerprint(told: Sequence[Consequence]) -> str:
    """A short digest of a preview; it changes when the world that the preview described has moved."""
    lines = "\n".join(f"{consequence.kind}:{consequence.text}" for consequence in in_order(told))
    return hashlib.sha256(lines.encode()).hexdigest()[:32]
