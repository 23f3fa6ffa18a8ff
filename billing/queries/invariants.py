"""What always holds in the ledger and its documents, as SQL that recomputes everything from the entries."""

from __future__ import annotations

from studio.lib.invariants import Invariant

# Both ends of every entry, with the change it makes to the account's totals.
_ENDS = """
    SELECT e.id, e.source_id AS account_id, e.source_seq AS seq, e.source_balance AS balance, e.source_held AS held,
           CASE e.kind WHEN 'post' THEN e.amount WHEN 'settle' THEN e.amount ELSE 0 END AS went_out, 0 AS came_in,
           CASE e.kind WHEN 'hold' THEN e.amount WHEN 'post' THEN 0 ELSE -h.amount END AS held_change
      FROM billing_entry e LEFT JOIN billing_entry h ON h.id = e.resolves_id
    UNION ALL
    SELECT e.id, e.destination_id, e.destination_seq, e.destination_balance, e.destination_held, 0, e.amount, 0
      FROM billing_entry e WHERE e.kind IN ('post', 'settle') AND e.amount > 0
"""

INVARIANTS = [
    Invariant(
        "L1",
        "The totals of every guarded account are the sums of its entries.",
        "SELECT count(*) FROM billing_account WHERE is_guarded",
        f"""
        SELECT format('account %s (%s): in %s, out %s, held %s, but its entries say %s, %s, %s', a.id, a.owner,
                      a.posted_in, a.posted_out, a.held, s.came_in, s.went_out, s.held)
          FROM billing_account a
          LEFT JOIN (SELECT account_id, sum(came_in) AS came_in, sum(went_out) AS went_out, sum(held_change) AS held,
                            count(*) AS entries
                       FROM ({_ENDS}) ends GROUP BY account_id) s ON s.account_id = a.id
         WHERE a.is_guarded
           AND (a.posted_in, a.posted_out, a.held, a.seq)
               IS DISTINCT FROM (coalesce(s.came_in, 0), coalesce(s.went_out, 0), coalesce(s.held, 0),
                                 coalesce(s.entries, 0))
        """,
    ),
    Invariant(
        "C1",
        "After every single entry, no account that may not overdraw had less than nothing available.",
        "SELECT count(*) FROM billing_entry",
        f"""
        SELECT format('account %s (%s): %s available after entry %s', a.id, a.owner, n.balance - n.held, n.id)
          FROM ({_ENDS}) n JOIN billing_account a ON a.id = n.account_id
         WHERE a.is_guarded AND NOT a.may_overdraw AND n.balance < n.held
        """,
    ),
    Invariant(
        "C1b",
        "The entries of a guarded account are numbered 1, 2, 3 … and each stamp follows from the one before.",
        "SELECT count(*) FROM billing_entry",
        f"""
        SELECT format('account %s: entry %s has number %s and balance %s, held %s; expected %s, %s, %s', account_id,
                      id, seq, balance, held, place, total, total_held)
          FROM (SELECT n.*, row_number() OVER w AS place, sum(came_in - went_out) OVER w AS total,
                       sum(held_change) OVER w AS total_held
                  FROM ({_ENDS}) n JOIN billing_account a ON a.id = n.account_id AND a.is_guarded
                WINDOW w AS (PARTITION BY n.account_id ORDER BY n.seq)) walked
         WHERE (seq, balance, held) IS DISTINCT FROM (place, total, total_held)
        """,
    ),
    Invariant(
        "P1",
        "Every entry stays within one unit, and a reversal is the mirror of what it reverses.",
        "SELECT count(*) FROM billing_entry",
        """
        SELECT format('entry %s (%s)', e.id, e.key)
          FROM billing_entry e
          JOIN billing_account s ON s.id = e.source_id JOIN billing_account d ON d.id = e.destination_id
          LEFT JOIN billing_entry r ON r.id = e.reverses_id
         WHERE s.unit <> d.unit
            OR (r.id IS NOT NULL AND (r.source_id, r.destination_id, r.amount)
                IS DISTINCT FROM (e.destination_id, e.source_id, e.amount))
        """,
    ),
    Invariant(
        "C3",
        "A settlement or release ends a hold of the same source; a release frees all of it.",
        "SELECT count(*) FROM billing_entry WHERE kind IN ('settle', 'release')",
        """
        SELECT format('entry %s (%s) ends entry %s', e.id, e.key, h.id)
          FROM billing_entry e JOIN billing_entry h ON h.id = e.resolves_id
         WHERE h.kind <> 'hold' OR h.source_id <> e.source_id OR (e.kind = 'release' AND e.amount <> h.amount)
        """,
    ),
    Invariant(
        "K3",
        "A final charge is posted for exactly its amount; one still expected holds exactly what it expects.",
        "SELECT count(*) FROM billing_charge",
        """
        SELECT format('charge %s (%s): final %s, entry %s; expected %s, held %s', c.id, c.key, c.amount_minor, e.amount,
                      c.expected_minor, h.amount)
          FROM billing_charge c
          LEFT JOIN billing_entry e ON e.id = c.entry_id
          LEFT JOIN billing_entry h ON h.id = c.hold_id
                AND NOT EXISTS (SELECT 1 FROM billing_entry x WHERE x.resolves_id = h.id)
         WHERE (c.final_at IS NOT NULL AND (coalesce(e.amount, 0) <> c.amount_minor OR h.id IS NOT NULL))
            OR (c.final_at IS NULL AND coalesce(h.amount, 0) <> c.expected_minor)
        """,
    ),
    Invariant(
        "I4",
        "An invoice's total is the sum of its lines, and each line is what its charge came to.",
        "SELECT count(*) FROM billing_invoice",
        """
        SELECT format('invoice %s: total %s, lines %s, charges %s', i.number, i.total_minor, sum(l.amount_minor),
                      sum(c.amount_minor))
          FROM billing_invoice i
          LEFT JOIN billing_invoiceline l ON l.invoice_id = i.id
          LEFT JOIN billing_charge c ON c.id = l.charge_id AND c.person_id = i.person_id
         GROUP BY i.id
        HAVING (sum(l.amount_minor), sum(c.amount_minor)) IS DISTINCT FROM (i.total_minor, i.total_minor)
            OR bool_or(l.amount_minor IS DISTINCT FROM c.amount_minor)
        """,
    ),
    Invariant(
        "I6",
        "Invoice numbers run from 1 without a gap, and the counter stands at the last.",
        "SELECT count(*) FROM billing_invoice",
        """
        SELECT format('series %s: counter %s, %s invoices, numbers %s to %s', c.series, c.last, count(i.id),
                      min(split_part(i.number, '-', 3)::bigint), max(split_part(i.number, '-', 3)::bigint))
          FROM (SELECT series, last FROM billing_invoicecounter
                UNION ALL
                SELECT DISTINCT s.series, 0 FROM billing_invoice i, regexp_replace(i.number, '-[0-9]+$', '') AS s(series)
                 WHERE NOT EXISTS (SELECT 1 FROM billing_invoicecounter k WHERE k.series = s.series)) c
          LEFT JOIN billing_invoice i ON i.number LIKE c.series || '-%'
         GROUP BY c.series, c.last
        HAVING count(i.id) <> c.last
            OR (c.last > 0 AND (min(split_part(i.number, '-', 3)::bigint) <> 1
                                OR max(split_part(i.number, '-', 3)::bigint) <> c.last))
        """,
    ),
    Invariant(
        "I7",
        "An invoice is never paid beyond its total, and each payment is posted for its amount.",
        "SELECT count(*) FROM billing_payment",
        """
        SELECT format('invoice %s: paid %s of %s', i.number, sum(p.amount_minor), i.total_minor)
          FROM billing_invoice i JOIN billing_payment p ON p.invoice_id = i.id JOIN billing_entry e ON e.id = p.entry_id
         GROUP BY i.id
        HAVING sum(p.amount_minor) > i.total_minor OR bool_or(e.amount <> p.amount_minor)
        """,
    ),
]
