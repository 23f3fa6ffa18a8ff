"""The timetable of background work names tasks that exist, at a pace that a lost nudge can bear."""

import importlib

import pytest
from django.conf import settings

from studio.celery import app

SCHEDULE = app.conf.beat_schedule


@pytest.mark.parametrize("entry", sorted(SCHEDULE))
def test_every_tick_wakes_a_task_that_exists(entry):
    module, _, _ = SCHEDULE[entry]["task"].rpartition(".")
    # Where workers look: the module `tasks` of an installed app.
    assert module.removesuffix(".tasks") in settings.INSTALLED_APPS
    importlib.import_module(module)
    assert SCHEDULE[entry]["task"] in app.tasks
    assert 1 <= SCHEDULE[entry]["schedule"] <= 24 * 3600


def test_tasks_survive_the_death_of_a_worker_and_are_not_run_twice_for_being_slow():
    """A task is acknowledged when done; it ends long before the broker would hand it out again."""
    assert app.conf.task_acks_late is True
    assert app.conf.task_reject_on_worker_lost is True
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.task_time_limit == 300
    assert app.conf.broker_transport_options["visibility_timeout"] == 900
    assert app.conf.broker_transport_options["unacked_restore_throttle"] == 1
    assert app.conf.task_always_eager is False
