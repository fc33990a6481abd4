-- Dates that are moved for everybody: what was announced stays as it is, each move is a row.

CREATE TABLE iehe.round_moved_dates (
    case_id          text NOT NULL REFERENCES iehe.round_rounds,
    move             integer NOT NULL CHECK (move > 0),
    reason           text NOT NULL,
    closes_at        timestamptz,
    exam_on          date,
    make_up_on       date,
    common_test_due  date,
    first_stage_at   timestamptz,
    release_at       timestamptz,
    enrol_by         timestamptz,
    promote_from     timestamptz,
    moved_by         text NOT NULL,
    moved_at         timestamptz NOT NULL,
    version          integer NOT NULL,
    PRIMARY KEY (case_id, move),
    CHECK (num_nonnulls(closes_at, exam_on, make_up_on, common_test_due, first_stage_at, release_at, enrol_by, promote_from) > 0)
);
COMMENT ON TABLE iehe.round_moved_dates IS 'Moves of the dates of a round, in their order; null: that date stayed as it was.';
COMMENT ON COLUMN iehe.round_moved_dates.reason IS 'Why, as a code.';
CREATE TRIGGER round_moved_dates_rows_stay BEFORE UPDATE OR DELETE ON iehe.round_moved_dates
    FOR EACH ROW EXECUTE FUNCTION iehe.refuse_change();
CREATE TRIGGER round_moved_dates_stay BEFORE TRUNCATE ON iehe.round_moved_dates
    FOR EACH STATEMENT EXECUTE FUNCTION iehe.refuse_change();

CREATE FUNCTION iehe.round_record_dates_moved(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.round_moved_dates (case_id, move, reason, closes_at, exam_on, make_up_on, common_test_due, first_stage_at,
                                        release_at, enrol_by, promote_from, moved_by, moved_at, version)
    SELECT of_case, d.move, d.reason, d.closes_at, d.exam_on, d.make_up_on, d.common_test_due, d.first_stage_at,
           d.release_at, d.enrol_by, d.promote_from, actor, moment, v
    FROM jsonb_populate_record(NULL::iehe.round_moved_dates, r) AS d
$$;

SELECT iehe.keep_at_home('round', 'round_moved_dates');

GRANT SELECT ON iehe.round_moved_dates TO iehe_worker, iehe_office;
GRANT INSERT ON iehe.round_moved_dates TO iehe_worker;

-- retention: every row of a case that is its own
CREATE OR REPLACE FUNCTION iehe.round_erase(of_case text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT iehe.erase_rows(of_case, ARRAY['round_moved_dates', 'round_column_reads', 'round_column_checks', 'round_disclosures',
        'round_rejudged', 'round_correction_lists', 'round_rejudgments', 'round_summaries', 'round_comparisons', 'round_files',
        'round_students', 'round_contacts', 'round_waitlist_log', 'round_elsewhere', 'round_elsewhere_lists', 'round_waitlist',
        'round_formulas', 'round_judgements', 'round_limits', 'round_missing', 'round_applications', 'round_standings',
        'round_inputs', 'round_rounds'])
$$;
