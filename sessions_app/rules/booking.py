"""May this person have a place, and may they give it up? Facts in, every failing reason out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from memberships.rules.lots import LotFacts
from studio.lib.refusals import Reason
from studio.people.rules.permissions import Actor, Capability

# Staff still add walk-ins to a session that runs, and correct a list afterwards.
STAFF_MAY_ADD_AFTER_START = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What the rules need to know of a session.

    Instants are aware, ``on`` is the local date at its location.
    """

    id: int
    service_id: int
    service: str
    location: str
    starts_at: datetime
    ends_at: datetime
    on: date
    time_zone: str
    capacity: int
    booked: int
    cost_minor: int
    is_listed: bool
    service_bookable: bool
    location_bookable: bool
    is_canceled: bool
    is_closed: bool
    is_deleted: bool
    practitioner_id: int | None


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What the rules need to know of the person who wants the place."""

    id: int
    name: str
    is_active: bool
    is_booked: bool


def why_not_book(
    session: SessionFacts, person: PersonFacts, *, at: datetime, by_staff: bool, closed_for: str | None = None
) -> list[Reason]:
    """Every reason against the place itself; how it is paid is :func:`why_not_pay`."""
    reasons = [
        *_session_stands(session),
        *(_too_late_for_staff(session, at) if by_staff else _not_for_members(session, at, closed_for)),
    ]
    if not person.is_active:
        reasons.append(Reason("inactive", f"{person.name} is inactive.", "Staff can make them active again."))
    if person.is_booked:
        reasons.append(
            Reason(
                "already_booked", f"{person.name} already has a place in this session.", "See My bookings."
            )
        )
    if session.booked >= session.capacity:
        reasons.append(
            Reason(
                "full",
                f"{session.service} is full: {session.booked} of {session.capacity} places are taken.",
                "Choose another time."
                if not by_staff
                else "Choose another time, or give the session more places.",
                {"booked": session.booked, "capacity": session.capacity},
            )
        )
    return reasons


def why_not_for_self(by: Actor, *, is_active: bool) -> list[Reason]:
    """Whoever could not give the place up again does not take it. The inactive hear that they are."""
    if not is_active or by.may(Capability.BOOK_FOR_SELF) or by.may(Capability.BOOK_FOR_OTHERS):
        return []
    return [Reason("not_for_self", "Your role takes no places by itself.", "Ask the desk to book you in.")]


def why_not_pay(
    session: SessionFacts, covering: Sequence[LotFacts], usable: Sequence[LotFacts], *, lot_id: int | None
) -> list[Reason]:
    """Why no credit can pay for this session.

    Nothing covers it, nothing is left, or nothing is valid that day.
    """
    if lot_id is not None and lot_id not in {lot.id for lot in usable}:
        return [
            Reason(
                "lot_cannot_pay",
                "The chosen credits cannot pay for this session.",
                "Choose other credits, or let the earliest ones be taken.",
            )
        ]
    if usable or not session.cost_minor:
        return []
    with_credits = [lot for lot in covering if lot.available > 0]
    if with_credits:
        # None of them is usable, so each has ended before the session.
        last = max(lot.last_valid_on for lot in with_credits if lot.last_valid_on)
        return [
            Reason(
                "credits_end_before",
                f"The credits for {session.service} end on {last:%-d %B}, before this session.",
                "Choose an earlier session, or get new credits.",
                {"last_valid_on": last.isoformat()},
            )
        ]
    if covering:
        return [
            Reason(
                "no_credits_left",
                f"No {covering[0].credit_type} credit is left for {session.service}.",
                "Get a new pass, or ask the desk to book you in.",
            )
        ]
    return [
        Reason(
            "not_covered",
            f"No pass covers {session.service}.",
            "See Passes for one that does, or ask the desk to book you in.",
        )
    ]


def why_not_cancel(
    *,
    starts_at: datetime,
    at: datetime,
    by_staff: bool,
    is_live: bool,
    is_closed: bool,
    studio_allows: bool = True,
    person_may: bool = True,
) -> list[Reason]:
    """Every reason against giving the place up.

    Members need both switches (S3-66) and must act before the start.
    """
    reasons = []
    if not is_live:
        reasons.append(Reason("not_live", "This booking is already canceled.", "Reload to see it as it is."))
    if is_live and is_closed:
        reasons.append(
            Reason("has_outcome", "This booking is already completed.", "Open the session again first.")
        )
    if by_staff:
        return reasons
    if at >= starts_at:
        reasons.append(Reason("started", "The session has already started.", "Ask the desk."))
    if not studio_allows or not person_may:
        reasons.append(
            Reason(
                "cancel_off",
                "Online cancellation is off.",
                "Call or write to the desk; they cancel it for you.",
            )
        )
    return reasons


def _session_stands(session: SessionFacts) -> list[Reason]:
    reasons = []
    if session.is_deleted:
        reasons.append(Reason("deleted", "This session was deleted.", "Choose another time."))
    if session.is_canceled:
        reasons.append(Reason("canceled", "This session is canceled.", "Choose another time."))
    if session.is_closed:
        reasons.append(
            Reason("closed", "This session is already completed.", "Open it again to change who was there.")
        )
    return reasons


def _too_late_for_staff(session: SessionFacts, at: datetime) -> list[Reason]:
    if at < session.ends_at + STAFF_MAY_ADD_AFTER_START:
        return []
    return [
        Reason(
            "over", "This session was over more than a week ago.", "Correct it with a credit or a payment."
        )
    ]


def _not_for_members(session: SessionFacts, at: datetime, closed_for: str | None) -> list[Reason]:
    reasons = []
    if at >= session.starts_at:
        reasons.append(Reason("started", "This session has already started.", "Choose a later one."))
    if not session.is_listed:
        reasons.append(
            Reason(
                "not_listed", f"This {session.service} is not open to everybody.", "Ask the desk for a place."
            )
        )
    if not session.service_bookable:
        reasons.append(
            Reason(
                "service_not_bookable",
                f"{session.service} is not booked online.",
                "Ask the desk for a place.",
            )
        )
    if not session.location_bookable:
        reasons.append(
            Reason(
                "location_not_bookable",
                f"{session.location} takes no online bookings.",
                "Ask the desk for a place.",
            )
        )
    if closed_for is not None:
        reasons.append(Reason("closure", f"Closed that day: {closed_for}.", "Pick another day."))
    return reasons
