"""How the database becomes as new after a test that committed.

Django's own way empties every table. Ours also puts back the rows that migrations made (the studio's
accounts, the completion types), and may empty the append-only tables, whose triggers refuse it.
"""

from typing import Any

from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations

_COPY = "as_migrated"


def remember() -> None:
    """Copy the rows that migrations made, once per test database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regnamespace(%s)", [_COPY])
        if cursor.fetchone() != (None,):
            return
        cursor.execute(f"CREATE SCHEMA {_COPY}")
        for table in connection.introspection.django_table_names(only_existing=True, include_views=False):
            cursor.execute(f'CREATE TABLE {_COPY}."{table}" AS TABLE public."{table}"')
            cursor.execute(f'SELECT 1 FROM {_COPY}."{table}" LIMIT 1')
            if cursor.fetchone() is None:
                cursor.execute(f'DROP TABLE {_COPY}."{table}"')


def install() -> None:
    """Make Django's flush do it our way, for this run only."""
    flush = DatabaseOperations.sql_flush

    def sql_flush(operations: DatabaseOperations, *args: Any, **kwargs: Any) -> list[str]:
        # In this mode ordinary triggers stay silent.
        quiet = "SET LOCAL session_replication_role = replica"
        return [quiet, *flush(operations, *args, **kwargs), *_restore()]

    DatabaseOperations.sql_flush = sql_flush  # type: ignore[method-assign]


def _restore() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [_COPY])
        tables = [table for (table,) in cursor.fetchall()]
    return [
        f'INSERT INTO public."{table}" OVERRIDING SYSTEM VALUE SELECT * FROM {_COPY}."{table}"'
        for table in tables
    ]
