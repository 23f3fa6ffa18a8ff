"""Booking a place and giving it up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError

from billing.domain import charges
from billing.domain.ledger import Overdrawn
from memberships.domain import credits
from memberships.models import CreditLot
from memberships.rules import lots as lot_rule
from memberships.rules.lots import LotFacts
from sessions_app.domain import kernel
from sessions_app.domain.kernel import Asked, LockedBooking
from sessions_app.models import Booking
from sessions_app.rules import booking as rule
from studio.audit.domain import journal, operations
from studio.audit.domain.operations import recorded, undoable
from studio.lib.consequences import anyone_listens, tell
from studio.lib.money import shown
from studio.lib.refusals import NotFound, Reason, Refused
from studio.lib.transactions import use_case
from studio.people.models import Studio
from studio.people.rules import access
from studio.people.rules.permissions import Actor, Capability


class CannotBook(Refused):
    """The place cannot be had; every reason is listed."""

    code = "cannot_book"


class CannotCancel(Refused):
    """The place cannot be given up; every reason is listed."""

    code = "cannot_cancel"


@undoable
@use_case
@recorded("booking.book")
def book(
    *,
    session_id: int,
    person_id: int,
    lot_id: int | None = None,
    unpaid_ok: bool = False,
    by: Actor,
    at: datetime,
) -> int:
    """Give a person a place in a session, held by one credit, or by money where the desk allows it.

    Without ``lot_id`` the credits that end first pay. With ``unpaid_ok`` someone at the desk books a person
    without credits: the price is held on their account. Returns the booking's id (S1-03, S1-13, S1-17).

    :raises CannotBook: with every failing reason: full, started, not covered, already booked …
    """
    asked = kernel.ask(session_id, person_id)
    if asked is None:
        raise NotFound("session")
    by_staff = by.person_id != person_id
    if by_staff:
        reasons = _why_not_for_others(asked, by)
    else:
        reasons = rule.why_not_for_self(by, is_active=asked.person.is_active)
    reasons += rule.why_not_book(
        asked.session, asked.person, at=at, by_staff=by_staff, closed_for=asked.closed_for
    )
    # A place that cannot be had locks nobody's credits.
    lots = [] if reasons else kernel.lock_usable_lots(person_id, asked.session.service_id, asked.session.on)
    usable = lot_rule.usable(lots, session_on=asked.session.on)
    pays_later = unpaid_ok and by.may(Capability.BOOK_UNFUNDED) and lot_id is None and not usable
    if not pays_later:
        reasons += _why_not_pay(asked, usable, lot_id)
    lot = next((lot for lot in usable if lot_id in (None, lot.id)), None)
    if not reasons and lot is None and not pays_later and (asked.session.cost_minor or lot_id is not None):
        # The reasons are looked up without a lock, and found a credit that the lock had not.
        reasons = [Reason("credits_moved", "The credits changed while this was booked.", "Try again.")]
    if reasons:
        raise CannotBook(reasons)
    return _write(asked, lot, at=at)


@undoable
@use_case
@recorded("booking.cancel")
def cancel(*, booking_id: int, by: Actor, at: datetime) -> int:
    """Give a place up: its credit goes back to the lot it came from, held money is free again (S1-05, X-10).

    Returns the booking's id.

    :raises CannotCancel: with every failing reason: started, already canceled, online cancellation off …
    """
    booking = kernel.lock_booking(booking_id)
    if booking is None:
        raise NotFound("booking")
    by_staff = by.person_id != booking.person_id
    reasons = access.why_not(by, Capability.CANCEL_BOOKINGS, own=not by_staff)
    reasons += rule.why_not_cancel(
        starts_at=booking.starts_at,
        at=at,
        by_staff=by_staff,
        is_live=booking.is_live,
        is_closed=booking.is_closed,
        studio_allows=booking.studio_allows is not False,
        person_may=booking.person_may_cancel,
    )
    if reasons:
        raise CannotCancel(reasons)
    kernel.cancel(booking, facts=_canceled_facts(booking, by_staff), inverse=_book_again(booking), at=at)
    if booking.lot_id is not None:
        _return_credit(booking, by_studio=by_staff, at=at)
    elif booking.charge_id is not None:
        _free_money(booking, at=at)
    tell("places", f"{booking.person} leaves {booking.service}, {booking.local_start:%a %-d %b %H:%M}")
    return booking.id


def _why_not_for_others(asked: Asked, by: Actor) -> list[Reason]:
    is_own = by.person_id is not None and asked.session.practitioner_id == by.person_id
    return access.why_not(by, Capability.BOOK_FOR_OTHERS, own=is_own)


def _why_not_pay(asked: Asked, usable: Sequence[LotFacts], lot_id: int | None) -> list[Reason]:
    if usable and lot_id is None:
        return []
    covering = kernel.covering_lots(asked.person.id, asked.session.service_id)
    return rule.why_not_pay(
        asked.session,
        covering,
        usable or lot_rule.usable(covering, session_on=asked.session.on),
        lot_id=lot_id,
    )


def _write(asked: Asked, lot: LotFacts | None, *, at: datetime) -> int:
    session = asked.session
    if anyone_listens():
        tell("places", f"{asked.person.name} has a place: {session.booked + 1} of {session.capacity} taken")
    try:
        if lot is None:
            return _book_for_money(asked, at=at)
        if anyone_listens():
            tell("credits", f"1 {lot.credit_type} credit held, {lot.available - 1} left")
        return kernel.book(asked, lot, facts=_facts(asked, left=lot.available - 1), at=at)
    except IntegrityError as error:
        raise _refusal_for(error, asked) from error


def _refusal_for(error: IntegrityError, asked: Asked) -> Exception:
    """The database's last word, in the words of the desk."""
    text = str(error)
    if "one_place_per_person" in text:
        return CannotBook(
            Reason(
                "already_booked",
                f"{asked.person.name} already has a place in this session.",
                "See My bookings.",
            )
        )
    if "session_never_overbooked" in text:
        return CannotBook(Reason("full", f"{asked.session.service} is full.", "Choose another time."))
    if "account_never_overdrawn" in text:
        return Overdrawn(Reason("overdrawn", "The last credit was just used.", "Reload and choose again."))
    return error


def _book_for_money(asked: Asked, *, at: datetime) -> int:
    """A place without a credit.

    The price is expected on the person's account, or the service costs nothing.
    """
    operation = operations.current()
    session = asked.session
    booking = Booking.objects.create(
        session_id=session.id, person_id=asked.person.id, booked_at=at, booked_by_id=operation.actor.person_id
    )
    if session.cost_minor:
        currency = Studio.objects.current().currency
        booking.charge = charges.expect(
            key=f"booking:{booking.pk}",
            person_id=asked.person.id,
            description=f"{session.service}, {session.on:%-d %B %Y}",
            service_on=session.on,
            amount_minor=session.cost_minor,
            currency=currency,
            at=at,
        )
        booking.save(update_fields=["charge"])
        tell("money", f"{shown(session.cost_minor, currency)} held until the session is completed")
    journal.record(
        "booking.made",
        at=at,
        subject=f"booking:{booking.pk}",
        person_id=asked.person.id,
        **_facts(asked, left=None),
    )
    operations.can_be_undone_by("booking.cancel", booking_id=booking.pk)
    return booking.pk


def _return_credit(booking: LockedBooking, *, by_studio: bool, at: datetime) -> None:
    tell("credits", "1 credit goes back to where it came from")
    # Most lots have not ended and need no further look.
    if lot_rule.may_have_ended(booking.lot_last_valid_on, at):
        lot = CreditLot.objects.get(bookings=booking.id)
        credits.after_return(lot, by_studio=by_studio, at=at)


def _free_money(booking: LockedBooking, *, at: datetime) -> None:
    charge = Booking.objects.select_related("charge__hold").get(pk=booking.id).charge
    assert charge is not None
    currency = Studio.objects.current().currency
    tell("money", f"{shown(charge.expected_minor, currency)} is no longer held")
    charges.settle(charge, amount_minor=0, currency=currency, reason="booking.canceled", at=at)


def _facts(asked: Asked, *, left: int | None) -> dict[str, Any]:
    session = asked.session
    return {
        "session": session.id,
        "service": session.service,
        "location": session.location,
        "starts_at": session.starts_at.isoformat(),
        "time_zone": session.time_zone,
        "credits_left": left,
    }


def _canceled_facts(booking: LockedBooking, by_staff: bool) -> dict[str, Any]:
    return {
        "session": booking.session_id,
        "service": booking.service,
        "location": booking.location,
        "starts_at": booking.starts_at.isoformat(),
        "time_zone": booking.time_zone,
        "by_studio": by_staff,
        "credit_returned": booking.lot_id is not None,
    }


def _book_again(booking: LockedBooking) -> dict[str, Any]:
    kwargs = {"session_id": booking.session_id, "person_id": booking.person_id, "lot_id": booking.lot_id}
    return {"verb": "booking.book", "kwargs": kwargs | {"unpaid_ok": booking.lot_id is None}}
