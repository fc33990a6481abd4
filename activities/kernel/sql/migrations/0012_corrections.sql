-- Corrections of what a room keeps of a person or of what was applied for: new values wait here, beside the case,
-- until the step that takes them over is written, and what was there before stays on record with it.
-- A room gives by iehe.<room>_data(case, record) a record as JSON, and writes by iehe.<room>_correct(case, record,
-- values) some of its fields.

CREATE TABLE iehe.pending_corrections (
    correction_id  uuid PRIMARY KEY,
    case_id        text NOT NULL REFERENCES iehe.cases,
    author         text NOT NULL,
    record         text NOT NULL,
    new_values     jsonb NOT NULL,
    stored_at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE iehe.pending_corrections IS
    'Personal: values of a decision that is being made; gone with its step, with its refusal, or by the sweep.';
CREATE INDEX pending_corrections_by_case ON iehe.pending_corrections (case_id);

CREATE TABLE iehe.corrections (
    case_id        text NOT NULL REFERENCES iehe.cases,
    version        integer NOT NULL,
    correction_id  uuid NOT NULL UNIQUE,
    record         text NOT NULL,
    fields         text[] NOT NULL,
    made_by        text NOT NULL,
    made_at        timestamptz NOT NULL,
    reason_id      uuid NOT NULL REFERENCES iehe.texts,
    before         jsonb NOT NULL,
    after          jsonb NOT NULL,
    PRIMARY KEY (case_id, version)
);
COMMENT ON TABLE iehe.corrections IS
    'Personal: who has corrected which fields of a case, when and why, what they said before and what they say since.';
CREATE TRIGGER corrections_stay BEFORE UPDATE OR DELETE ON iehe.corrections
    FOR EACH ROW EXECUTE FUNCTION iehe.refuse_change();
CREATE TRIGGER corrections_stay_whole BEFORE TRUNCATE ON iehe.corrections
    FOR EACH STATEMENT EXECUTE FUNCTION iehe.refuse_change();

CREATE FUNCTION iehe.data_of(of_case text, of_record text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    found jsonb;
BEGIN
    EXECUTE format('SELECT iehe.%I($1, $2)', split_part(of_case, '/', 1) || '_data') INTO found
    USING of_case, of_record;
    RETURN found;
END
$$;
COMMENT ON FUNCTION iehe.data_of IS 'A record of a case as its room keeps it; null: there is none.';

CREATE FUNCTION iehe.correction_asked(of_case text, id uuid, of_record text, codes text[]) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    wanted   jsonb;
    current  jsonb;
BEGIN
    SELECT p.new_values INTO wanted FROM iehe.pending_corrections p
    WHERE p.correction_id = id AND p.case_id = of_case AND p.record = of_record;
    current := iehe.data_of(of_case, of_record);
    IF wanted IS NULL OR current IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN (
        SELECT jsonb_build_object(
            'fields', coalesce(jsonb_agg(w.key ORDER BY w.key), '[]'),
            'told', coalesce(jsonb_object_agg(w.key, w.value) FILTER (WHERE w.key = ANY (codes)), '{}'),
            'letters', (SELECT count(*) FROM iehe.notices n WHERE n.case_id = of_case AND n.recipient_kind <> 'staff'
                        AND n.state IN ('accepted', 'sending', 'unknown')))
        FROM jsonb_each(wanted) AS w WHERE w.value IS DISTINCT FROM coalesce(current -> w.key, 'null'));
END
$$;
COMMENT ON FUNCTION iehe.correction_asked IS
    'Which fields waiting values would change, and of codes their values; null: they do not wait any more.';

CREATE FUNCTION iehe.apply_correction(of_case text, id uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    waiting iehe.pending_corrections;
BEGIN
    DELETE FROM iehe.pending_corrections p WHERE p.correction_id = id AND p.case_id = of_case RETURNING * INTO waiting;
    IF NOT FOUND THEN
        PERFORM iehe.refuse('correction-gone');
    END IF;
    EXECUTE format('SELECT iehe.%I($1, $2, $3)', split_part(of_case, '/', 1) || '_correct')
    USING of_case, waiting.record, waiting.new_values;
END
$$;
COMMENT ON FUNCTION iehe.apply_correction IS 'Has the room write waiting values, which wait no more.';

CREATE FUNCTION iehe.host_correction(of_case text, v integer, moment timestamptz, actor text, r jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    was  jsonb := iehe.data_of(of_case, r ->> 'record');
    now  jsonb;
BEGIN
    PERFORM iehe.apply_correction(of_case, (r ->> 'correction_id')::uuid);
    now := iehe.data_of(of_case, r ->> 'record');
    INSERT INTO iehe.corrections (case_id, version, correction_id, record, fields, made_by, made_at, reason_id, before, after)
    SELECT of_case, v, (r ->> 'correction_id')::uuid, r ->> 'record', array_agg(f.name ORDER BY f.name), actor, moment,
           iehe.text_of(r ->> 'reason_id'), jsonb_object_agg(f.name, was -> f.name), jsonb_object_agg(f.name, now -> f.name)
    FROM jsonb_array_elements_text(r -> 'fields') AS f (name);
END
$$;
COMMENT ON FUNCTION iehe.host_correction IS
    'A record of the host: values become those of the room, and what they were stays, in the transaction of the step.';

-- the address under which a reader was written to before a correction of a version
CREATE FUNCTION iehe.value_before(of_case text, v text, field text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT c.before ->> field FROM iehe.corrections c WHERE c.case_id = of_case AND c.version::text = v
$$;

SELECT iehe.keep_at_home(NULL, 'pending_corrections', 'corrections');

GRANT SELECT, DELETE ON iehe.pending_corrections TO iehe_worker;
GRANT SELECT, INSERT ON iehe.corrections TO iehe_worker;
GRANT INSERT, DELETE ON iehe.pending_corrections TO iehe_office;
-- not what waits: a door stores it, and takes it out again by its id
GRANT SELECT (correction_id, case_id, author) ON iehe.pending_corrections TO iehe_office;
GRANT SELECT ON iehe.corrections TO iehe_office;

-- retention: what waits goes with the words of decisions that were not made, what was corrected with its case ---------

CREATE OR REPLACE VIEW iehe.retention_rules WITH (security_invoker) AS
SELECT k.kind, p.process, p.room, (p.body #>> ARRAY['retention', k.setting])::int AS days, p.version AS policy_version
FROM iehe.policies_in_force p
CROSS JOIN (VALUES ('events', 'event_days'), ('notices', 'notice_days'), ('case_starts', 'start_days'),
                   ('office_tasks', 'event_days'), ('texts', 'text_days'),
                   ('pending_corrections', 'text_days')) AS k (kind, setting)
WHERE p.body #>> ARRAY['retention', k.setting] IS NOT NULL AND p.room = ANY ((SELECT iehe.rooms_here())::text[])
UNION ALL
SELECT s.kind, NULL, NULL, s.days, NULL FROM iehe.retention_settings s
WHERE coalesce((SELECT iehe.home_here()), 'common') = 'common';

CREATE OR REPLACE FUNCTION iehe.erasable(kind text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    age      text := CASE kind WHEN 'events' THEN 't.ended_at'
                               WHEN 'notices' THEN 'coalesce(t.sent_at, t.queued_at)'
                               WHEN 'case_starts' THEN 't.started_at'
                               WHEN 'texts' THEN 't.created_at'
                               WHEN 'pending_corrections' THEN 't.stored_at'
                               WHEN 'office_tasks' THEN 't.closed_at'
                               -- from the end of the time for which they are kept; what is somebody's work has no age
                               WHEN 'facts' THEN 't.keep_until'
                               WHEN 'fact_deliveries' THEN
                                   $q$(CASE WHEN t.state NOT IN ('waiting', 'asked') THEN t.keep_until END)$q$
                               ELSE 't.at' END;
    finished text := CASE kind
        -- what is stored or dead, or delivered and not seen in its case's log, is somebody's work
        WHEN 'events' THEN $q$(t.state = 'delivered' AND t.taken OR t.state = 'dropped')
            AND (c.case_id IS NULL OR c.closed_at < $1)$q$
        -- what is to be sent, failed for good, or of unknown fate is a person's task
        WHEN 'notices' THEN $q$(t.state IN ('accepted', 'suppressed') AND c.closed_at < $1
            -- a digest is of no case: whatever became of it, the next one tells more
            OR t.digest_on IS NOT NULL AND t.state NOT IN ('queued', 'failed', 'sending'))$q$
        WHEN 'case_starts' THEN 'c.closed_at < $1'
        -- of no case; what is open has no age
        WHEN 'office_tasks' THEN 'true'
        -- of a decision that was not made, or of which nobody knows: made later it is refused
        WHEN 'pending_corrections' THEN 'true'
        -- Words of a fact, whose author is a source and a place in its data, are stored with the fact: they stay with
        -- the case. A decision's are stored before it is made: they stay if their author has done anything since.
        WHEN 'texts' THEN $q$position('/' IN t.author) = 0 AND NOT EXISTS (
            SELECT FROM iehe.case_log l WHERE l.case_id = t.case_id AND (
                l.actor_id = t.author AND l.recorded_at >= t.created_at
                OR position(t.text_id::text IN l.details::text) > 0))$q$ || (
            SELECT coalesce(string_agg(format(
                ' AND NOT EXISTS (SELECT FROM %s r WHERE r.%I = t.text_id)', f.conrelid::regclass, a.attname), ''), '')
            FROM pg_constraint f JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = f.conkey[1]
            WHERE f.contype = 'f' AND f.confrelid = 'iehe.texts'::regclass) END;
    of_room  text := CASE WHEN kind IN ('notices', 'office_tasks')
                          THEN '(SELECT r.room FROM iehe.rooms r WHERE r.process = t.process)'
                          ELSE $q$split_part(t.case_id, '/', 1)$q$ END;
    of_case  text := CASE kind WHEN 'office_tasks' THEN 'NULL' ELSE 't.case_id' END;
BEGIN
    IF finished IS NULL THEN
        RETURN format('SELECT t.ctid AS place, %s AS age FROM iehe.%I t WHERE %1$s < $1 AND $2::text IS NULL', age, kind);
    END IF;
    RETURN format(
        'SELECT t.ctid AS place, %s AS age FROM iehe.%I t LEFT JOIN iehe.cases c ON c.case_id = %5$s '
        'WHERE %4$s = $2 AND %1$s < $1 AND %3$s AND NOT EXISTS (SELECT FROM iehe.case_holds h '
        'WHERE h.case_id = %5$s AND h.released_at IS NULL)', age, kind, finished, of_room, of_case);
END
$$;

