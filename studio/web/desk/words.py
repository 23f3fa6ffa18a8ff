"""What happened, in one sentence per event: for the logs of sessions and people, and for the undo history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from studio.audit.models import Event
from studio.lib import localtime

_PRESENCE = {True: "checked in", False: "marked as not there", None: "no longer marked"}


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a log: when, what, and who did it."""

    at: datetime
    text: str
    actor: str


def happenings(
    events: Iterable[Event], *, with_names: bool = True, with_sessions: bool = True
) -> list[Happening]:
    """Events as lines of a log. A person's own log leaves out their name, a session's own log the session."""
    return [
        Happening(
            event.at,
            sentence(event, with_name=with_names, with_session=with_sessions),
            actor_of(event.operation.actor),
        )
        for event in events
    ]


def actor_of(person: Any) -> str:
    """Who acted; the house itself when nobody did."""
    return person.name if person is not None else "by itself"


def sentence(event: Event, *, with_name: bool = True, with_session: bool = True) -> str:
    """``Amir Patel booked into Reformer, Thu 5 Mar 2026 18:00``."""
    facts: Mapping[str, Any] = event.facts
    who = event.person.name if with_name and event.person is not None else ""
    match event.verb:
        case "booking.made":
            return _about(who, "booked", f"into {_session(facts)}" if with_session else "")
        case "booking.canceled":
            credit = ", credit returned" if facts.get("credit_returned") else ""
            return _about(who, "canceled", _session(facts) if with_session else "") + credit
        case "booking.ended":
            return _about(who, "ended as", str(facts.get("outcome", "")).lower())
        case "presence.marked":
            return _about(who, _PRESENCE[facts.get("is_present")])
        case "session.completed":
            return f"Completed with {_count(facts.get('bookings', 0), 'booking')}"
        case "session.reopened":
            return "Opened again"
        case "credits.granted":
            granted = f"{facts.get('quantity')} × {facts.get('credit_type', 'credit')}"
            return _about(who, "received", granted)
        case "credits.expired":
            return _about(who, "lost", f"{_count(facts.get('quantity', 0), 'credit')} to expiry")
        case "membership.sold":
            return _about(who, "bought", str(facts.get("plan", "")))
        case "invoice.issued":
            return _about(who, "got", f"invoice {facts.get('number')}")
        case "payment.received":
            return _about(who, "paid", f"on invoice {facts.get('number')}, {facts.get('method')}")
    noun, _, verb = event.verb.partition(".")
    # Series, closures and the inventory say which one: “Closure added: Boiler repair”.
    which = str(facts.get("name") or facts.get("service") or "")
    said = _about(who, f"{noun} {verb}".replace("_", " "))
    return f"{said}: {which}" if which else said


def _about(who: str, *words: str) -> str:
    text = " ".join(word for word in (who, *words) if word)
    return text[:1].upper() + text[1:]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _session(facts: Mapping[str, Any]) -> str:
    service = str(facts.get("service", "a session"))
    if not facts.get("starts_at") or not facts.get("time_zone"):
        return service
    starts_at = datetime.fromisoformat(facts["starts_at"])
    local = localtime.local_time(starts_at, facts["time_zone"])
    return f"{service}, {localtime.spoken(local.date())} {local:%H:%M}"
