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
            'emptied', coalesce(jsonb_agg(w.key ORDER BY w.key) FILTER (WHERE w.value = 'null'), '[]'),
            'told', coalesce(jsonb_object_agg(w.key, w.value) FILTER (WHERE w.key = ANY (codes)), '{}'),
            'letters', (SELECT count(*) FROM iehe.notices n WHERE n.case_id = of_case AND n.recipient_kind <> 'staff'
                        AND n.state IN ('accepted', 'sending', 'unknown')))
        FROM jsonb_each(wanted) AS w WHERE w.value IS DISTINCT FROM coalesce(current -> w.key, 'null'));
END
$$;
COMMENT ON FUNCTION iehe.correction_asked IS
    'Which fields waiting values would change, which they would empty, and of codes their values; null: they do not wait any more.';

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
