-- The end of a round: who is handed over to the registrar, what was put out and compared, what all of it sums up to.

CREATE TABLE iehe.round_students (
    year         integer NOT NULL,
    student_no   text NOT NULL,
    case_id      text NOT NULL,
    application  text NOT NULL,
    number       text NOT NULL,
    programme    text NOT NULL,
    code         text NOT NULL,
    serial       integer NOT NULL CHECK (serial > 0),
    in_file      integer NOT NULL,
    PRIMARY KEY (year, student_no),
    UNIQUE (year, code, serial),
    UNIQUE (case_id, application)
);
COMMENT ON TABLE iehe.round_students IS
    'The number that each who has enrolled gets as a student (学籍番号), once in a year over all rounds, never given again.';
COMMENT ON COLUMN iehe.round_students.code IS 'The registrar''s code of the programme.';
COMMENT ON COLUMN iehe.round_students.in_file IS 'The newest file for the registrar that has them.';

CREATE TABLE iehe.round_files (
    case_id   text NOT NULL,
    file      integer NOT NULL,
    version   integer NOT NULL,
    body      bytea NOT NULL,
    content   text NOT NULL CHECK (content ~ '^[0-9a-f]{64}$'),
    rows      integer NOT NULL,
    made_by   text NOT NULL,
    made_at   timestamptz NOT NULL,
    PRIMARY KEY (case_id, file)
);
COMMENT ON TABLE iehe.round_files IS 'Files for the registrar, each as it was made; the newest one counts.';
COMMENT ON COLUMN iehe.round_files.content IS 'SHA-256 of its rows, in whatever order and encoding they stand.';
CREATE TRIGGER round_files_stay BEFORE UPDATE ON iehe.round_files
    FOR EACH ROW EXECUTE FUNCTION iehe.refuse_change();

CREATE TABLE iehe.round_comparisons (
    case_id      text NOT NULL,
    version      integer NOT NULL,
    output       text NOT NULL,
    content      text NOT NULL,
    compared_by  text NOT NULL,
    compared_at  timestamptz NOT NULL,
    PRIMARY KEY (case_id, version)
);
COMMENT ON TABLE iehe.round_comparisons IS 'Who has compared what was put out with what is out, and found it the same (R27).';
CREATE TRIGGER round_comparisons_stay BEFORE UPDATE ON iehe.round_comparisons
    FOR EACH ROW EXECUTE FUNCTION iehe.refuse_change();

CREATE TABLE iehe.round_summaries (
    case_id  text NOT NULL,
    version  integer NOT NULL,
    body     bytea NOT NULL,
    hash     text NOT NULL GENERATED ALWAYS AS (encode(sha256(body), 'hex')) STORED,
    made_by  text NOT NULL,
    made_at  timestamptz NOT NULL,
    PRIMARY KEY (case_id, version)
);
COMMENT ON TABLE iehe.round_summaries IS 'What a round has come to, in figures; the newest one counts.';

-- what a step writes ---------------------------------------------------------------------------------------

CREATE FUNCTION iehe.round_record_handed_over(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    next integer;
BEGIN
    SELECT coalesce(max(f.file), 0) + 1 INTO next FROM iehe.round_files f WHERE f.case_id = of_case;
    INSERT INTO iehe.round_files (case_id, file, version, body, content, rows, made_by, made_at)
    VALUES (of_case, next, v, decode(r ->> 'body', 'hex'), r ->> 'content', jsonb_array_length(r -> 'students'), actor, moment);
    INSERT INTO iehe.round_students AS s (year, student_no, case_id, application, number, programme, code, serial, in_file)
    SELECT q.year, e.student_no, of_case, e.application, e.number, e.programme, e.code, e.serial, next
    FROM jsonb_to_recordset(r -> 'students') AS e (application text, number text, programme text, code text, serial integer,
                                                   student_no text)
    JOIN iehe.round_rounds q ON q.case_id = of_case
    ON CONFLICT (case_id, application) DO UPDATE SET in_file = excluded.in_file;
END
$$;

CREATE FUNCTION iehe.round_record_output_compared(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.round_comparisons (case_id, version, output, content, compared_by, compared_at)
    VALUES (of_case, v, r ->> 'output', r ->> 'content', actor, moment)
$$;

CREATE FUNCTION iehe.round_record_summary_made(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.round_summaries (case_id, version, body, made_by, made_at)
    VALUES (of_case, v, convert_to(r ->> 'body', 'UTF8'), actor, moment)
$$;

CREATE FUNCTION iehe.round_record_round_over_told(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE sql AS $$
    UPDATE iehe.round_standings s SET told_version = v
    WHERE s.case_id = of_case AND s.application = ANY (ARRAY(SELECT jsonb_array_elements_text(r -> 'applications')))
$$;

SELECT iehe.keep_at_home('round', 'round_students', 'round_files', 'round_comparisons', 'round_summaries');

GRANT SELECT ON iehe.round_students, iehe.round_files, iehe.round_comparisons, iehe.round_summaries TO iehe_worker, iehe_office;
GRANT INSERT ON iehe.round_students, iehe.round_files, iehe.round_comparisons, iehe.round_summaries TO iehe_worker;
GRANT UPDATE (in_file) ON iehe.round_students TO iehe_worker;

-- retention: every row of a case that is its own; a number that a student has is never given again
CREATE OR REPLACE FUNCTION iehe.round_erase(of_case text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT iehe.erase_rows(of_case, ARRAY['round_summaries', 'round_comparisons', 'round_files', 'round_students',
        'round_contacts', 'round_waitlist_log', 'round_elsewhere', 'round_elsewhere_lists', 'round_waitlist',
        'round_formulas', 'round_judgements', 'round_limits', 'round_missing', 'round_applications', 'round_standings',
        'round_inputs', 'round_rounds'])
$$;
