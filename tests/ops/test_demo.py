"""The demo: loaded by the product's own verbs into an empty database, with books that hold."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from billing.models import Invoice
from scheduling.models import Room, Series
from sessions_app.models import Booking, Session
from studio.ops.demo import load
from studio.ops.demo.logins import LOGINS
from studio.people.models import Person
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 26, 10, 0, tzinfo=UTC)


def test_the_demo_is_a_studio_in_the_middle_of_its_year():
    """46 classes a week in 3 rooms, across a clock change; the past is saved, the future booked."""
    load.load(NOW, lambda words: None, weeks_back=1)

    assert (Series.objects.count(), Room.objects.count()) == (46, 3)
    # Thirteen weeks, less one day on which the staff are trained.
    assert 46 * 13 - 46 < Session.objects.count() < 46 * 13
    assert {session.local_start.hour for session in Session.objects.filter(service__name="BoxFit")} == {
        11,
        17,
    }
    assert Session.objects.not_saved(NOW).count() > 0
    assert Booking.objects.live().filter(session__starts_at__gt=NOW).exists()
    assert Invoice.objects.exists()
    roles = {person.user.email: person.role for person in Person.objects.filter(user__isnull=False)}
    assert roles == {login.email: login.role for login in LOGINS}


def test_the_demo_is_not_loaded_over_people():
    make.person()

    with pytest.raises(CommandError, match="empty"):
        call_command("load_demo")
