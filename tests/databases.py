"""A database of one's own: for tests that commit on several connections or in other processes.

Append-only tables refuse TRUNCATE, so such a test works on a copy of the migrated test database and drops it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection, connections
from psycopg import sql


@contextmanager
def own_database() -> Iterator[str]:
    """Point Django's default connection at a fresh copy of the test database; yield the copy's URL."""
    template = connection.settings_dict["NAME"]
    name = f"{template}_{uuid.uuid4().hex[:8]}"
    connections.close_all()
    with _maintenance() as cursor:
        cursor.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
    _use(name)
    try:
        yield url_of(connection.settings_dict)
    finally:
        connections.close_all()
        _use(template)
        with _maintenance() as cursor:
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def url_of(described: dict[str, Any]) -> str:
    """The address of a database as Django describes it."""
    user = described.get("USER") or "postgres"
    password = f":{described['PASSWORD']}" if described.get("PASSWORD") else ""
    return f"postgres://{user}{password}@{described['HOST']}:{described['PORT']}/{described['NAME']}"


def _use(name: str) -> None:
    connection.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = name


@contextmanager
def _maintenance() -> Iterator[psycopg.Cursor[Any]]:
    described = connection.settings_dict
    with (
        psycopg.connect(
            host=described["HOST"],
            port=described["PORT"],
            user=described["USER"],
            password=described["PASSWORD"],
            dbname="postgres",
            autocommit=True,
        ) as link,
        link.cursor() as cursor,
    ):
        yield cursor
