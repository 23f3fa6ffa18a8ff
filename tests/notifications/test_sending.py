"""Delivering messages: once, later if need be, never after an undo."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.core import mail

from memberships.domain import people
from sessions_app.domain import booking
from studio.audit.domain import operations
from studio.audit.models import Operation
from studio.notifications import tasks
from studio.notifications.domain import sending, writing
from studio.notifications.models import Message
from studio.people.queries import invitations
from tests import make
from tests.make import NOW
from tests.notifications import mail_server

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def work(at: datetime) -> int:
    """What the worker does at this moment; how many messages it delivered."""
    while writing.write(at=at):
        pass
    return tasks.send_due(at=at)


def undo(operation_key: str, *, by, at: datetime) -> None:
    """Take an operation back, the way the desk's Undo does."""
    operation = Operation.objects.get(key=operation_key)
    verb = operations.verb_named(operation.inverse["verb"])
    key = f"undo:{operation.pk}"
    verb(**operation.inverse["kwargs"], by=by, at=at, key=key, undoes=operation.pk)


@pytest.fixture
def amir():
    return make.person("Amir Patel", email="amir@example.org")


@pytest.fixture
def session(amir):
    """A session tomorrow for which Amir has credits; everything so far is told."""
    made = make.session(service=make.service("Reformer"))
    make.lot(amir, made.service)
    work(NOW + 2 * MINUTE)
    mail.outbox.clear()
    return made


@pytest.fixture
def server(settings):
    with mail_server.running() as mailbox:
        settings.MAILERS = mailbox.mailers
        yield mailbox


LATER = NOW + timedelta(minutes=10)


def test_people_hear_of_what_they_did_themselves_at_once(amir, session):
    booking.book(session_id=session.pk, person_id=amir.pk, by=amir.actor, at=LATER)

    assert work(LATER) == 1

    [sent] = mail.outbox
    assert (sent.to, sent.from_email) == (["amir@example.org"], "Studio <studio@northside.example>")
    assert sent.subject.startswith("Booked: Reformer")
    assert [kind for _, kind in sent.alternatives] == ["text/html"]
    message = Message.objects.latest("pk")
    assert (message.state, message.sent_at, message.attempts) == ("sent", LATER, 1)
    assert work(LATER) == 0


def test_what_the_desk_did_is_told_after_a_minute(amir, session):
    booking.book(session_id=session.pk, person_id=amir.pk, by=make.staff().actor, at=LATER)

    assert work(LATER) == 0
    assert work(LATER + timedelta(seconds=59)) == 0
    assert work(LATER + MINUTE) == 1


def test_undone_within_the_minute_nothing_is_sent(amir, session):
    """UX 4.2: messages held 60 s; undo inside it: nothing is sent."""
    desk = make.staff().actor
    booking.book(session_id=session.pk, person_id=amir.pk, by=desk, at=LATER, key="walk-in")
    work(LATER)
    undo("walk-in", by=desk, at=LATER + timedelta(seconds=30))

    assert work(LATER + timedelta(hours=1)) == 0

    assert mail.outbox == []
    reasons = Message.objects.order_by("pk").values_list("template", "dropped_reason")
    assert list(reasons)[-2:] == [
        ("booking.made", "undone"),
        ("booking.canceled", "takes back something nobody was told"),
    ]


def test_undone_after_the_minute_the_person_is_told_so(amir, session):
    desk = make.staff().actor
    booking.book(session_id=session.pk, person_id=amir.pk, by=desk, at=LATER, key="walk-in")
    work(LATER + MINUTE)
    undo("walk-in", by=desk, at=LATER + 2 * MINUTE)
    work(LATER + 3 * MINUTE)

    assert [sent.subject.split(":")[0] for sent in mail.outbox] == ["Booked", "Canceled"]


def test_an_undo_that_is_undone_leaves_the_first_message_to_be_told(amir, session):
    desk = make.staff().actor
    booking.book(session_id=session.pk, person_id=amir.pk, by=desk, at=LATER, key="walk-in")
    undo("walk-in", by=desk, at=LATER + timedelta(seconds=10))
    first = Operation.objects.get(key="walk-in")
    undo(f"undo:{first.pk}", by=desk, at=LATER + timedelta(seconds=20))
    work(LATER + 2 * MINUTE)

    assert [sent.subject.split(":")[0] for sent in mail.outbox] == ["Booked"]


def test_an_undo_waits_while_what_it_takes_back_is_being_delivered(amir, session):
    desk = make.staff().actor
    booking.book(session_id=session.pk, person_id=amir.pk, by=desk, at=LATER, key="walk-in")
    writing.write(at=LATER)
    [letter] = sending.claim(at=LATER + MINUTE).letters
    undo("walk-in", by=desk, at=LATER + MINUTE)

    assert work(LATER + 2 * MINUTE) == 0
    sending.record_sent(message_id=letter.id, at=LATER + 2 * MINUTE)

    assert work(LATER + 3 * MINUTE) == 1
    assert mail.outbox[0].subject.startswith("Canceled: Reformer")


def test_a_confirmation_that_comes_after_the_start_is_not_sent(amir, session):
    booking.book(session_id=session.pk, person_id=amir.pk, by=amir.actor, at=LATER)

    assert work(session.starts_at) == 0

    assert Message.objects.latest("pk").dropped_reason == "the session has started"


def test_an_invitation_carries_a_link_that_opens_and_is_not_kept():
    amir = make.person("Amir", email="amir@example.org")
    people.invite(person_id=amir.pk, by=make.staff().actor, at=NOW)

    assert work(NOW + MINUTE) == 1

    [link] = re.findall(r"http://127\.0\.0\.1:8000/accounts/invitation/(\S+)/", mail.outbox[0].body)
    amir.refresh_from_db()
    assert invitations.invited(link, at=NOW + MINUTE) == amir.user
    assert link in mail.outbox[0].alternatives[0].content
    assert link not in Message.objects.get().body_text


def test_an_invitation_to_a_closed_account_is_not_sent():
    amir = make.person("Amir", email="amir@example.org")
    people.invite(person_id=amir.pk, by=make.staff().actor, at=NOW)
    people.deactivate(person_id=amir.pk, by=make.admin().actor, at=NOW)

    assert work(NOW + MINUTE) == 0
    assert Message.objects.get().dropped_reason == "the account is closed"


def test_a_refusing_server_is_asked_again_later_until_the_message_has_visibly_failed(amir, server):
    """F13: back-off 1 m, 5 m, 30 m, 2 h, 12 h, 24 h, then failed, where the desk sees it."""
    server.behaviour = "refuse"
    make.lot(amir)
    at, waits = NOW + MINUTE, []
    while True:
        assert work(at - timedelta(seconds=1)) == work(at) == 0
        message = Message.objects.get()
        if message.state != "retrying":
            break
        waits.append((message.next_try_at - at) / MINUTE)
        at = message.next_try_at

    assert waits == [1, 5, 30, 2 * 60, 12 * 60, 24 * 60]
    assert (message.state, message.attempts, message.last_error) == ("failed", 7, "451 try again later")


def test_a_failed_message_is_sent_when_somebody_tries_it_again(amir, server):
    server.behaviour = "unknown"
    make.lot(amir)
    work(NOW + MINUTE)
    message = Message.objects.failed().get()
    server.behaviour = "accept"
    assert work(LATER) == 0

    for _ in range(2):
        sending.retry(message_id=message.pk, by=make.staff().actor, at=LATER)

    assert work(LATER) == 1
    assert [arrived["Subject"] for arrived in server.arrived] == ["You have new credits"]


def test_a_mailbox_that_does_not_exist_is_not_tried_seven_times(amir, server):
    server.behaviour = "unknown"
    make.lot(amir)

    work(NOW + MINUTE)

    message = Message.objects.get()
    assert (message.state, message.attempts, message.last_error) == ("failed", 1, "550 no such mailbox")


def test_while_nobody_answers_one_message_asks_and_the_others_keep_their_tries(amir, settings, server):
    """F13: an outage of two hours; afterwards every message has arrived once."""
    settings.MAILERS = {
        "default": server.mailers["default"] | {"OPTIONS": {"host": "127.0.0.1", "port": 9, "timeout": 1}}
    }
    for _ in range(5):
        make.lot(amir)
    work(NOW + MINUTE)

    assert sorted(Message.objects.values_list("attempts", flat=True)) == [0, 0, 0, 0, 1]
    assert Message.objects.filter(leased_until__isnull=False).count() == 0
    [error] = Message.objects.exclude(last_error="").values_list("last_error", flat=True)
    assert error.startswith("No answer from the mail server:")
    for minutes in range(2, 120, 2):
        work(NOW + minutes * MINUTE)

    settings.MAILERS = server.mailers
    for minutes in range(120, 600, 10):
        work(NOW + minutes * MINUTE)
    assert len(server.arrived) == 5
    assert Message.objects.sent().count() == 5


def test_an_answer_that_was_lost_repeats_the_same_message_id(amir, server):
    """F13: the server took it and hung up. At most one duplicate, and mailboxes can tell it is one."""
    make.lot(amir)
    server.behaviour = "close"
    assert work(NOW + MINUTE) == 0
    server.behaviour = "accept"
    assert work(NOW + 2 * MINUTE) == 1

    first, second = (arrived["Message-ID"] for arrived in server.arrived)
    assert first == second
    assert first.endswith("@northside.example>")


def test_a_worker_that_dies_gives_its_messages_back_when_its_lease_ends(amir):
    make.lot(amir)
    writing.write(at=NOW)
    at = NOW + MINUTE
    [letter] = sending.claim(at=at).letters

    assert work(at + sending.LEASE - timedelta(seconds=1)) == 0
    assert work(at + sending.LEASE) == 1
    assert mail.outbox[0].extra_headers["Message-ID"] == letter.message_id


def refusal_of_retry(message: Message, at: datetime) -> str:
    with pytest.raises(sending.CannotRetry) as refused:
        sending.retry(message_id=message.pk, by=make.staff().actor, at=at)
    [reason] = refused.value.reasons
    assert reason.text and reason.remedy
    return reason.code


def test_only_what_was_not_sent_can_be_sent_again(amir, session):
    booked = booking.book(session_id=session.pk, person_id=amir.pk, by=amir.actor, at=LATER, key="own")
    work(LATER)
    assert refusal_of_retry(Message.objects.latest("pk"), LATER) == "sent"

    booking.cancel(booking_id=booked, by=make.staff().actor, at=LATER)
    writing.write(at=LATER)
    sending.claim(at=LATER + MINUTE)
    assert refusal_of_retry(Message.objects.latest("pk"), LATER + MINUTE) == "under_way"

    nan = make.person("Nan")
    make.lot(nan)
    work(LATER)
    unaddressed = Message.objects.latest("pk")
    assert refusal_of_retry(unaddressed, LATER) == "no_address"

    nan.email = "nan@example.org"
    nan.save(update_fields=["email"])
    sending.retry(message_id=unaddressed.pk, by=make.staff().actor, at=LATER)
    assert work(LATER) == 1
    assert mail.outbox[-1].to == ["nan@example.org"]


def test_members_cannot_retry_messages_of_others(amir, session):
    make.lot(amir)
    work(LATER)
    stranger = make.person()

    with pytest.raises(sending.NotFound):
        sending.retry(message_id=Message.objects.latest("pk").pk, by=stranger.actor, at=LATER)
