-- Disclosure of scores (成績開示): who has asked, what they were shown, and columns that somebody doubts. Scores stay in
-- the batches, and lists in the results; neither is copied here.

CREATE TABLE iehe.round_disclosures (
    case_id       text NOT NULL,
    application   text NOT NULL,
    requested_at  timestamptz NOT NULL,
    state         text NOT NULL CHECK (state IN ('requested', 'disclosed', 'refused')),
    reason        text CHECK ((reason IS NOT NULL) = (state = 'refused')),
    disclosed_at  timestamptz,
    shown         jsonb,
    version       integer NOT NULL,
    PRIMARY KEY (case_id, application),
    CHECK ((state = 'disclosed') = (num_nonnulls(disclosed_at, shown) = 2)),
    FOREIGN KEY (case_id, application) REFERENCES iehe.round_applications (case_id, application)
);
COMMENT ON TABLE iehe.round_disclosures IS 'Applicants who have asked for their scores, and when they were first shown all of them (R9).';
COMMENT ON COLUMN iehe.round_disclosures.reason IS 'Code of why there is nothing to be shown.';
COMMENT ON COLUMN iehe.round_disclosures.shown IS 'By programme, the hash of the list that is out, out of which they were shown first. No score.';
CREATE INDEX round_disclosures_by_application ON iehe.round_disclosures (application);

CREATE TABLE iehe.round_column_checks (
    "check"     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id     text NOT NULL,
    part        text NOT NULL,
    number      text NOT NULL,
    doubted_by  text NOT NULL,
    doubted_at  timestamptz NOT NULL,
    reason_id   uuid NOT NULL REFERENCES iehe.texts,
    result      text CHECK (result IN ('right', 'wrong')),
    checked_by  text,
    checked_at  timestamptz,
    CHECK (num_nonnulls(result, checked_by, checked_at) IN (0, 3)),
    CONSTRAINT round_column_checks_two_persons CHECK (checked_by <> doubted_by)
);
COMMENT ON TABLE iehe.round_column_checks IS
    'A doubt about one score has the whole column checked, by another person; meanwhile nobody is shown it.';
COMMENT ON COLUMN iehe.round_column_checks.part IS 'A part, or a subject, as files name it.';
COMMENT ON COLUMN iehe.round_column_checks.number IS 'Whose score was doubted.';
CREATE UNIQUE INDEX round_column_checks_once ON iehe.round_column_checks (case_id, part) WHERE result IS NULL;
CREATE INDEX round_column_checks_by_case ON iehe.round_column_checks (case_id, "check");

CREATE TABLE iehe.round_column_reads (
    read      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    case_id   text NOT NULL,
    part      text NOT NULL,
    staff_id  text NOT NULL
);
COMMENT ON TABLE iehe.round_column_reads IS 'Who has opened which column of scores.';
CREATE INDEX round_column_reads_by_case ON iehe.round_column_reads (case_id, read);
CREATE TRIGGER round_column_reads_rows_stay BEFORE UPDATE OR DELETE ON iehe.round_column_reads
    FOR EACH ROW EXECUTE FUNCTION iehe.refuse_change();
CREATE TRIGGER round_column_reads_stay BEFORE TRUNCATE ON iehe.round_column_reads
    FOR EACH STATEMENT EXECUTE FUNCTION iehe.refuse_change();

-- what a step writes -------------------------------------------------------------------------------------------

CREATE FUNCTION iehe.round_record_disclosure_requested(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.round_disclosures (case_id, application, requested_at, state, reason, version)
    VALUES (of_case, r ->> 'application', (r ->> 'at')::timestamptz,
            CASE WHEN r ->> 'refused' IS NULL THEN 'requested' ELSE 'refused' END, r ->> 'refused', v)
    -- who was refused may ask again: another list may be out by now
    ON CONFLICT (case_id, application) DO UPDATE
    SET state = excluded.state, reason = excluded.reason, requested_at = excluded.requested_at, version = excluded.version
    WHERE round_disclosures.state = 'refused'
$$;

CREATE FUNCTION iehe.round_record_column_doubted(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.round_column_checks (case_id, part, number, doubted_by, doubted_at, reason_id)
    VALUES (of_case, r ->> 'part', r ->> 'number', actor, moment, iehe.text_of(r ->> 'reason_id'))
$$;

CREATE FUNCTION iehe.round_record_column_confirmed(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE sql AS $$
    UPDATE iehe.round_column_checks c SET result = r ->> 'result', checked_by = actor, checked_at = moment
    WHERE c.case_id = of_case AND c.part = r ->> 'part' AND c.result IS NULL
$$;

-- what is shown ------------------------------------------------------------------------------------------------

CREATE FUNCTION iehe.round_own_lines(of_case text, of_application text, who text)
RETURNS TABLE (programme text, number integer, hash text, line jsonb)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    this record;
BEGIN
    IF NOT split_part(of_case, '/', 1) = ANY (iehe.rooms_here()) THEN
        RETURN;
    END IF;
    FOR this IN
        SELECT DISTINCT ON (l.name) l.list, l.name, l.number, l.hash, l.body, a.number AS examinee
        FROM iehe.result_lines n JOIN iehe.result_lists l USING (list)
        JOIN iehe.round_applications a ON a.case_id = l.case_id AND a.application = n.subject
        WHERE n.subject = of_application AND l.case_id = of_case AND iehe.is_out(l.release)
        ORDER BY l.name, l.number DESC
    LOOP
        INSERT INTO iehe.result_reads (case_id, list, staff_id, out) VALUES (of_case, this.list, who, true);
        RETURN QUERY SELECT this.name, this.number, this.hash, t.line
        FROM jsonb_array_elements(convert_from(this.body, 'UTF8')::jsonb -> 'lines') AS t (line)
        WHERE t.line ->> 'application' = this.examinee;
    END LOOP;
END
$$;
COMMENT ON FUNCTION iehe.round_own_lines IS
    'What the newest lists that are out say of one application, each opening noted; nobody else''s line leaves the database.';

CREATE FUNCTION iehe.round_disclosed(of_case text, of_application text, of_shown jsonb) RETURNS timestamptz
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE iehe.round_disclosures d SET state = 'disclosed', disclosed_at = iehe.clock(), shown = of_shown
    WHERE d.case_id = of_case AND d.application = of_application AND d.state = 'requested'
      AND split_part(of_case, '/', 1) = ANY (iehe.rooms_here());
    RETURN (SELECT d.disclosed_at FROM iehe.round_disclosures d
            WHERE d.case_id = of_case AND d.application = of_application);
END
$$;
COMMENT ON FUNCTION iehe.round_disclosed IS 'Notes that an applicant was shown all scores; when that was first is told.';

SELECT iehe.keep_at_home('round', 'round_disclosures', 'round_column_checks', 'round_column_reads');

GRANT SELECT ON iehe.round_disclosures, iehe.round_column_checks TO iehe_worker, iehe_office;
GRANT SELECT ON iehe.round_column_reads TO iehe_office, iehe_auditor;
GRANT INSERT, UPDATE ON iehe.round_disclosures, iehe.round_column_checks TO iehe_worker;
GRANT INSERT ON iehe.round_column_reads TO iehe_office;
REVOKE EXECUTE ON FUNCTION iehe.round_own_lines, iehe.round_disclosed FROM PUBLIC;
GRANT EXECUTE ON FUNCTION iehe.round_own_lines, iehe.round_disclosed TO iehe_office;

-- retention: every row of a case that is its own
CREATE OR REPLACE FUNCTION iehe.round_erase(of_case text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT iehe.erase_rows(of_case, ARRAY['round_column_reads', 'round_column_checks', 'round_disclosures', 'round_rejudged',
        'round_correction_lists', 'round_rejudgments', 'round_summaries', 'round_comparisons', 'round_files', 'round_students',
        'round_contacts', 'round_waitlist_log', 'round_elsewhere', 'round_elsewhere_lists', 'round_waitlist', 'round_formulas',
        'round_judgements', 'round_limits', 'round_missing', 'round_applications', 'round_standings', 'round_inputs',
        'round_rounds'])
$$;
