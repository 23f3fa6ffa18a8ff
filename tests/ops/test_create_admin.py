"""The first person of a new installation."""

import re

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from studio.people.models import Person
from tests import logins

pytestmark = pytest.mark.django_db


def test_the_first_admin_gets_a_link_to_choose_a_password(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_admin", name="Maya", email="maya@studio.example")
    link = re.search(r"https?://[^/]+(\S+)", capsys.readouterr().out)
    assert link is not None

    response = Client().post(link[1], {"password": logins.PASSWORD})

    maya = Person.objects.get()
    assert response.status_code == 302
    assert (maya.role, maya.user.check_password(logins.PASSWORD)) == ("admin", True)


def test_a_second_login_with_the_address_is_refused_and_nobody_is_invited() -> None:
    logins.person(email="maya@studio.example", sign_in=True)

    with pytest.raises(CommandError, match="Someone else signs in with"):
        call_command("create_admin", name="Maya", email="maya@studio.example")
