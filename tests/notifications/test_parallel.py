"""The task may run twice and in parallel: every message is written once and sent once (J3)."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection

from studio.notifications import tasks
from studio.notifications.domain import writing
from studio.notifications.models import Message
from tests import make
from tests.conftest import NOON

WORKERS = 4


def in_parallel(work) -> None:
    """Let several workers start the same thing at the same moment, each on its own connection."""
    together = threading.Barrier(WORKERS)
    failures: list[BaseException] = []

    def run() -> None:
        together.wait()
        try:
            work()
        except BaseException as failure:
            failures.append(failure)
            raise
        finally:
            connection.close()

    workers = [threading.Thread(target=run) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []


@pytest.mark.django_db(transaction=True)
def test_tasks_that_run_in_parallel_and_twice_send_every_message_once(clock):
    """J3. The clock stands two minutes after the events, so that everything is due."""
    amir = make.person("Amir", email="amir@example.org")
    for _ in range(30):
        make.lot(amir, at=NOON - timedelta(minutes=2))

    in_parallel(tasks.write_and_send)
    tasks.write_and_send()

    assert len(mail.outbox) == 30
    assert len({sent.extra_headers["Message-ID"] for sent in mail.outbox}) == 30
    assert Message.objects.sent().count() == Message.objects.count() == 30


@pytest.mark.django_db(transaction=True)
def test_without_the_claim_the_same_race_sends_messages_twice(clock):
    """The twin: workers that read what is due without claiming it all send the same."""
    amir = make.person("Amir", email="amir@example.org")
    make.lot(amir, at=NOON - timedelta(minutes=2))
    writing.write(at=clock.now)
    read = threading.Barrier(WORKERS)
    sent = []

    def careless() -> None:
        due = list(Message.objects.due(NOON))
        read.wait()
        sent.extend(message.pk for message in due)

    in_parallel(careless)

    assert len(sent) == WORKERS
