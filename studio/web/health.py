"""Whether this process lives, and whether it can serve: for load balancers and for people at night.

Both answer in plain words, or in JSON to whoever asks for it. Neither reads a session or names a secret.
"""

from functools import cache

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache


@never_cache
def alive(request: HttpRequest) -> HttpResponse:
    """This process answers; nothing else is asked."""
    return _answer(request, {"process": "alive"}, status=200)


@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """The database answers and has the tables this code expects.

    The broker is reported but not required: it holds nudges only, and pages work without it.
    """
    facts = {"database": _database(), "migrations": _migrations(), "broker": _broker()}
    is_ready = facts["database"] == "answers" and facts["migrations"] == "applied"
    return _answer(request, {"ready": "yes" if is_ready else "no", **facts}, status=200 if is_ready else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "does not answer"
    return "answers"


def _migrations() -> str:
    try:
        missing = _missing_migrations()
    except DatabaseError:
        return "unknown"
    if missing:
        # Not remembered: another process may be applying them at this moment.
        _missing_migrations.cache_clear()
        return f"{missing} to apply"
    return "applied"


@cache
def _missing_migrations() -> int:
    """How many migrations of this code the database lacks. Once none, never again in this process."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _broker() -> str:
    client = redis.Redis.from_url(settings.CELERY_BROKER_URL, socket_timeout=1, socket_connect_timeout=1)
    try:
        with client:
            client.ping()
    except (redis.RedisError, OSError):
        return "does not answer"
    return "answers"


def _answer(request: HttpRequest, facts: dict[str, str], *, status: int) -> HttpResponse:
    if request.get_preferred_type(["text/plain", "application/json"]) == "application/json":
        return JsonResponse(facts, status=status)
    lines = "".join(f"{name}: {value}\n" for name, value in facts.items())
    return HttpResponse(lines, status=status, content_type="text/plain; charset=utf-8")
