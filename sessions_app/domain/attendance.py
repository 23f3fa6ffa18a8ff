"""The register: who was there. A fact without effect on credits, money, wages or status (S1-15)."""

from __future__ import annotations

from datetime import datetime

from sessions_app.models import Booking, Session
from studio.audit.domain import journal, operations
from studio.audit.domain.operations import recorded, undoable
from studio.lib.refusals import NotFound, Reason, Refused
from studio.lib.transactions import use_case
from studio.people.rules import access
from studio.people.rules.permissions import Actor, Capability


class CannotMark(Refused):
    """There is no place to mark."""

    code = "cannot_mark"


@undoable
@use_case
@recorded("attendance.mark")
def mark(*, booking_id: int, is_present: bool | None, by: Actor, at: datetime) -> int:
    """Note that a person is there, is not, or take the note back (None). Returns the booking's id.

    :raises CannotMark: if the booking was canceled.
    """
    booking = (
        Booking.objects.select_for_update(no_key=True, of=["self"])
        .select_related("session")
        .filter(pk=booking_id)
        .first()
    )
    if booking is None:
        raise NotFound("booking")
    reasons = _why_not_mark(booking.session, by)
    if booking.canceled_at is not None:
        reasons.append(Reason("not_live", "This booking was canceled.", "Add the person again first."))
    if reasons:
        raise CannotMark(*reasons)
    operations.can_be_undone_by("attendance.mark", booking_id=booking.pk, is_present=booking.is_present)
    booking.is_present = is_present
    booking.present_at = at if is_present else None
    booking.save(update_fields=["is_present", "present_at"])
    journal.record(
        "presence.marked",
        at=at,
        subject=f"booking:{booking.pk}",
        person_id=booking.person_id,
        is_present=is_present,
    )
    return booking.pk


@use_case
@recorded("attendance.mark_all")
def mark_all(*, session_id: int, by: Actor, at: datetime) -> int:
    """Note everyone who is not marked yet as there. Returns how many.

    :raises CannotMark: if this actor may not.
    """
    session = Session.objects.filter(pk=session_id).first()
    if session is None:
        raise NotFound("session")
    if reasons := _why_not_mark(session, by):
        raise CannotMark(*reasons)
    return (
        Booking.objects.live()
        .filter(session_id=session_id, is_present=None)
        .update(is_present=True, present_at=at)
    )


def _why_not_mark(session: Session, by: Actor) -> list[Reason]:
    is_own = by.person_id is not None and session.practitioner_id == by.person_id
    return access.why_not(by, Capability.COMPLETE_SESSIONS, own=is_own)
