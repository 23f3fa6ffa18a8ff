"""What every test may ask for, and what every test is held to.

Without DATABASE_URL the run brings its own Postgres and removes it at the end. No test reaches beyond the
loopback address. After every test that touched the database, the books are checked.
"""

import os
import socket
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from psycopg.pq import TransactionStatus
from pytest_django import DjangoDbBlocker

from studio import settings as product_settings
from studio.ops import verify
from studio.ops.embedded import postgres
from tests import clean_slate

NOON = datetime(2026, 1, 14, 12, 0, tzinfo=UTC)
_run = ExitStack()


# --- the run: its own database, no network -----------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    """Start Postgres once per run: the workers of a parallel run find it in the environment."""
    config.addinivalue_line(
        "markers", "sabotage: breaks the books on purpose, so they are not checked after it"
    )
    _keep_on_loopback()
    clean_slate.install()
    if os.environ.get("DATABASE_URL") or config.option.collectonly:
        return
    server = _run.enter_context(postgres.temporary())
    os.environ["DATABASE_URL"] = server.url()
    # Settings were read before this file; nothing has connected yet.
    settings.DATABASES["default"].update(product_settings.database(server.url(), is_web=False))


def pytest_unconfigure() -> None:
    """Stop what this run started."""
    _run.close()


def _keep_on_loopback() -> None:
    """Make a connection to anywhere else fail with a sentence instead of hanging."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def check(channel: socket.socket, address: Any) -> None:
        if channel.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(str(address[0])):
            # Of the kind that every client cleans up after.
            raise ConnectionRefusedError(f"A test tried to reach {address[0]}. Tests stay on this machine.")

    def guarded_connect(channel: socket.socket, address: Any) -> None:
        check(channel, address)
        connect(channel, address)

    def guarded_connect_ex(channel: socket.socket, address: Any) -> int:
        check(channel, address)
        return connect_ex(channel, address)

    socket.socket.connect = guarded_connect  # type: ignore[method-assign]
    socket.socket.connect_ex = guarded_connect_ex  # type: ignore[method-assign]


def _is_loopback(host: str) -> bool:
    return host.startswith("127.") or host in {"localhost", "::1", ""}


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Keep what migrations wrote, to put it back after each test that commits."""
    with django_db_blocker.unblock():
        clean_slate.remember()


# --- the books are right after every test ------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Check the invariants while the test's rows are still there."""
    outcome = yield
    if _touches_database(item) and not item.get_closest_marker("sabotage"):
        violations = _violations()
        assert violations == [], "The books are wrong after this test:\n" + "\n".join(violations)
    return outcome


def _touches_database(item: pytest.Item) -> bool:
    asked = {
        "db",
        "transactional_db",
        "django_db_reset_sequences",
        "django_db_serialized_rollback",
        "live_server",
    }
    names = set(getattr(item, "fixturenames", ()))
    return bool(asked & names) or item.get_closest_marker("django_db") is not None


def _violations() -> list[str]:
    """What the ledger's own check finds; nothing when the test left its transaction broken on purpose."""
    if connection.connection is not None and connection.connection.closed:
        connection.close()
    if (
        connection.connection is not None
        and connection.connection.info.transaction_status == TransactionStatus.INERROR
    ):
        return []
    return verify.violations()


# --- time --------------------------------------------------------------------------------------------


@pytest.fixture
def now() -> datetime:
    """A Wednesday noon in London, in winter: no clock change is near."""
    return NOON


class Clock:
    """A clock that stands still until the test moves it."""

    def __init__(self, traveller: time_machine.Traveller) -> None:
        self._traveller = traveller

    @property
    def now(self) -> datetime:
        """What everybody reads at this moment, aware UTC."""
        return datetime.now(UTC)

    def travel(self, to: datetime) -> datetime:
        """Go to the aware moment *to*; returns it."""
        self._traveller.move_to(to, tick=False)
        return self.now

    def forward(self, **units: float) -> datetime:
        """Go forward by ``days=``, ``hours=`` and so on; returns the moment reached."""
        return self.travel(self.now + timedelta(**units))


@pytest.fixture
def clock(now: datetime) -> Iterator[Clock]:
    """The clock that doors read, standing at ``now``."""
    with time_machine.travel(now, tick=False) as traveller:
        yield Clock(traveller)


# --- queries -----------------------------------------------------------------------------------------


@pytest.fixture
def queries(db: None) -> Callable[[], AbstractContextManager[CaptureQueriesContext]]:
    """Counts statements: ``with queries() as seen: ...`` and then ``len(seen)``."""
    return lambda: CaptureQueriesContext(connection)
