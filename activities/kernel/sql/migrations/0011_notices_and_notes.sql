-- What the office does to a notice before it goes, and notes on cases: words beside the workflow, sealed with the case's
-- key and gone with it.

ALTER TABLE iehe.notices
    ADD COLUMN held_since timestamptz,
    ADD COLUMN revision integer NOT NULL DEFAULT 0,
    ADD COLUMN words jsonb;
COMMENT ON COLUMN iehe.notices.held_since IS
    'A person holds it since then: while it is queued or failed it does not leave until they release it.';
COMMENT ON COLUMN iehe.notices.revision IS
    'How often a person has held, released, cancelled or changed it: what is sent is what was prepared of this one.';
COMMENT ON COLUMN iehe.notices.words IS
    'The office''s own words that stand before those of the letter: ids of iehe.texts by language; null: none.';
CREATE INDEX notices_held_by_people ON iehe.notices (process, queued_at, notice_id) WHERE held_since IS NOT NULL;

CREATE TABLE iehe.notice_acts (
    notice_id  text NOT NULL,
    revision   integer NOT NULL CHECK (revision > 0),
    case_id    text NOT NULL REFERENCES iehe.cases,
    act        text NOT NULL CHECK (act IN ('hold', 'release', 'cancel', 'change', 'restore')),
    staff_id   text NOT NULL,
    key        text NOT NULL,
    at         timestamptz NOT NULL DEFAULT now(),
    reason_id  uuid REFERENCES iehe.texts,
    ja_id      uuid REFERENCES iehe.texts,
    en_id      uuid REFERENCES iehe.texts,
    PRIMARY KEY (notice_id, revision),
    UNIQUE (notice_id, staff_id, key)
);
COMMENT ON TABLE iehe.notice_acts IS
    'Who has held, released, cancelled or changed a notice, when and why, with each version of the office''s words; it '
    'stays when the notice goes, and goes with the case.';
CREATE INDEX notice_acts_by_case ON iehe.notice_acts (case_id);
CREATE TRIGGER notice_acts_stay BEFORE UPDATE OR DELETE ON iehe.notice_acts
    FOR EACH ROW EXECUTE FUNCTION iehe.refuse_change();
CREATE TRIGGER notice_acts_stay_whole BEFORE TRUNCATE ON iehe.notice_acts
    FOR EACH STATEMENT EXECUTE FUNCTION iehe.refuse_change();

-- a worker sees no texts; of these it gets what it is to send, sealed, and the ring opens it
CREATE FUNCTION iehe.words_of_notice(of_notice text, reads text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'sealed:' || concat_ws(':', k.class_key, encode(k.wrapped, 'base64'), t.text_id, encode(t.sealed, 'base64'))
    FROM iehe.notices n
    JOIN iehe.texts t ON t.text_id = coalesce(n.words ->> reads, n.words ->> 'ja', n.words ->> 'en')::uuid
    JOIN iehe.case_keys k ON k.case_id = n.case_id
    WHERE n.notice_id = of_notice AND split_part(n.case_id, '/', 1) = ANY (iehe.rooms_here())
$$;
COMMENT ON FUNCTION iehe.words_of_notice IS
    'The office''s words before a letter for a reader of a language, else in the language that there is; null: none.';

CREATE TABLE iehe.case_notes (
    seq      bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    note_id  uuid NOT NULL,
    version  integer NOT NULL CHECK (version > 0),
    case_id  text NOT NULL REFERENCES iehe.cases,
    act      text NOT NULL CHECK (act IN ('write', 'correct', 'withdraw')),
    staff_id text NOT NULL,
    key      text NOT NULL,
    at       timestamptz NOT NULL DEFAULT now(),
    sealed   bytea NOT NULL CHECK (octet_length(sealed) <= 16100),
    PRIMARY KEY (note_id, version),
    UNIQUE (case_id, staff_id, key),
    CHECK ((act = 'write') = (version = 1))
);
COMMENT ON TABLE iehe.case_notes IS
    'Notes of the office on a case, version by version: nothing of the process hangs on them.';
COMMENT ON COLUMN iehe.case_notes.sealed IS 'The words, encrypted with the key of the case; of a withdrawal, its reason.';
CREATE INDEX case_notes_by_case ON iehe.case_notes (case_id, seq);
CREATE TRIGGER case_notes_stay BEFORE UPDATE OR DELETE ON iehe.case_notes
    FOR EACH ROW EXECUTE FUNCTION iehe.refuse_change();
CREATE TRIGGER case_notes_stay_whole BEFORE TRUNCATE ON iehe.case_notes
    FOR EACH STATEMENT EXECUTE FUNCTION iehe.refuse_change();

SELECT iehe.keep_at_home(NULL, 'notice_acts', 'case_notes');
-- both are of the work on a case: whoever sees only that there is one has none of them
ALTER POLICY in_sight ON iehe.notice_acts USING (
    split_part(case_id, '/', 1) <> ALL ((SELECT iehe.rooms_out_of_sight('work'))::text[])
    AND case_id <> ALL ((SELECT iehe.cases_out_of_sight())::text[]) OR iehe.in_sight(case_id, 'work'));
ALTER POLICY in_sight ON iehe.case_notes USING (
    split_part(case_id, '/', 1) <> ALL ((SELECT iehe.rooms_out_of_sight('work'))::text[])
    AND case_id <> ALL ((SELECT iehe.cases_out_of_sight())::text[]) OR iehe.in_sight(case_id, 'work'));

REVOKE EXECUTE ON FUNCTION iehe.words_of_notice FROM PUBLIC;
GRANT EXECUTE ON FUNCTION iehe.words_of_notice TO iehe_worker;
GRANT UPDATE (held_since, revision, words) ON iehe.notices TO iehe_office;
GRANT SELECT, INSERT ON iehe.notice_acts, iehe.case_notes TO iehe_office;

