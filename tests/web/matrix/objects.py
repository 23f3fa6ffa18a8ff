"""What to put into the arguments of an address: one builder per argument name.

A builder makes the thing *of one person* and returns the value for the address. ``"route name:argument"``
goes before ``"argument"``. Things that everybody may see (a session on the schedule) are listed in
``FOR_EVERYONE``; all others must look to a stranger exactly like something that does not exist.
"""

from collections.abc import Callable
from typing import Any

from studio.people.models import Person

Builder = Callable[[Person], Any]

BUILDERS: dict[str, Builder] = {
    "token": lambda person: "made-up",
    "person_id": lambda person: person.pk,
    # The second half of a reset link: nobody's, so the page says that it is used up.
    "uidb36": lambda person: "1",
    "key": lambda person: "made-up",
}

FOR_EVERYONE: set[str] = {"token", "uidb36", "key"}

MISSING: dict[str, Any] = {}
"""A value that nothing has, where 999999999 does not fit the address."""


def values(name: str, arguments: tuple[str, ...], person: Person) -> dict[str, Any]:
    """The arguments of an address, filled in with things of this person."""
    return {argument: _builder(name, argument)(person) for argument in arguments}


def missing(name: str, arguments: tuple[str, ...], person: Person) -> dict[str, Any]:
    """The arguments of an address, for something that does not exist."""
    return {
        argument: _builder(name, argument)(person)
        if is_for_everyone(name, argument)
        else MISSING.get(argument, 999_999_999)
        for argument in arguments
    }


def is_for_everyone(name: str, argument: str) -> bool:
    return argument in FOR_EVERYONE or f"{name}:{argument}" in FOR_EVERYONE


def _builder(name: str, argument: str) -> Builder:
    builder = BUILDERS.get(f"{name}:{argument}") or BUILDERS.get(argument)
    if builder is None:
        raise AssertionError(
            f"{name} has the argument {argument!r}: add a builder for it to tests/web/matrix/objects.py, "
            "so that the authorization matrix can try the address."
        )
    return builder
