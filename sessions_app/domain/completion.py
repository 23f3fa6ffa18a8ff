"""Saving how a session ended: only now do balances and wages change (S3-23)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from billing.domain import charges, ledger
from billing.queries import accounts
from memberships.domain import credits
from memberships.rules import lots as lot_rule
from sessions_app.models import Booking, CompletionType, Outcome, Session
from sessions_app.rules import completion as rule
from sessions_app.rules.completion import Ending
from studio.audit.domain import journal, operations
from studio.audit.domain.operations import recorded, undoable
from studio.lib.consequences import tell
from studio.lib.money import exponent, shown
from studio.lib.nudge import nudge
from studio.lib.refusals import NotFound, Reason, Refused
from studio.lib.transactions import use_case
from studio.people.models import Studio
from studio.people.rules import access
from studio.people.rules.permissions import Actor, Capability

ISSUE_INVOICES = "billing.tasks.issue_due_invoices"


class CannotComplete(Refused):
    """The session cannot be saved as it stands."""

    code = "cannot_complete"


class CannotReopen(Refused):
    """The session cannot be opened again."""

    code = "cannot_reopen"


@dataclass(frozen=True)
class Ended:
    """One booking with the completion type it ends by, and the amounts that follow."""

    booking: Booking
    completion_type: CompletionType
    cost_minor: int
    wage_minor: int


@undoable
@use_case
@recorded("session.complete")
def complete(*, session_id: int, outcomes: Mapping[int, str] | None = None, by: Actor, at: datetime) -> int:
    """Save a session: every open booking gets its outcome, credits and money follow, the wage is posted once.

    ``outcomes`` maps booking ids to completion codes; bookings it does not name are *completed*, since
    people on the list are assumed present (S1-16). Completed and missed take the full cost, canceled takes
    nothing and returns the credit (S3-24…S3-26). Returns the session's id.

    :raises CannotComplete: if the session is canceled, deleted, already saved, or has not started.
    """
    session = _locked_session(session_id)
    _check_completable(session, by, at)
    studio = Studio.objects.current()
    bookings = _open_bookings(session)
    ended = _ended(session, bookings, outcomes or {}, studio.currency)
    wage = rule.session_wage_minor(each.wage_minor for each in ended)
    _lock_accounts(session, bookings, wage, studio.currency)
    _end_credits(ended, at=at)
    _end_charges(ended, currency=studio.currency, at=at)
    _freeze(ended, by=by, at=at)
    _leave_canceled(ended, by=by, at=at)
    _pay_wage(session, wage, currency=studio.currency, at=at)
    Session.objects.filter(pk=session.pk).update(closed_at=at)
    journal.record(
        "session.completed",
        at=at,
        subject=f"session:{session.pk}",
        bookings=len(ended),
        cost_minor=sum(each.cost_minor for each in ended),
        wage_minor=wage,
    )
    operations.can_be_undone_by("session.reopen", session_id=session.pk)
    nudge(ISSUE_INVOICES)
    return session.pk


@undoable
@use_case
@recorded("session.reopen")
def reopen(*, session_id: int, by: Actor, at: datetime) -> int:
    """Take the outcomes of a session back: every entry is answered by its opposite and held again (X-21).

    Returns the session's id.

    :raises CannotReopen: if it is not saved, or a credit that it gave back is gone.
    :raises AlreadyInvoiced: if one of its charges is on an invoice.
    """
    session = _locked_session(session_id)
    reasons = _why_not_save(session, by)
    if session.closed_at is None:
        reasons.append(Reason("open", "This session is already open.", "Reload to see it as it is."))
    if reasons:
        raise CannotReopen(*reasons)
    studio = Studio.objects.current()
    outcomes = list(
        Outcome.objects.filter(booking__session=session, reversed_at=None)
        .select_related("completion_type", "booking__person", "booking__charge__hold")
        .select_related("booking__hold__resolved_by")
        .order_by("booking_id")
    )
    bookings = [outcome.booking for outcome in outcomes]
    wages = list(accounts.standing_wages(session.pk).filter(reversed_by=None))
    ledger.lock([*_accounts_of(bookings), *(wage.destination_id for wage in wages)])
    _take_credits_back(bookings, at=at)
    for charge in charges.lock(each.charge_id for each in bookings if each.charge_id).values():
        charges.reopen(charge, currency=studio.currency, at=at)
    for wage in wages:
        ledger.reverse(wage, key=f"{wage.key}:reverse", reason="session.reopened", at=at)
    Outcome.objects.filter(pk__in=[outcome.pk for outcome in outcomes]).update(reversed_at=at)
    _rejoin(bookings)
    Session.objects.filter(pk=session.pk).update(closed_at=None)
    journal.record("session.reopened", at=at, subject=f"session:{session.pk}", bookings=len(outcomes))
    operations.can_be_undone_by(
        "session.complete",
        session_id=session.pk,
        outcomes={str(outcome.booking_id): outcome.completion_type.code for outcome in outcomes},
    )
    return session.pk


def _locked_session(session_id: int) -> Session:
    session = (
        Session.objects.select_for_update(no_key=True, of=["self"])
        .select_related("service", "practitioner")
        .filter(pk=session_id)
        .first()
    )
    if session is None:
        raise NotFound("session")
    return session


def _why_not_save(session: Session, by: Actor) -> list[Reason]:
    is_own = by.person_id is not None and session.practitioner_id == by.person_id
    return access.why_not(by, Capability.COMPLETE_SESSIONS, own=is_own)


def _check_completable(session: Session, by: Actor, at: datetime) -> None:
    reasons = _why_not_save(session, by)
    if session.deleted_at:
        reasons.append(Reason("deleted", "This session was deleted.", "Recover it first."))
    if session.canceled_at:
        reasons.append(Reason("canceled", "This session is canceled.", "There is nothing to save."))
    if session.closed_at:
        reasons.append(Reason("closed", "This session is already completed.", "Open it again to change it."))
    if at < session.starts_at:
        reasons.append(
            Reason(
                "not_started", "This session has not started yet.", "Complete it once it has, or cancel it."
            )
        )
    if reasons:
        raise CannotComplete(*reasons)


def _open_bookings(session: Session) -> list[Booking]:
    return list(
        Booking.objects.live()
        .filter(session=session)
        .select_related("hold", "charge__hold", "lot__account", "person")
        .order_by("pk")
        .select_for_update(no_key=True, of=["self"])
    )


def _ended(
    session: Session, bookings: Sequence[Booking], codes: Mapping[int, str], currency: str
) -> list[Ended]:
    types = {kind.code: kind for kind in CompletionType.objects.filter(archived_at=None, is_enabled=True)}
    chosen = {booking.pk: "completed" for booking in bookings}
    chosen |= {int(booking_id): code for booking_id, code in codes.items()}
    if unknown := sorted({str(code) for code in chosen.values() if code not in types}):
        raise CannotComplete(
            Reason(
                "unknown_type",
                f"“{unknown[0]}” is not one of the completion types in use.",
                "Choose one of the list for everybody.",
            )
        )
    is_hourly, lasts = session.service.pricing == "hourly", session.ends_at - session.starts_at
    wage = session.wage_minor
    if wage is None:
        wage = rule.price_minor(session.service.wage_minor, is_hourly=is_hourly, lasts=lasts)
    per_unit = 10 ** exponent(currency)
    ended = []
    for booking in bookings:
        kind = types[chosen[booking.pk]]
        ending = Ending(
            kind.label,
            kind.modifier_type,
            kind.client_modifier,
            kind.practitioner_modifier,
            kind.returns_credit,
        )
        # A booking held by a credit costs the credit, not money.
        price = booking.charge.expected_minor if booking.charge else 0
        cost = rule.cost_minor(ending, price, minor_per_unit=per_unit) if booking.charge else 0
        ended.append(Ended(booking, kind, cost, rule.wage_minor(ending, wage, minor_per_unit=per_unit)))
    return ended


def _lock_accounts(session: Session, bookings: Sequence[Booking], wage_minor: int, currency: str) -> None:
    """Everybody's accounts at once and ascending: credits, money and pay."""
    ids = _accounts_of(bookings)
    if session.practitioner_id is not None and wage_minor:
        ids.append(ledger.practitioner_account(session.practitioner_id, currency).pk)
    ledger.lock(ids)


def _accounts_of(bookings: Sequence[Booking]) -> list[int]:
    """The accounts of credits and of money that pay for these bookings."""
    holds = [each.hold for each in bookings] + [each.charge.hold for each in bookings if each.charge]
    return [hold.source_id for hold in holds if hold is not None]


def _end_credits(ended: Sequence[Ended], *, at: datetime) -> None:
    held = [each for each in ended if each.booking.hold is not None]
    ledger.write_many(
        [
            ledger.ending(
                each.booking.hold,
                key=f"booking:{each.booking.pk}:{each.booking.cycle}:end",
                kind="release" if each.completion_type.returns_credit else "settle",
                amount=1,
                reason=f"booking.{each.completion_type.mapped_status}",
                at=at,
            )
            for each in held
            if each.booking.hold is not None
        ]
    )
    returned = [each.booking.lot for each in held if each.completion_type.returns_credit]
    used = len(held) - len(returned)
    tell("credits", f"{used} used, {len(returned)} returned" if held else "No credits change")
    for lot in returned:
        # what the studio gives back is good for something, also when its lot has ended.
        if lot is not None and lot_rule.may_have_ended(lot.last_valid_on, at):
            credits.after_return(lot, by_studio=True, at=at)


def _end_charges(ended: Sequence[Ended], *, currency: str, at: datetime) -> None:
    total = 0
    for each in ended:
        if each.booking.charge is not None:
            reason = f"booking.{each.completion_type.mapped_status}"
            charges.settle(
                each.booking.charge, amount_minor=each.cost_minor, currency=currency, reason=reason, at=at
            )
            total += each.cost_minor
    tell("money", f"{shown(total, currency)} charged" if total else "Nothing is charged")


def _freeze(ended: Sequence[Ended], *, by: Actor, at: datetime) -> None:
    Outcome.objects.bulk_create(
        Outcome(
            booking=each.booking,
            completion_type=each.completion_type,
            label=each.completion_type.label,
            mapped_status=each.completion_type.mapped_status,
            modifier_type=each.completion_type.modifier_type,
            client_modifier=each.completion_type.client_modifier,
            practitioner_modifier=each.completion_type.practitioner_modifier,
            returns_credit=each.completion_type.returns_credit,
            cost_minor=each.cost_minor,
            wage_minor=each.wage_minor,
            decided_at=at,
            decided_by_id=by.person_id,
        )
        for each in ended
    )
    journal.record_many(
        "booking.ended",
        [
            (
                f"booking:{each.booking.pk}",
                each.booking.person_id,
                {"outcome": each.completion_type.label, "cost_minor": each.cost_minor},
            )
            for each in ended
        ],
        at=at,
    )


def _leave_canceled(ended: Sequence[Ended], *, by: Actor, at: datetime) -> None:
    """A booking that ended as canceled gives its place back, but keeps its outcome."""
    canceled = [each.booking.pk for each in ended if each.completion_type.mapped_status == "canceled"]
    Booking.objects.filter(pk__in=canceled).update(canceled_at=at, canceled_by_id=by.person_id)
    tell("places", f"{len(canceled)} give their place back" if canceled else "Nobody's place changes")


def _pay_wage(session: Session, wage_minor: int, *, currency: str, at: datetime) -> None:
    if session.practitioner is None or not wage_minor:
        tell("pay", "No wage")
        return
    tell("pay", f"{shown(wage_minor, currency)} for {session.practitioner.name}")
    ledger.post(
        key=f"wage:session:{session.pk}:{accounts.standing_wages(session.pk).count() + 1}",
        source=ledger.studio_account("wages", currency),
        destination=ledger.practitioner_account(session.practitioner.pk, currency),
        amount=wage_minor,
        reason="session.completed",
        at=at,
    )


def _take_credits_back(bookings: Sequence[Booking], *, at: datetime) -> None:
    """Each credit returns to its lot and is held again by its booking, in the next cycle.

    :raises CannotReopen: if a credit that went back has been used or has ended since.
    """
    held = [(each, each.hold) for each in bookings if each.hold is not None]
    ledger.write_many(
        [
            ledger.reversal(
                hold.resolved_by,
                key=f"booking:{each.pk}:{each.cycle}:reverse",
                reason="session.reopened",
                at=at,
            )
            for each, hold in held
            if hold.resolved_by.kind == "settle"
        ]
    )
    for each, hold in held:
        each.cycle += 1
        each.hold = ledger.holding_again(
            hold, key=f"booking:{each.pk}:{each.cycle}:hold", reason="session.reopened", at=at
        )
    try:
        ledger.write_many([each.hold for each, _ in held if each.hold is not None])
    except ledger.Overdrawn as overdrawn:
        raise CannotReopen(
            Reason(
                "credit_gone",
                "A credit that went back when this session was completed has been used or has ended since.",
                "Correct it with a credit or a payment instead.",
            )
        ) from overdrawn
    Booking.objects.bulk_update([each for each, _ in held], ["cycle", "hold"])


def _rejoin(bookings: Sequence[Booking]) -> None:
    """People whose booking ended as canceled have their place again."""
    Booking.objects.filter(pk__in=[booking.pk for booking in bookings], canceled_at__isnull=False).update(
        canceled_at=None, canceled_by=None
    )
