"""The words of a message: rendered from the events, the person and the studio, and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.template import loader

from studio.audit.models import Event
from studio.notifications.rules import words
from studio.people.models import Person, Studio
from studio.people.queries import invitations

PERSONAL_LINK = "[personal link]"
"""Stands where a link that signs somebody in belongs: it is filled in at delivery and never kept."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message's words."""

    subject: str
    text: str
    html: str


def render(event: Event, together: Sequence[Event], person: Person, studio: Studio) -> Rendered:
    """The message that tells ``together`` (one operation's events about one person), led by ``event``."""
    told: dict[str, list[Mapping[str, Any]]] = {}
    for each in together:
        # A template cannot ask for a name with a dot in it.
        told.setdefault(each.verb.replace(".", "_"), []).append(_facts(each, studio))
    context: dict[str, Any] = {
        "facts": _facts(event, studio),
        "told": told,
        "person": person,
        "studio": studio,
        "is_own": event.operation.actor_id == person.pk,
        "site_url": settings.SITE_URL,
        "personal_link": PERSONAL_LINK,
        "invitation_days": invitations.GOOD_FOR.days,
    }
    name = f"notifications/{event.verb}"
    # A line break in a service's name must not become a mail header.
    context["subject"] = " ".join(loader.render_to_string(f"{name}.txt#subject", context).split())[:200]
    text = loader.render_to_string(f"{name}.txt", context)
    html = loader.render_to_string(f"{name}.html", context)
    return Rendered(context["subject"], f"{text.strip()}\n", html.strip())


def _facts(event: Event, studio: Studio) -> dict[str, Any]:
    """An event's facts, each day and time beside its words: ``starts_at_words``, ``due_on_words``."""
    facts = {"currency": studio.currency, "time_zone": studio.time_zone} | event.facts
    for name, value in event.facts.items():
        if value and name.endswith("_at"):
            at = datetime.fromisoformat(value)
            facts[f"{name}_words"] = words.moment(at, facts["time_zone"], studio.locale)
        elif value and name.endswith("_on"):
            facts[f"{name}_words"] = words.day(date.fromisoformat(value), studio.locale)
    return facts
