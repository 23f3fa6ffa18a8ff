"""What load balancers and containers ask."""

import pytest
from django.db import connection

from studio.web import health


@pytest.fixture(autouse=True)
def _ask_again():
    """What was found once is remembered by the process; here every test is a new process."""
    health._missing_migrations.cache_clear()
    yield
    health._missing_migrations.cache_clear()


def test_a_living_process_says_so_without_the_database(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"process: alive\n")


def test_ready_with_a_database_and_its_tables_even_without_a_broker(client, db, settings):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    answer = client.get("/readyz", headers={"accept": "application/json"})
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": "yes",
        "database": "answers",
        "migrations": "applied",
        "broker": "does not answer",
    }


def test_not_ready_while_a_migration_waits(client, db):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions_app'")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.content.startswith(b"ready: no\ndatabase: answers\nmigrations: ")


def test_it_leaves_no_cookie_and_is_not_kept(client, db):
    answer = client.get("/readyz")
    assert not answer.cookies
    assert "no-store" in answer["Cache-Control"]
