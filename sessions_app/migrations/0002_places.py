"""Places are counted by the database, and the three default completion types exist from the start (S3-28)."""

from django.db import migrations

COUNT_PLACES = """
CREATE FUNCTION sessions_count_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.session_id <> OLD.session_id AND OLD.canceled_at IS NULL AND NEW.canceled_at IS NULL THEN
        -- A move touches two sessions: the lower id first, like every other lock on sessions.
        UPDATE sessions_app_session SET booked = booked + CASE WHEN id = NEW.session_id THEN 1 ELSE -1 END
         WHERE id = least(OLD.session_id, NEW.session_id);
        UPDATE sessions_app_session SET booked = booked + CASE WHEN id = NEW.session_id THEN 1 ELSE -1 END
         WHERE id = greatest(OLD.session_id, NEW.session_id);
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' AND OLD.canceled_at IS NULL THEN
        UPDATE sessions_app_session SET booked = booked - 1 WHERE id = OLD.session_id;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.canceled_at IS NULL THEN
        UPDATE sessions_app_session SET booked = booked + 1 WHERE id = NEW.session_id;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER count_place_made AFTER INSERT OR DELETE ON sessions_app_booking
    FOR EACH ROW EXECUTE FUNCTION sessions_count_place();
CREATE TRIGGER count_place_changed AFTER UPDATE OF canceled_at, session_id ON sessions_app_booking
    FOR EACH ROW
    WHEN ((OLD.canceled_at IS NULL) IS DISTINCT FROM (NEW.canceled_at IS NULL) OR OLD.session_id <> NEW.session_id)
    EXECUTE FUNCTION sessions_count_place();
"""

DROP_COUNT = """
DROP TRIGGER count_place_made ON sessions_app_booking;
DROP TRIGGER count_place_changed ON sessions_app_booking;
DROP FUNCTION sessions_count_place();
"""

# K1: what an outcome froze stays frozen; only its reversal is written later, once.
FROZEN_OUTCOMES = """
CREATE FUNCTION sessions_freeze_outcome() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before jsonb := to_jsonb(OLD) - 'reversed_at';
    after jsonb := to_jsonb(NEW) - 'reversed_at';
BEGIN
    IF before <> after OR OLD.reversed_at IS NOT NULL THEN
        RAISE EXCEPTION 'an outcome keeps what it was saved with' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER freeze_outcome BEFORE UPDATE ON sessions_app_outcome
    FOR EACH ROW EXECUTE FUNCTION sessions_freeze_outcome();
CREATE TRIGGER append_only BEFORE DELETE ON sessions_app_outcome
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

DROP_FROZEN = """
DROP TRIGGER freeze_outcome ON sessions_app_outcome;
DROP TRIGGER append_only ON sessions_app_outcome;
DROP FUNCTION sessions_freeze_outcome();
"""

# HOT updates of the place counter need room on the page.
FILL_FACTOR = "ALTER TABLE sessions_app_session SET (fillfactor = 80)"

DEFAULT_COMPLETION_TYPES = """
INSERT INTO sessions_app_completiontype
    (code, label, mapped_status, description, modifier_type, client_modifier, practitioner_modifier,
     returns_credit, is_enabled)
VALUES
    ('completed', 'Completed', 'completed', 'It took place. Full cost and full wage.', 'percentage', 100, 100, false, true),
    ('missed', 'Missed', 'missed', 'The person did not come. Full cost and full wage.', 'percentage', 100, 100, false, true),
    ('canceled', 'Canceled', 'canceled', 'It did not take place. No cost and no wage; credits go back.',
     'percentage', 0, 0, true, true)
"""


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0001_initial"), ("billing", "0002_ledger_triggers")]

    operations = [
        migrations.RunSQL(COUNT_PLACES, DROP_COUNT),
        migrations.RunSQL(FROZEN_OUTCOMES, DROP_FROZEN),
        migrations.RunSQL(FILL_FACTOR, "ALTER TABLE sessions_app_session RESET (fillfactor)"),
        migrations.RunSQL(
            DEFAULT_COMPLETION_TYPES, "DELETE FROM sessions_app_completiontype WHERE code IS NOT NULL"
        ),
    ]
