"""What tests of the desk share: the moment of the builders, and browsers of the three who work there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from studio.people.models import Studio
from studio.people.rules.permissions import Role
from tests import logins, make


@pytest.fixture
def moment(settings: Any, db: None) -> Callable[[datetime], None]:
    """The clock that the pages read. It stands at the builders' Monday morning until the test moves it."""
    Studio.objects.current()

    def move_to(at: datetime) -> None:
        settings.STUDIO_NOW = at

    move_to(make.NOW)
    return move_to


@pytest.fixture
def desk(moment: Callable[[datetime], None]) -> Client:
    """The browser of somebody at the desk."""
    return logins.browser(Role.STAFF, name="Sam Desk")


@pytest.fixture
def owner(moment: Callable[[datetime], None]) -> Client:
    """The browser of the owner."""
    return logins.browser(Role.ADMIN, name="Ada Owner")


@pytest.fixture
def coach(moment: Callable[[datetime], None]) -> Client:
    """The browser of a practitioner."""
    return logins.browser(Role.PRACTITIONER, name="Pat Coach")
