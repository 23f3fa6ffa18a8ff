"""Hand-written statements of the hot verbs, prepared on the server: each connection plans them once.

Values travel apart from the text, so a parameter whose type the text does not make plain needs a cast.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper

type Row = tuple[Any, ...]
_ServerCursor: Any = ServerBindingCursor


def row(statement: str, values: Mapping[str, Any]) -> Row | None:
    """Run the statement and return its first row, if it has one."""
    with _cursor() as cursor:
        cursor.execute(statement, values)
        found: Row | None = cursor.fetchone()
        return found


def rows(statement: str, values: Mapping[str, Any]) -> list[Row]:
    """Run the statement and return all of its rows."""
    with _cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def affected(statement: str, values: Mapping[str, Any]) -> int:
    """Run the statement and return how many rows it changed."""
    with _cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def _cursor() -> CursorWrapper:
    connection.ensure_connection()
    # Django's own cursor binds on the client, which the server cannot prepare.
    link: Any = connection
    cursor: CursorWrapper = link._prepare_cursor(_ServerCursor(link.connection))
    return cursor
