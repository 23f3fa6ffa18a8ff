"""Writing: every event that people are told of gets its message, once, whoever looks how often (J3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from studio.audit.models import Event
from studio.lib.transactions import step, use_case
from studio.notifications.models import Bookmark, Message
from studio.notifications.queries import journal, rendering
from studio.notifications.rules import delivery, telling
from studio.people.models import Person, Studio

CHUNK = 200
SETTLED_AFTER = timedelta(minutes=15)
"""Longer than any transaction lasts: by then every event with a lower number is there to be seen."""


@use_case
def write(*, at: datetime) -> int:
    """Write the messages of the next untold events, at most :data:`CHUNK`. Returns how many it wrote.

    Call it until it returns 0. Events of a preview, or of anything else rolled back, are never found.
    """
    bookmark = _locked_bookmark()
    events = list(journal.untold(after=bookmark.through_event)[:CHUNK])
    if not events:
        _move(bookmark, at=at)
        return 0
    studio = Studio.objects.current()
    together = _together(events)
    messages = [
        _message(event, together[event.operation_id, event.person_id], studio, at=at) for event in events
    ]
    Message.objects.bulk_create(messages, ignore_conflicts=True)
    return len(messages)


@step
def _locked_bookmark() -> Bookmark:
    # Two writers at once would render the same messages; one waits here instead.
    lock = Bookmark.objects.select_for_update().filter(pk=1)
    if bookmark := lock.first():
        return bookmark
    Bookmark.objects.bulk_create([Bookmark(pk=1)], ignore_conflicts=True)
    return lock.get()


def _move(bookmark: Bookmark, *, at: datetime) -> None:
    """Read on from what was the newest event a while ago, now that everything before it is told."""
    if bookmark.seen_at is not None and at - bookmark.seen_at < SETTLED_AFTER:
        return
    if bookmark.seen_at is not None:
        bookmark.through_event = bookmark.seen_event
    bookmark.seen_event, bookmark.seen_at = journal.newest(), at
    bookmark.save(update_fields=["through_event", "seen_event", "seen_at"])


def _together(events: Sequence[Event]) -> dict[tuple[int, int | None], list[Event]]:
    """What each operation did to each person, whole: also events beyond this chunk."""
    together: dict[tuple[int, int | None], list[Event]] = {}
    for event in journal.of_operations({event.operation_id for event in events}):
        together.setdefault((event.operation_id, event.person_id), []).append(event)
    return together


def _message(event: Event, together: Sequence[Event], studio: Studio, *, at: datetime) -> Message:
    person = event.person
    assert person is not None
    hold_until = delivery.hold_until(event.at, is_own=event.operation.actor_id == person.pk)
    message = Message(
        event=event,
        person=person,
        to=_address(person),
        template=event.verb,
        written_at=at,
        hold_until=hold_until,
        next_try_at=hold_until,
    )
    message.dropped_reason = _why_not(event, together, message.to, at=at)
    if message.dropped_reason in ("", delivery.NO_ADDRESS):
        words = rendering.render(event, together, person, studio)
        message.subject, message.body_text, message.body_html = words.subject, words.text, words.html
    return message


def _why_not(event: Event, together: Sequence[Event], address: str, *, at: datetime) -> str:
    """Why this event's message stays unsent from the beginning, or nothing."""
    verb = telling.leading(each.verb for each in together)
    leader = next(each for each in together if each.verb == verb)
    if event.pk != leader.pk:
        return telling.told_by(verb)
    if event.operation.undone_by_id is not None:
        return delivery.UNDONE
    return delivery.why_late(event.at, event.facts, at) or ("" if address else delivery.NO_ADDRESS)


def _address(person: Person) -> str:
    """A person's own address, else that of whoever pays for them: a child's parent."""
    if person.email or person.household is None:
        return person.email
    return person.household.payer.email
