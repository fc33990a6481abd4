-- What students ask to see of what is held about them (P8).

CREATE TABLE iehe.support_access (
    case_id       text NOT NULL REFERENCES iehe.cases,
    request       integer NOT NULL,
    requested_at  timestamptz NOT NULL,
    due_at        timestamptz NOT NULL,
    state         text NOT NULL CHECK (state IN ('open', 'answered', 'ended')),
    extended      boolean NOT NULL,
    objected      boolean NOT NULL,
    answered_at   timestamptz,
    answered_by   text,
    ground        text,
    parts         text[] NOT NULL DEFAULT '{}',
    texts         uuid[] NOT NULL DEFAULT '{}',
    open_from     timestamptz,
    reasons       uuid[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (case_id, request)
);
COMMENT ON TABLE iehe.support_access IS 'Requests of students to see what is held about them, and their answers.';
COMMENT ON COLUMN iehe.support_access.texts IS 'Words that the answer discloses; no others go into an extract.';
COMMENT ON COLUMN iehe.support_access.open_from IS 'Before that nothing is handed over: others may go to court.';
CREATE UNIQUE INDEX support_access_one ON iehe.support_access (case_id) WHERE state <> 'ended';

CREATE FUNCTION iehe.support_record_access_noted(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    answered boolean := record ->> 'ground' IS NOT NULL;
BEGIN
    INSERT INTO iehe.support_access (case_id, request, requested_at, due_at, state, extended, objected)
    VALUES (of_case, (record ->> 'request')::int, moment, (record ->> 'due_at')::timestamptz, record ->> 'state', false, false)
    ON CONFLICT (case_id, request) DO NOTHING;
    UPDATE iehe.support_access a
    SET due_at = (record ->> 'due_at')::timestamptz, state = record ->> 'state',
        extended = (record ->> 'extended')::boolean, objected = (record ->> 'objected')::boolean,
        answered_at = CASE WHEN answered THEN moment ELSE a.answered_at END,
        answered_by = CASE WHEN answered THEN actor ELSE a.answered_by END,
        ground = coalesce(record ->> 'ground', a.ground),
        parts = CASE WHEN answered THEN ARRAY(SELECT jsonb_array_elements_text(record -> 'parts')) ELSE a.parts END,
        texts = CASE WHEN answered THEN ARRAY(SELECT jsonb_array_elements_text(record -> 'texts')::uuid) ELSE a.texts END,
        open_from = (record ->> 'open_from')::timestamptz,
        reasons = CASE WHEN record ->> 'reason_id' IS NULL THEN a.reasons
                       ELSE a.reasons || iehe.text_of(record ->> 'reason_id') END
    WHERE a.case_id = of_case AND a.request = (record ->> 'request')::int;
    PERFORM iehe.support_settle(of_case);
END
$$;

SELECT iehe.keep_at_home('support', 'support_access');

GRANT SELECT ON iehe.support_access TO iehe_worker, iehe_office;
GRANT INSERT, UPDATE ON iehe.support_access TO iehe_worker;
