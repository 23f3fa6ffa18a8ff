"""A nudge wakes the worker once a second; without a broker nothing is lost but time."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from queue import Empty

import pytest
from celery import Celery, _state
from django.db import transaction

from studio.lib import nudge

pytestmark = pytest.mark.django_db

QUEUE = "nudges"
TASK = "made.up.task"


@pytest.fixture
def broker(monkeypatch) -> Iterator[Celery]:
    """A broker in memory that Celery sends to for the length of a test."""
    yield from _current(Celery("test", broker="memory://", set_as_current=False), monkeypatch)


@pytest.fixture
def no_broker(monkeypatch) -> Iterator[Celery]:
    """An address at which nobody answers."""
    yield from _current(Celery("test", broker="redis://127.0.0.1:1/0", set_as_current=False), monkeypatch)


def _current(app: Celery, monkeypatch) -> Iterator[Celery]:
    before = _state._tls.current_app
    app.conf.task_default_queue = QUEUE
    monkeypatch.setattr(nudge, "_woken", {})
    app.set_current()
    yield app
    _state._tls.current_app = before
    app.close()


def sent(app: Celery) -> list[str]:
    """The names of the tasks that wait at the broker, taken from it."""
    names = []
    with app.connection() as connection, connection.SimpleQueue(QUEUE) as queue:
        while True:
            try:
                message = queue.get(block=False)
            except Empty:
                return names
            names.append(message.headers["task"])
            message.ack()


def test_a_nudge_is_sent_after_the_commit_and_once_a_second(broker, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        nudge.nudge(TASK)
        nudge.nudge(TASK)
        nudge.nudge("another.task")
        assert sent(broker) == []

    assert sent(broker) == [TASK, "another.task"]


def test_a_second_later_it_is_sent_again(broker, django_capture_on_commit_callbacks, monkeypatch):
    moment = [100.0]
    monkeypatch.setattr(nudge, "monotonic", lambda: moment[0])
    for seconds in (0, 0.9, 0.1):
        moment[0] += seconds
        with django_capture_on_commit_callbacks(execute=True):
            nudge.nudge(TASK)

    assert sent(broker) == [TASK, TASK]


def test_what_is_rolled_back_nudges_nobody(broker, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        nudge.nudge(TASK)
        transaction.set_rollback(True)

    assert sent(broker) == []


def test_without_a_broker_the_verb_is_done_all_the_same(
    no_broker, django_capture_on_commit_callbacks, caplog
):
    """F5: what is due is in the database, and the next sweep does it."""
    caplog.set_level(logging.WARNING, logger="studio.lib.nudge")
    with django_capture_on_commit_callbacks(execute=True):
        nudge.nudge(TASK)

    assert [record.getMessage() for record in caplog.records if record.name == "studio.lib.nudge"] == [
        f"No broker for the nudge {TASK}; the next sweep will do the work."
    ]
