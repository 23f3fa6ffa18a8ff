"""What always holds of sessions, places and outcomes."""

from __future__ import annotations

from studio.lib.invariants import Invariant

INVARIANTS = [
    Invariant(
        "S1",
        "Places taken are the live bookings of a session, and never more than its capacity.",
        "SELECT count(*) FROM sessions_app_session",
        """
        SELECT format('session %s: %s counted, %s live bookings, capacity %s', s.id, s.booked, count(b.id), s.capacity)
          FROM sessions_app_session s
          LEFT JOIN sessions_app_booking b ON b.session_id = s.id AND b.canceled_at IS NULL
         GROUP BY s.id HAVING count(b.id) <> s.booked OR count(b.id) > s.capacity
        """,
    ),
    Invariant(
        "S3",
        "A person has at most one live place in a session.",
        "SELECT count(*) FROM sessions_app_booking WHERE canceled_at IS NULL",
        """
        SELECT format('person %s has %s places in session %s', person_id, count(*), session_id)
          FROM sessions_app_booking WHERE canceled_at IS NULL GROUP BY session_id, person_id HAVING count(*) > 1
        """,
    ),
    Invariant(
        "S7",
        "An open booking holds exactly what pays for it: one credit of its own lot, or the money of its charge.",
        "SELECT count(*) FROM sessions_app_booking WHERE canceled_at IS NULL",
        """
        SELECT format('booking %s holds nothing that stands', b.id)
          FROM sessions_app_booking b
          LEFT JOIN memberships_creditlot t ON t.id = b.lot_id
          LEFT JOIN billing_entry h ON h.id = b.hold_id
          LEFT JOIN billing_charge c ON c.id = b.charge_id
         WHERE b.canceled_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM sessions_app_outcome o WHERE o.booking_id = b.id AND o.reversed_at IS NULL)
           AND ((b.lot_id IS NOT NULL AND (h.id IS NULL OR h.source_id <> t.account_id OR h.amount <> 1
                 OR EXISTS (SELECT 1 FROM billing_entry x WHERE x.resolves_id = h.id)))
                OR (b.charge_id IS NOT NULL AND c.final_at IS NOT NULL))
        """,
    ),
    Invariant(
        "S9",
        "A canceled booking, and a booking with an outcome, holds nothing any more.",
        "SELECT count(*) FROM sessions_app_booking",
        """
        SELECT format('booking %s still holds entry %s', b.id, h.id)
          FROM sessions_app_booking b
          LEFT JOIN billing_charge c ON c.id = b.charge_id
          JOIN billing_entry h ON h.id IN (b.hold_id, c.hold_id)
         WHERE NOT EXISTS (SELECT 1 FROM billing_entry x WHERE x.resolves_id = h.id)
           AND (b.canceled_at IS NOT NULL
                OR EXISTS (SELECT 1 FROM sessions_app_outcome o WHERE o.booking_id = b.id AND o.reversed_at IS NULL))
        """,
    ),
    Invariant(
        "K2",
        "A saved session has an outcome for every live booking, each costing what its charge came to; others have none.",
        "SELECT count(*) FROM sessions_app_session",
        """
        SELECT format('booking %s of session %s: outcome %s costs %s, charged %s', b.id, s.id, o.id, o.cost_minor,
                      c.amount_minor)
          FROM sessions_app_session s
          JOIN sessions_app_booking b ON b.session_id = s.id
          LEFT JOIN sessions_app_outcome o ON o.booking_id = b.id AND o.reversed_at IS NULL
          LEFT JOIN billing_charge c ON c.id = b.charge_id
         WHERE (s.closed_at IS NULL AND o.id IS NOT NULL)
            OR (s.closed_at IS NOT NULL AND o.id IS NULL AND b.canceled_at IS NULL)
            OR (o.id IS NOT NULL AND o.cost_minor <> coalesce(c.amount_minor, 0))
        """,
    ),
    Invariant(
        "K3b",
        "A saved session pays its practitioner once, the greatest wage among its outcomes (X-47); others pay none.",
        "SELECT count(*) FROM sessions_app_session WHERE practitioner_id IS NOT NULL",
        """
        SELECT format('session %s: wage %s, posted %s', s.id, due.wage, paid.total)
          FROM sessions_app_session s
          CROSS JOIN LATERAL (
               SELECT coalesce(max(o.wage_minor), 0) AS wage
                 FROM sessions_app_booking b JOIN sessions_app_outcome o ON o.booking_id = b.id
                WHERE b.session_id = s.id AND o.reversed_at IS NULL) due
          CROSS JOIN LATERAL (
               SELECT coalesce(sum(CASE WHEN e.reverses_id IS NULL THEN e.amount ELSE -e.amount END), 0) AS total
                 FROM billing_entry e WHERE e.key ^@ ('wage:session:' || s.id || ':')) paid
         WHERE s.practitioner_id IS NOT NULL
           AND paid.total <> CASE WHEN s.closed_at IS NULL THEN 0 ELSE due.wage END
        """,
    ),
    Invariant(
        "Z1",
        "A session starts at its wall-clock time in its zone, unless that time does not exist on the day.",
        "SELECT count(*) FROM sessions_app_session",
        """
        SELECT format('session %s: %s in %s is %s, not %s', id, starts_at, time_zone, starts_at AT TIME ZONE time_zone,
                      local_start AT TIME ZONE 'UTC')
          FROM sessions_app_session
         WHERE starts_at AT TIME ZONE time_zone <> local_start AT TIME ZONE 'UTC'
           AND (local_start AT TIME ZONE 'UTC') AT TIME ZONE time_zone AT TIME ZONE time_zone
               = local_start AT TIME ZONE 'UTC'
        """,
    ),
    Invariant(
        "S5",
        "A live session of a series occupies its room and its practitioner for exactly its time; others, nothing.",
        "SELECT count(*) FROM sessions_app_session WHERE series_id IS NOT NULL",
        """
        SELECT format('session %s', s.id)
          FROM sessions_app_session s
         WHERE s.series_id IS NOT NULL AND s.deleted_at IS NULL AND s.canceled_at IS NULL
           AND (SELECT count(*) FROM scheduling_slot t
                 WHERE t.holder = 'session:' || s.id AND t.during = tstzrange(s.starts_at, s.ends_at)
                   AND (t.room_id = s.room_id OR t.practitioner_id = s.practitioner_id))
               <> (s.room_id IS NOT NULL)::int + (s.practitioner_id IS NOT NULL)::int
        UNION ALL
        SELECT format('slot %s is held for %s, which is canceled or deleted', t.id, t.holder)
          FROM sessions_app_session s JOIN scheduling_slot t ON t.holder = 'session:' || s.id
         WHERE s.deleted_at IS NOT NULL OR s.canceled_at IS NOT NULL
        """,
    ),
]
