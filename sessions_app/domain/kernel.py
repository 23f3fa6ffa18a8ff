"""The kernel of booking: the few statements that thousands of people run at the same moment.

``book`` takes four statements with its operation: claim the key, lock the session, lock the lots, write
everything. The order is the order of all locks: session, then accounts ascending. What may be decided in
Python is decided by ``sessions_app.rules.booking``; what must hold in any case is held by the database.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from memberships.rules.lots import LotFacts
from sessions_app.rules.booking import PersonFacts, SessionFacts
from studio.audit.domain import journal, operations
from studio.lib import statements
from studio.lib.nudge import nudge
from studio.lib.transactions import step

_FACTS = """
    SELECT s.id, s.service_id, v.name, l.name, s.starts_at, s.ends_at, s.local_start::date, s.time_zone,
    s.capacity,
           s.booked,
           coalesce(s.cost_minor, CASE WHEN v.pricing = 'hourly'
               THEN round(v.cost_minor * extract(epoch FROM s.ends_at - s.starts_at) / 3600)::bigint
               ELSE v.cost_minor END),
           s.is_listed, v.members_may_book, l.members_may_book,
           s.canceled_at IS NOT NULL, s.closed_at IS NOT NULL, s.deleted_at IS NOT NULL, s.practitioner_id,
           p.id, p.name, p.is_active,
           EXISTS (SELECT 1 FROM sessions_app_booking b
                    WHERE b.session_id = s.id AND b.person_id = p.id AND b.canceled_at IS NULL),
           (SELECT c.name FROM scheduling_closure c
             WHERE (c.location_id = s.location_id OR c.location_id IS NULL)
               AND s.local_start::date BETWEEN c.starts_on AND c.ends_on LIMIT 1)
      FROM sessions_app_session s
      JOIN scheduling_service v ON v.id = s.service_id
      JOIN scheduling_location l ON l.id = s.location_id
      JOIN people_person p ON p.id = %(person)s::bigint
     WHERE s.id = %(session)s::bigint
"""
# A full session is refused by a plain read: nobody queues for a lock on it.
_LOCK_IF_FREE = _FACTS + " AND s.booked < s.capacity FOR NO KEY UPDATE OF s"
_LOCK = _FACTS + " FOR NO KEY UPDATE OF s"

# What anybody asks who was refused: credits of this service, spent and ended ones too.
_COVERING = """
    SELECT t.id, t.account_id, k.name, t.last_valid_on, t.is_free, t.granted_at,
           a.posted_in - a.posted_out - a.held
      FROM memberships_creditlot t
      JOIN memberships_credittype k ON k.id = t.credit_type_id
      JOIN billing_account a ON a.id = t.account_id
     WHERE t.person_id = %(person)s::bigint
       AND EXISTS (SELECT 1 FROM memberships_credittype_services x
                    WHERE x.credittype_id = t.credit_type_id AND x.service_id = %(service)s::bigint)
     ORDER BY t.id
"""

_LOTS = """
    SELECT t.id, t.account_id, k.name, t.last_valid_on, t.is_free, t.granted_at,
           a.posted_in - a.posted_out - a.held
      FROM memberships_creditlot t
      JOIN memberships_credittype k ON k.id = t.credit_type_id
      JOIN billing_account a ON a.id = t.account_id
     WHERE t.person_id = %(person)s::bigint
       AND (t.last_valid_on IS NULL OR t.last_valid_on >= %(on)s::date)
       AND a.posted_in > a.posted_out + a.held
       AND EXISTS (SELECT 1 FROM memberships_credittype_services x
                    WHERE x.credittype_id = t.credit_type_id AND x.service_id = %(service)s::bigint)
     ORDER BY a.id
       FOR NO KEY UPDATE OF a
"""

_BOOK = """
    WITH place AS (SELECT nextval(pg_get_serial_sequence('sessions_app_booking', 'id')) AS id),
    held AS (
        INSERT INTO billing_entry (key, kind, source_id, destination_id, amount, reason, at, operation_id)
        SELECT 'booking:' || place.id || ':1:hold', 'hold', %(account)s::bigint, used.id, 1, 'booking.made',
               %(at)s::timestamptz, %(operation)s::bigint
          FROM place, billing_account used
         WHERE used.owner = 'studio:used' AND used.unit = 'credit'
        RETURNING id
    ),
    booked AS (
        INSERT INTO sessions_app_booking
               (id, session_id, person_id, lot_id, hold_id, cycle, booked_at, booked_by_id)
        SELECT place.id, %(session)s::bigint, %(person)s::bigint, %(lot)s::bigint, held.id, 1, %(at)s::timestamptz,
               %(by)s::bigint
          FROM place, held
        RETURNING id
    ),
    noted AS (
        INSERT INTO audit_event (operation_id, verb, at, subject, person_id, facts)
        SELECT %(operation)s::bigint, 'booking.made', %(at)s::timestamptz, 'booking:' || booked.id,
               %(person)s::bigint, %(facts)s::jsonb
          FROM booked
    )
    UPDATE audit_operation
       SET result = to_jsonb(booked.id),
           inverse = jsonb_build_object('verb', 'booking.cancel',
                                        'kwargs', jsonb_build_object('booking_id', booked.id))
      FROM booked WHERE audit_operation.id = %(operation)s::bigint
    RETURNING booked.id
"""

_LOCK_BOOKING = """
    SELECT b.id, b.session_id, b.person_id, p.name, p.may_cancel, b.lot_id, b.hold_id, b.charge_id, b.cycle,
           b.canceled_at IS NULL,
           -- Of the locked row, so it is true now: a subquery answers as of before the wait for the lock.
           s.closed_at IS NOT NULL,
           s.starts_at, s.local_start, s.time_zone, v.name, l.name, t.last_valid_on,
           (SELECT member_cancellation_enabled FROM people_studio)
      FROM sessions_app_session s
      JOIN sessions_app_booking b ON b.session_id = s.id
      JOIN people_person p ON p.id = b.person_id
      JOIN scheduling_service v ON v.id = s.service_id
      JOIN scheduling_location l ON l.id = s.location_id
      LEFT JOIN memberships_creditlot t ON t.id = b.lot_id
     WHERE b.id = %(booking)s::bigint
       FOR NO KEY UPDATE OF s, b
"""

_CANCEL = """
    WITH freed AS (
        INSERT INTO billing_entry
               (key, kind, source_id, destination_id, amount, reason, at, operation_id, resolves_id)
        SELECT 'booking:' || %(booking)s::bigint || ':' || %(cycle)s::int || ':release', 'release', h.source_id,
               h.destination_id, h.amount, 'booking.canceled', %(at)s::timestamptz, %(operation)s::bigint, h.id
          FROM billing_entry h WHERE h.id = %(hold)s::bigint
        RETURNING id
    ),
    canceled AS (
        UPDATE sessions_app_booking SET canceled_at = %(at)s::timestamptz, canceled_by_id = %(by)s::bigint
         WHERE id = %(booking)s::bigint
        RETURNING id
    ),
    noted AS (
        INSERT INTO audit_event (operation_id, verb, at, subject, person_id, facts)
        SELECT %(operation)s, 'booking.canceled', %(at)s, 'booking:' || canceled.id, %(person)s,
        %(facts)s::jsonb
          FROM canceled
    )
    UPDATE audit_operation SET result = to_jsonb(canceled.id), inverse = %(inverse)s::jsonb
      FROM canceled WHERE audit_operation.id = %(operation)s::bigint
    RETURNING (SELECT count(*) FROM freed)
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A session and the person who wants a place in it, as they stand now."""

    session: SessionFacts
    person: PersonFacts
    closed_for: str | None


@dataclass(frozen=True, slots=True)
class LockedBooking:
    """A booking under lock, with what its cancellation needs to know."""

    id: int
    session_id: int
    person_id: int
    person: str
    person_may_cancel: bool
    lot_id: int | None
    hold_id: int | None
    charge_id: int | None
    cycle: int
    is_live: bool
    is_closed: bool
    starts_at: datetime
    local_start: datetime
    time_zone: str
    service: str
    location: str
    lot_last_valid_on: date | None
    studio_allows: bool | None


@step
def ask(session_id: int, person_id: int) -> Asked | None:
    """Lock a session that has a free place; a full one is only read. None if either does not exist."""
    names = {"session": session_id, "person": person_id}
    row = statements.row(_LOCK_IF_FREE, names)
    if row is None:
        row = statements.row(_FACTS, names)
        if row is not None and _asked(row).session.booked < _asked(row).session.capacity:
            # A place came free between the two looks. It is not given away on a session that nobody holds.
            row = statements.row(_LOCK, names)
    return None if row is None else _asked(row)


@step
def lock_usable_lots(person_id: int, service_id: int, on: date) -> list[LotFacts]:
    """Lock the accounts of the person's lots that could pay on this date, ascending, and return their
    facts.
    """
    wanted = {"person": person_id, "service": service_id, "on": on}
    return [LotFacts(*row) for row in statements.rows(_LOTS, wanted)]


@step
def covering_lots(person_id: int, service_id: int) -> list[LotFacts]:
    """The person's lots that are good for the service, whatever is left in them. Locks nothing."""
    return [
        LotFacts(*row) for row in statements.rows(_COVERING, {"person": person_id, "service": service_id})
    ]


@step
def book(asked: Asked, lot: LotFacts, *, facts: dict[str, Any], at: datetime) -> int:
    """Write the booking, its hold, its event and the operation's result in one statement.

    Returns the booking's id.
    """
    operation = operations.current()
    row = statements.row(
        _BOOK,
        {
            "session": asked.session.id,
            "person": asked.person.id,
            "lot": lot.id,
            "account": lot.account_id,
            "by": operation.actor.person_id,
            "at": at,
            "operation": operation.id,
            "facts": json.dumps(facts),
        },
    )
    operation.is_stored = True
    journal.foretell("booking.made", [asked.person.id])
    nudge(journal.WRITE_MESSAGES)
    assert row is not None
    return int(row[0])


@step
def lock_booking(booking_id: int) -> LockedBooking | None:
    """Lock a booking and its session."""
    row = statements.row(_LOCK_BOOKING, {"booking": booking_id})
    return None if row is None else LockedBooking(*row)


@step
def cancel(booking: LockedBooking, *, facts: dict[str, Any], inverse: dict[str, Any], at: datetime) -> None:
    """Release the hold, free the place, write the event and the operation's result in one statement."""
    operation = operations.current()
    statements.row(
        _CANCEL,
        {
            "booking": booking.id,
            "cycle": booking.cycle,
            "hold": booking.hold_id,
            "person": booking.person_id,
            "by": operation.actor.person_id,
            "at": at,
            "operation": operation.id,
            "facts": json.dumps(facts),
            "inverse": json.dumps(inverse),
        },
    )
    operation.is_stored = True
    journal.foretell("booking.canceled", [booking.person_id])
    nudge(journal.WRITE_MESSAGES)


def _asked(row: statements.Row) -> Asked:
    return Asked(SessionFacts(*row[:18]), PersonFacts(*row[18:22]), row[22])
