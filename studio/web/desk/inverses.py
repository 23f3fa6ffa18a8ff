"""Who may take back what: asked before Undo is offered. The verb that takes it back decides again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sessions_app.models import Booking, Session
from studio.audit.models import Operation
from studio.people.rules.permissions import Actor, Capability

NEEDED = {
    "booking.book": Capability.BOOK_FOR_OTHERS,
    "booking.cancel": Capability.CANCEL_BOOKINGS,
    "attendance.mark": Capability.COMPLETE_SESSIONS,
    "session.complete": Capability.COMPLETE_SESSIONS,
    "session.reopen": Capability.COMPLETE_SESSIONS,
    "closure.add": Capability.MANAGE_CLOSURES,
    "closure.remove": Capability.MANAGE_CLOSURES,
}
"""What taking back by this verb needs; any other is for whoever did it, or may change settings."""

# In a practitioner's own session all of these are theirs, but giving people's places up.
_OWN = {Capability.BOOK_FOR_OTHERS, Capability.COMPLETE_SESSIONS}


def needed(operation: Operation) -> Capability:
    """What a person must be able to do to take this back."""
    return NEEDED.get(_inverse(operation).get("verb", ""), Capability.CHANGE_SETTINGS)


def may(actor: Actor, operation: Operation, session: Session | None) -> bool:
    """Whether this person may take an operation back, which was about this session or none."""
    if operation.inverse is None or operation.undone_by_id is not None:
        return False
    capability = needed(operation)
    if _inverse(operation)["verb"] not in NEEDED and operation.actor_id == actor.person_id:
        return True
    own = session is not None and session.practitioner_id == actor.person_id
    return actor.may(capability, own=own and capability in _OWN)


def sessions(done: Iterable[Operation]) -> dict[int, Session]:
    """The session that each operation's inverse is about, by the operation's id: two statements for all."""
    wanted = {operation.pk: _inverse(operation).get("kwargs", {}) for operation in done}
    bookings = {each["booking_id"] for each in wanted.values() if "booking_id" in each}
    by_booking = dict(Booking.objects.filter(pk__in=bookings).values_list("pk", "session_id"))
    ids = {
        operation_id: each.get("session_id") or by_booking.get(each.get("booking_id"))
        for operation_id, each in wanted.items()
    }
    found = Session.objects.select_related("service").in_bulk([each for each in ids.values() if each])
    return {operation_id: found[each] for operation_id, each in ids.items() if each in found}


def _inverse(operation: Operation) -> dict[str, Any]:
    return operation.inverse or {}
