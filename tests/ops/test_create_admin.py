"""The first person of a new installation."""

import re
from urllib.parse import urlsplit

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


def test_asking_again_adds_nobody_and_gives_a_new_link(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_admin", name="Maya", email="maya@studio.example")
    first = urlsplit(capsys.readouterr().out.split()[-1]).path
    call_command("create_admin", name="Maya", email="Maya@Studio.Example")
    second = urlsplit(capsys.readouterr().out.split()[-1]).path

    assert Person.objects.count() == 1
    assert Client().get(first).status_code == 410
    assert Client().get(second).status_code == 200


def test_an_address_that_a_member_signs_in_with_is_refused_and_nobody_is_added() -> None:
    logins.person(email="maya@studio.example", sign_in=True)

    with pytest.raises(CommandError, match="Someone who is not an admin signs in with"):
        call_command("create_admin", name="Maya", email="maya@studio.example")
    assert Person.objects.count() == 1
