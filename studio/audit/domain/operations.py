"""Every verb called is recorded once, under a key that makes repeating it harmless."""

from __future__ import annotations

import functools
import hashlib
import json
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from django.core.serializers.json import DjangoJSONEncoder

from studio.lib import consequences, statements
from studio.lib.refusals import Reason, Refused
from studio.people.rules.permissions import Actor

LONGEST_KEY = 250
"""Of a key that is kept as it came, in characters."""

_CLAIM = """
    INSERT INTO audit_operation (key, verb, actor_id, request_hash, at)
    VALUES (%(key)s, %(verb)s, %(actor)s::bigint, %(hash)s, %(at)s)
        ON CONFLICT (actor_id, key) DO NOTHING RETURNING id
"""
_SEEN = """
    SELECT verb, request_hash, result FROM audit_operation
     WHERE key = %(key)s AND actor_id IS NOT DISTINCT FROM %(actor)s::bigint
"""
_FINISH = """
    UPDATE audit_operation SET result = %(result)s::jsonb, inverse = %(inverse)s::jsonb
     WHERE id = %(id)s::bigint
"""
_UNDONE = """
    UPDATE audit_operation SET undone_by_id = %(by)s::bigint
     WHERE id = %(undone)s::bigint AND undone_by_id IS NULL
"""


class KeyReused(Refused):
    """The same key came with a different request."""

    code = "key_reused"


class AlreadyUndone(Refused):
    """Somebody undid this operation before."""

    code = "already_undone"


@dataclass
class CurrentOperation:
    """The operation that the running verb works under. Kernels may store its result themselves.

    ``told`` are the people whom a preview has said to get a message: each gets one.
    """

    id: int
    actor: Actor
    at: datetime
    inverse: dict[str, Any] | None = None
    is_stored: bool = False
    told: set[int] = field(default_factory=set)


_current: ContextVar[CurrentOperation | None] = ContextVar("current_operation", default=None)
_verbs: dict[str, Callable[..., Any]] = {}


def current() -> CurrentOperation:
    """The operation under way.

    :raises RuntimeError: outside a recorded verb.
    """
    operation = _current.get()
    if operation is None:
        raise RuntimeError("No operation is under way: decorate the verb with @recorded")
    return operation


def recorded[R](name: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Record each call of a verb as an :class:`~studio.audit.models.Operation`, and answer a repeated key
    from it.

    Goes under ``@use_case``. The verb must take ``by`` (an :class:`Actor`) and ``at``; it gains ``key``
    (text, made up when absent) and ``undoes`` (the operation that this call takes back). Its result must be
    plain JSON. Keys belong to who acts: nobody meets, or takes in advance, the key of somebody else.

    :raises KeyReused: if the key was used for another request.
    :raises AlreadyUndone: if ``undoes`` names an operation that was undone before.
    """

    def decorate(verb: Callable[..., R]) -> Callable[..., R]:
        @functools.wraps(verb)
        def run(
            *, by: Actor, at: datetime, key: str | None = None, undoes: int | None = None, **kwargs: Any
        ) -> R:
            request_hash = _hash(name, by, kwargs, undoes)
            key = _kept(key or str(uuid.uuid4()))
            operation_id = _claim(key, name, by, request_hash, at)
            if operation_id is None:
                return cast(R, _replay(key, name, by, request_hash))
            if undoes is not None:
                _take_back(undoes, by_operation=operation_id)
            operation = CurrentOperation(operation_id, by, at)
            token = _current.set(operation)
            try:
                result = verb(by=by, at=at, **kwargs)
                _finish(operation, result)
            finally:
                _current.reset(token)
            return result

        run.operation_name = name  # type: ignore[attr-defined]
        return run

    return decorate


def undoable[R](verb: Callable[..., R]) -> Callable[..., R]:
    """Register a verb under its recorded name, so that it can serve as the inverse of another."""
    _verbs[verb.operation_name] = verb  # type: ignore[attr-defined]
    return verb


def can_be_undone_by(verb: str, **kwargs: Any) -> None:
    """Say, inside a recorded verb, which verb takes it back and with which arguments."""
    current().inverse = {"verb": verb, "kwargs": kwargs}


def verb_named(name: str) -> Callable[..., Any]:
    """The verb registered under this name.

    :raises KeyError: if no undoable verb has it.
    """
    return _verbs[name]


def _claim(key: str, name: str, by: Actor, request_hash: str, at: datetime) -> int | None:
    values = {"key": key, "verb": name, "actor": by.person_id, "hash": request_hash, "at": at}
    row = statements.row(_CLAIM, values)
    return row[0] if row else None


def _kept(key: str) -> str:
    """A key as it is kept: the digest of one that is too long for an index, or that no text column takes."""
    if len(key) <= LONGEST_KEY and "\0" not in key:
        return key
    return hashlib.sha256(key.encode()).hexdigest()


def _replay(key: str, name: str, by: Actor, request_hash: str) -> Any:
    row = statements.row(_SEEN, {"key": key, "actor": by.person_id})
    # Nobody removes operations, so the key that stood in the way is still there.
    assert row is not None
    verb, seen_hash, result = row
    if verb != name or seen_hash != request_hash:
        raise KeyReused(
            Reason(
                "key_reused",
                "This form was already sent with other values.",
                "Reload the page and try again.",
            )
        )
    consequences.repeat()
    return None if result is None else json.loads(result)


def _take_back(undone: int, *, by_operation: int) -> None:
    """Mark an operation as undone before anything else: a second undo hears that, and no other reason."""
    if not statements.affected(_UNDONE, {"by": by_operation, "undone": undone}):
        raise AlreadyUndone(
            Reason("already_undone", "This was already undone.", "Reload to see it as it is.")
        )


def _finish(operation: CurrentOperation, result: Any) -> None:
    if not operation.is_stored:
        inverse = None if operation.inverse is None else _plain(operation.inverse)
        statements.affected(_FINISH, {"result": _plain(result), "inverse": inverse, "id": operation.id})


def _hash(name: str, by: Actor, kwargs: dict[str, Any], undoes: int | None) -> str:
    request = _plain([name, by.person_id, undoes, kwargs])
    return hashlib.sha256(request.encode()).hexdigest()[:32]


class _Encoder(DjangoJSONEncoder):
    """Plain JSON; a file counts by its digest."""

    def default(self, o: Any) -> Any:
        return hashlib.sha256(o).hexdigest() if isinstance(o, bytes) else super().default(o)


def _plain(value: Any) -> str:
    return json.dumps(value, cls=_Encoder, separators=(",", ":"), sort_keys=True)
