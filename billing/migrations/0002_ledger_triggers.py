"""The ledger's own law: totals kept by one trigger, entries that stay as they were written.

The functions run as their owner with a pinned search path, so a role that may only insert entries cannot touch totals.
"""

from django.db import migrations

APPLY = """
CREATE FUNCTION billing_apply_entry() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    held_before record;
    moved bigint := 0;      -- leaves the source and arrives at the destination
    held_change bigint := 0;
    same_unit boolean;
BEGIN
    CASE NEW.kind
        WHEN 'post' THEN moved := NEW.amount;
        WHEN 'hold' THEN held_change := NEW.amount;
        ELSE
            SELECT kind, source_id, destination_id, amount INTO held_before
              FROM billing_entry WHERE id = NEW.resolves_id;
            IF held_before.kind IS DISTINCT FROM 'hold' OR held_before.source_id <> NEW.source_id THEN
                RAISE EXCEPTION 'entry % resolves something that is not a hold on its source', NEW.key
                    USING ERRCODE = 'check_violation';
            END IF;
            held_change := -held_before.amount;
            IF NEW.kind = 'settle' THEN
                moved := NEW.amount;
            ELSIF NEW.amount <> held_before.amount THEN
                RAISE EXCEPTION 'release % must free the whole hold', NEW.key USING ERRCODE = 'check_violation';
            END IF;
    END CASE;

    SELECT s.unit = d.unit INTO same_unit
      FROM billing_account s, billing_account d WHERE s.id = NEW.source_id AND d.id = NEW.destination_id;
    IF same_unit IS DISTINCT FROM true THEN
        RAISE EXCEPTION 'entry % would turn one unit into another', NEW.key USING ERRCODE = 'check_violation';
    END IF;

    -- Two guarded ends are updated in ascending order, like every other lock on accounts.
    IF NEW.destination_id < NEW.source_id AND moved > 0 THEN
        UPDATE billing_account SET posted_in = posted_in + moved, seq = seq + 1
         WHERE id = NEW.destination_id AND is_guarded
        RETURNING seq, posted_in - posted_out, held
             INTO NEW.destination_seq, NEW.destination_balance, NEW.destination_held;
    END IF;
    UPDATE billing_account
       SET posted_out = posted_out + moved, held = held + held_change, seq = seq + 1
     WHERE id = NEW.source_id AND is_guarded
    RETURNING seq, posted_in - posted_out, held INTO NEW.source_seq, NEW.source_balance, NEW.source_held;
    IF NEW.destination_id > NEW.source_id AND moved > 0 THEN
        UPDATE billing_account SET posted_in = posted_in + moved, seq = seq + 1
         WHERE id = NEW.destination_id AND is_guarded
        RETURNING seq, posted_in - posted_out, held
             INTO NEW.destination_seq, NEW.destination_balance, NEW.destination_held;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER apply_entry BEFORE INSERT ON billing_entry
    FOR EACH ROW EXECUTE FUNCTION billing_apply_entry();
"""

# Totals change only inside apply_entry; what an account is never changes.
GUARD_TOTALS = """
CREATE FUNCTION billing_guard_totals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF (NEW.posted_in, NEW.posted_out, NEW.held, NEW.seq) IS DISTINCT FROM (0::bigint, 0::bigint, 0::bigint, 0::bigint) THEN
            RAISE EXCEPTION 'a new account starts empty' USING ERRCODE = 'check_violation';
        END IF;
    ELSIF (NEW.owner, NEW.unit, NEW.is_guarded, NEW.may_overdraw)
          IS DISTINCT FROM (OLD.owner, OLD.unit, OLD.is_guarded, OLD.may_overdraw) THEN
        RAISE EXCEPTION 'an account keeps its owner, unit and limits' USING ERRCODE = 'check_violation';
    ELSIF (NEW.posted_in, NEW.posted_out, NEW.held, NEW.seq)
          IS DISTINCT FROM (OLD.posted_in, OLD.posted_out, OLD.held, OLD.seq) THEN
        RAISE EXCEPTION 'totals are written by the ledger only' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

-- The depth is 0 for whoever writes to the table directly, and 1 for apply_entry.
CREATE TRIGGER guard_totals BEFORE INSERT OR UPDATE ON billing_account
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION billing_guard_totals();
"""

APPEND_ONLY = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
"""
APPEND_ONLY_TABLES = [
    "billing_entry",
    "billing_invoice",
    "billing_invoiceline",
    "billing_payment",
    "audit_event",
]

# A balance update rewrites one row over and over: leave room for it on its page.
FILL_FACTOR = "ALTER TABLE billing_account SET (fillfactor = 70)"


def append_only(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"""
        CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION refuse_change();
        CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
        """,
        f"DROP TRIGGER append_only ON {table}; DROP TRIGGER append_only_truncate ON {table};",
    )


# The studio's own accounts for credits. Those for money are made with the first entry in that currency.
STUDIO_ACCOUNTS = """
INSERT INTO billing_account (owner, unit, posted_in, posted_out, held, seq, may_overdraw, is_guarded)
SELECT 'studio:' || name, 'credit', 0, 0, 0, 0, true, false
  FROM unnest(ARRAY['issued', 'used', 'expired', 'forfeited', 'withdrawn']) AS name
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial"), ("audit", "0001_initial")]

    operations = [
        migrations.RunSQL(
            APPLY, "DROP TRIGGER apply_entry ON billing_entry; DROP FUNCTION billing_apply_entry()"
        ),
        migrations.RunSQL(
            GUARD_TOTALS, "DROP TRIGGER guard_totals ON billing_account; DROP FUNCTION billing_guard_totals()"
        ),
        migrations.RunSQL(APPEND_ONLY, "DROP FUNCTION refuse_change()"),
        *[append_only(table) for table in APPEND_ONLY_TABLES],
        migrations.RunSQL(FILL_FACTOR, "ALTER TABLE billing_account RESET (fillfactor)"),
        migrations.RunSQL(STUDIO_ACCOUNTS, "DELETE FROM billing_account WHERE owner LIKE 'studio:%'"),
    ]
