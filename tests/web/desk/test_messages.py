"""The desk's list of messages: who may read it, what it says, and trying again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core import mail
from django.urls import reverse

from studio.lib import codes
from studio.notifications import tasks
from studio.notifications.domain import sending, writing
from studio.notifications.models import Message
from studio.people.rules.permissions import Role
from tests import logins, make

pytestmark = pytest.mark.django_db

LIST = "/desk/messages/"


def message(name: str = "Amir Patel", email: str = "amir@example.org", at: datetime | None = None) -> Message:
    """A message about credits that somebody was given just now."""
    at = at or datetime.now(UTC)
    make.lot(make.person(name, email=email), at=at)
    writing.write(at=at)
    return Message.objects.latest("pk")


def address(of: Message, name: str = "desk:message") -> str:
    return reverse(name, args=[of.pk])


def fail(failing: Message) -> Message:
    sending.record_failure(
        message_id=failing.pk, error="550 no such mailbox", is_final=True, at=failing.written_at
    )
    failing.refresh_from_db()
    return failing


def test_the_list_says_of_every_message_how_far_it_got(clock):
    desk = logins.browser(Role.STAFF)
    waiting = message("Wai Ting", at=clock.now)
    failed = fail(message("Fay Led", at=clock.now))
    sent = message("Sen Tuu", at=clock.now)
    sending.record_sent(message_id=sent.pk, at=clock.now)
    dropped = message("Nan Ohm", email="", at=clock.now)

    page = desk.get(LIST).content.decode()
    assert all(each.person.name in page for each in (waiting, failed, sent, dropped))
    assert "550 no such mailbox" in page and "no e-mail address" in page

    for state, only in [("waiting", waiting), ("failed", failed), ("sent", sent), ("dropped", dropped)]:
        page = desk.get(LIST, {"state": state}).content.decode()
        assert [each.person.name in page for each in (waiting, failed, sent, dropped)] == [
            each == only for each in (waiting, failed, sent, dropped)
        ]


def test_an_empty_list_says_so():
    page = logins.browser(Role.STAFF).get(LIST, {"state": "failed"})

    assert "Nothing has failed" in page.content.decode()


def test_a_message_shows_its_words_and_the_servers_answer(clock):
    failed = fail(message(at=clock.now))

    page = logins.browser(Role.STAFF).get(address(failed)).content.decode()

    assert "You have new credits" in page
    assert "Hello Amir Patel," in page
    assert "550 no such mailbox" in page
    assert "after 1 try" in page


def test_trying_again_sends_it_once_however_often_the_button_is_pressed(clock):
    desk = logins.browser(Role.STAFF)
    failed = fail(message(at=clock.now))

    for _ in range(2):
        answer = desk.post(address(failed, "desk:retry_message"), {"key": "one-press"})
        assert (answer.status_code, answer["Location"]) == (302, address(failed))
    tasks.send_due(at=clock.now)
    tasks.send_due(at=clock.now)

    assert [sent.to for sent in mail.outbox] == [["amir@example.org"]]
    assert "Message to Amir Patel will be tried again now" in desk.get(LIST).content.decode()


def test_what_was_sent_is_not_sent_again(clock):
    desk = logins.browser(Role.STAFF)
    sent = message(at=clock.now)
    sending.record_sent(message_id=sent.pk, at=clock.now)

    assert "Try again now" not in desk.get(address(sent)).content.decode()
    answer = desk.post(address(sent, "desk:retry_message"))

    assert answer.status_code == 409
    assert "This message was sent. There is nothing left to do." in answer.content.decode()


@pytest.mark.parametrize("role", [Role.MEMBER, Role.PRACTITIONER])
def test_messages_are_for_who_sees_people(role):
    written = message()
    somebody = logins.browser(role)

    assert somebody.get(LIST).status_code == 403
    assert somebody.get(address(written)).status_code == 403
    assert somebody.post(address(written, "desk:retry_message")).status_code == 403
    assert logins.browser(Role.STAFF).get(address(written)).status_code == 200


def test_a_message_that_does_not_exist_is_not_found():
    assert logins.browser(Role.STAFF).get(f"{LIST}{codes.encode(999_999)}/").status_code == 404


def test_the_list_costs_the_same_for_one_message_and_for_three(queries):
    desk = logins.browser(Role.STAFF)
    desk.get(LIST)
    counts = []
    for _ in range(2):
        message()
        message()
        with queries() as seen:
            assert desk.get(LIST).status_code == 200
        counts.append(len(seen))

    assert counts[0] == counts[1] <= 15
