"""Real Celery workers on both brokers, and a database of the test's own for them to work on."""

from __future__ import annotations

import functools
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis
from pytest_django import DjangoDbBlocker

from studio.celery import app
from studio.ops.embedded import broker as brokers
from studio.ops.embedded import processes
from tests.databases import own_database

PATIENCE = 60  # seconds, for a machine that does much else


def until(is_so: Callable[[], bool], what: str) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE} s"
        time.sleep(0.01)


class Worker:
    """A ``celery worker``, as the product starts it."""

    def __init__(self, database: str, broker: str, output: Path) -> None:
        self.output = output
        environment = os.environ | {"DATABASE_URL": database, "REDIS_URL": broker, "STUDIO_ENV": "test"}
        # Its checks of all views and models take longer than everything that is tested here.
        environment["SKIP_CHECKS"] = "1"
        command = [sys.executable, "-m", "celery", "-A", "studio", "worker", "--loglevel=INFO"]
        options = ["--concurrency=1", "--without-gossip", "--without-mingle", f"--hostname={output.stem}"]
        with output.open("wb") as log:
            self.process = processes.start([*command, *options], env=environment, output=log)

    def wait_until_ready(self) -> None:
        until(lambda: self._says(" ready."), "The worker starts")

    def tasks_done(self) -> int:
        return self.output.read_text().count("succeeded in")

    def kill(self) -> None:
        """End all of its processes at once, as a machine does that loses its power."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def _says(self, words: str) -> bool:
        text = self.output.read_text()
        assert self.process.poll() is None, text
        return words in text


class Crew:
    """A broker and the workers that listen to it. They stay for the next test: starting one takes seconds."""

    def __init__(self, broker: str, database: str, folder: Path) -> None:
        self.broker, self._database, self._folder = broker, database, folder
        self._workers: list[Worker] = []
        self._done_before = self._started = 0

    def need(self, count: int) -> None:
        """Have at least so many workers ready."""
        missing = range(self._started, self._started + count - len(self._workers))
        started = [Worker(self._database, self.broker, self._folder / f"worker{n}.log") for n in missing]
        self._started += len(started)
        self._workers += started
        for worker in started:
            worker.wait_until_ready()

    def send(self, task: str, *, times: int = 1) -> None:
        """What beat does at each tick, and a nudge after a commit."""
        with app.connection_for_write(self.broker) as link:
            for _ in range(times):
                app.send_task(task, connection=link)

    def lose_everything(self) -> None:
        """Empty the broker."""
        with redis.Redis.from_url(self.broker) as client:
            client.flushall()

    def kill(self) -> None:
        """End all workers in the middle of what they do."""
        for worker in self._workers:
            worker.kill()
        self._done_before = self.tasks_done()
        self._workers.clear()

    def tasks_done(self) -> int:
        """How many tasks its workers have ended, the killed ones included."""
        return self._done_before + sum(worker.tasks_done() for worker in self._workers)


@pytest.fixture(scope="module")
def database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """A database in which every commit is real, and which other processes see."""
    with django_db_blocker.unblock(), own_database() as url:
        yield url


@pytest.fixture(scope="module")
def crews(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Crew]]:
    """One crew for each kind of broker, made when it is asked for."""
    with ExitStack() as cleanup:

        @functools.cache
        def crew_with(kind: brokers.Kind) -> Crew:
            running = cleanup.enter_context(brokers.temporary(kind))
            crew = Crew(running.url, database, tmp_path_factory.mktemp(kind))
            cleanup.callback(crew.kill)
            return crew

        yield crew_with


@pytest.fixture(params=["redis", "stand-in"])
def crew(request: pytest.FixtureRequest, crews: Callable[[str], Crew], transactional_db: None) -> Crew:
    """Workers on Redis, where it is installed, and on the stand-in."""
    if request.param == "redis" and not brokers.installed():
        pytest.skip("Redis is not installed here; only the stand-in was tested")
    return crews(request.param)
