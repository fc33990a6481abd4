-- Who goes on after the first stage as the newest lists that are out say, whole: somebody may have been wronged by the first.

DROP FUNCTION iehe.round_first_stage_out(text);
CREATE FUNCTION iehe.round_first_stage_out(of_case text)
RETURNS TABLE (number text, programme text, passed boolean, considered boolean, reason text)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH newest AS (
        SELECT DISTINCT ON (l.name) l.body FROM iehe.result_lists l
        WHERE l.case_id = of_case AND split_part(of_case, '/', 1) = ANY (iehe.rooms_here())
          AND iehe.round_of_first_stage(l.case_id, l.name) AND iehe.is_out(l.release)
        ORDER BY l.name, l.number DESC
    )
    SELECT line ->> 'application', said ->> 'programme', line ->> 'verdict' = 'passed',
           line ->> 'rank' IS NOT NULL OR line ->> 'reason' = 'absent', line ->> 'reason'
    FROM newest, LATERAL convert_from(newest.body, 'UTF8') AS text, LATERAL (SELECT text::jsonb) AS whole (said),
         LATERAL jsonb_array_elements(said -> 'lines') AS line
    ORDER BY 1, 2
$$;
COMMENT ON FUNCTION iehe.round_first_stage_out IS
    'Who goes on in which programme and who does not, once that is out, and who was considered: before its hour nobody.';
REVOKE EXECUTE ON FUNCTION iehe.round_first_stage_out FROM PUBLIC;
GRANT EXECUTE ON FUNCTION iehe.round_first_stage_out TO iehe_worker, iehe_office;
