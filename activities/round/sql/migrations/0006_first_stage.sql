-- The first stage (第1段階選抜): its lists stand beside those of the results, and are none of them.

ALTER TABLE iehe.round_rounds ADD COLUMN first_stage_at timestamptz
    CHECK (first_stage_at > closes_at AND first_stage_at < release_at);
COMMENT ON COLUMN iehe.round_rounds.first_stage_at IS 'When it is meant to be out who goes on after the first stage.';

ALTER TABLE iehe.round_inputs ADD COLUMN first_stage text[] NOT NULL DEFAULT '{}', ADD COLUMN first_stage_over integer;
COMMENT ON COLUMN iehe.round_inputs.first_stage IS 'Those of its lists that say who goes on, and nobody''s result.';
COMMENT ON COLUMN iehe.round_inputs.first_stage_over IS 'By which step everybody had heard who goes on; null: not yet, or there is no first stage.';

CREATE FUNCTION iehe.round_of_first_stage(of_case text, of_name text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM iehe.round_inputs i WHERE i.case_id = of_case AND of_name = ANY (i.first_stage))
$$;
COMMENT ON FUNCTION iehe.round_of_first_stage IS 'Whether a list says who goes on, and nobody''s result.';

CREATE FUNCTION iehe.round_first_stage_out(of_case text) RETURNS TABLE (number text, programme text, passed boolean)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT a.number, n.result ->> 'programme', n.result ->> 'verdict' = 'passed'
    FROM iehe.result_lists l JOIN iehe.result_lines n USING (list)
    JOIN iehe.round_applications a ON a.case_id = l.case_id AND a.application = n.subject
    WHERE l.case_id = of_case AND split_part(of_case, '/', 1) = ANY (iehe.rooms_here())
      AND iehe.round_of_first_stage(l.case_id, l.name) AND iehe.is_out(l.release)
    ORDER BY 1, 2
$$;
COMMENT ON FUNCTION iehe.round_first_stage_out IS 'Who goes on in which programme and who does not, once that is out: before its hour nobody.';

CREATE OR REPLACE FUNCTION iehe.round_store(subject text, form jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    this iehe.round_rounds;
BEGIN
    this.case_id := 'round/' || subject;
    this.year := split_part(subject, '-', 1)::int;
    this.route := lower(substr(subject, 6));
    this.rules := coalesce(form ->> 'rules', this.route);
    this.closes_at := (form ->> 'closes_at')::timestamptz;
    this.exam_on := (form ->> 'exam_on')::date;
    this.common_test_due := (form ->> 'common_test_due')::date;
    this.first_stage_at := (form ->> 'first_stage_at')::timestamptz;
    this.release_at := (form ->> 'release_at')::timestamptz;
    this.enrol_by := (form ->> 'enrol_by')::timestamptz;
    this.promote_from := (form ->> 'promote_from')::timestamptz;
    INSERT INTO iehe.round_rounds (case_id, year, route, rules, closes_at, exam_on, common_test_due, first_stage_at,
                                   release_at, enrol_by, promote_from)
    VALUES (this.case_id, this.year, this.route, this.rules, this.closes_at, this.exam_on, this.common_test_due,
            this.first_stage_at, this.release_at, this.enrol_by, this.promote_from)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND AND NOT EXISTS (
        SELECT FROM iehe.round_rounds r WHERE r.case_id = this.case_id
        AND (r.rules, r.closes_at, r.exam_on, r.common_test_due, r.first_stage_at, r.release_at, r.enrol_by, r.promote_from)
            IS NOT DISTINCT FROM (this.rules, this.closes_at, this.exam_on, this.common_test_due, this.first_stage_at,
                                  this.release_at, this.enrol_by, this.promote_from))
    THEN
        PERFORM iehe.refuse('round-known', jsonb_build_object('round', subject));
    END IF;
    INSERT INTO iehe.round_inputs (case_id) VALUES (this.case_id) ON CONFLICT DO NOTHING;
    INSERT INTO iehe.case_labels (case_id, name, value)
    VALUES (this.case_id, 'round_year', this.year::text), (this.case_id, 'round_route', this.route)
    ON CONFLICT DO NOTHING;
END
$$;

CREATE OR REPLACE FUNCTION iehe.round_record_rules_fixed(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE sql AS $$
    UPDATE iehe.round_inputs
    SET first_stage = ARRAY(SELECT jsonb_array_elements_text(coalesce(r -> 'first_stage', '[]'))),
        lists = ARRAY(SELECT jsonb_array_elements_text((r -> 'programmes') || coalesce(r -> 'first_stage', '[]')))
    WHERE case_id = of_case
$$;

-- from here on the lists of the results are made, of all that counts now and of who goes on
CREATE FUNCTION iehe.round_record_first_stage_over(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE iehe.round_inputs SET first_stage_over = v WHERE case_id = of_case;
    PERFORM iehe.round_touch(of_case, 'first-stage-over');
END
$$;

-- scores are shown as the lists of the results have used them
CREATE OR REPLACE FUNCTION iehe.round_own_lines(of_case text, of_application text, who text)
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
          AND NOT iehe.round_of_first_stage(l.case_id, l.name)
        ORDER BY l.name, l.number DESC
    LOOP
        INSERT INTO iehe.result_reads (case_id, list, staff_id, out) VALUES (of_case, this.list, who, true);
        RETURN QUERY SELECT this.name, this.number, this.hash, t.line
        FROM jsonb_array_elements(convert_from(this.body, 'UTF8')::jsonb -> 'lines') AS t (line)
        WHERE t.line ->> 'application' = this.examinee;
    END LOOP;
END
$$;

REVOKE EXECUTE ON FUNCTION iehe.round_first_stage_out FROM PUBLIC;
GRANT EXECUTE ON FUNCTION iehe.round_first_stage_out TO iehe_worker, iehe_office;
