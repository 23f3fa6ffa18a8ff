"""What always holds of lots and dues."""

from __future__ import annotations

from studio.lib.invariants import Invariant

INVARIANTS = [
    Invariant(
        "C5",
        "A lot was granted once, from the studio's account, in exactly its quantity.",
        "SELECT count(*) FROM memberships_creditlot",
        """
        SELECT format('lot %s (%s): %s granted, %s entries over %s', t.id, t.key, t.granted, count(e.id), sum(e.amount))
          FROM memberships_creditlot t
          LEFT JOIN billing_account issued ON issued.owner = 'studio:issued' AND issued.unit = 'credit'
          LEFT JOIN billing_entry e ON e.destination_id = t.account_id AND e.source_id = issued.id
         GROUP BY t.id
        HAVING count(e.id) <> 1 OR sum(e.amount) IS DISTINCT FROM t.granted
        """,
    ),
    Invariant(
        "C10",
        "Free, held, used, expired, forfeited and withdrawn credits of a lot add up to what was granted.",
        "SELECT count(*) FROM memberships_creditlot",
        """
        SELECT format('lot %s: %s granted, %s there, %s gone', t.id, t.granted, a.posted_in - a.posted_out, gone.total)
          FROM memberships_creditlot t JOIN billing_account a ON a.id = t.account_id
          LEFT JOIN LATERAL (
               SELECT coalesce(sum(CASE WHEN e.source_id = a.id THEN e.amount ELSE -e.amount END), 0) AS total
                 FROM billing_entry e
                 JOIN billing_account o ON o.id IN (e.source_id, e.destination_id) AND o.id <> a.id
                WHERE a.id IN (e.source_id, e.destination_id) AND e.kind IN ('post', 'settle')
                  AND o.owner IN ('studio:used', 'studio:expired', 'studio:forfeited', 'studio:withdrawn')) gone ON true
         WHERE a.posted_in - a.posted_out + gone.total <> t.granted
        """,
    ),
    Invariant(
        "D1",
        "A dues period has at most one lot per credit type, and none while its charge is unpaid.",
        "SELECT count(*) FROM memberships_duesperiod",
        """
        SELECT format('dues period %s has lot %s, but its charge is not settled', d.id, t.id)
          FROM memberships_duesperiod d
          JOIN memberships_creditlot t ON t.dues_period_id = d.id
          JOIN billing_charge c ON c.id = d.charge_id
         WHERE c.amount_minor > 0
           AND NOT EXISTS (
               SELECT 1 FROM billing_invoiceline l JOIN billing_invoice i ON i.id = l.invoice_id
                WHERE l.charge_id = c.id
                  AND (SELECT coalesce(sum(p.amount_minor), 0) FROM billing_payment p WHERE p.invoice_id = i.id)
                      >= i.total_minor)
        UNION ALL
        SELECT format('dues period %s has %s lots of credit type %s', dues_period_id, count(*), credit_type_id)
          FROM memberships_creditlot WHERE dues_period_id IS NOT NULL
         GROUP BY dues_period_id, credit_type_id HAVING count(*) > 1
        """,
    ),
]
