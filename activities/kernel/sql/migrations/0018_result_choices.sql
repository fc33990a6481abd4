-- Somebody may stand in one list several times: by each of their choices, where places of one list lie in several frames.

CREATE OR REPLACE FUNCTION iehe.released_lines(of_subject text)
RETURNS TABLE (list text, name text, number integer, hash text, hour timestamptz, result jsonb)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT DISTINCT ON (l.case_id, l.name, n.result ->> 'choice') l.list, l.name, l.number, l.hash, r.hour, n.result
    FROM iehe.result_lines n JOIN iehe.result_lists l USING (list) JOIN iehe.releases r USING (release)
    WHERE n.subject = of_subject AND split_part(of_subject, '/', 1) = ANY (iehe.rooms_here())
      AND r.state = 'scheduled' AND r.hour <= iehe.clock()
    ORDER BY l.case_id, l.name, n.result ->> 'choice', l.number DESC
$$;
COMMENT ON FUNCTION iehe.released_lines IS
    'What the newest lists that are out say of a case, by each of its choices. The one way to a result: before its hour '
    'there is none.';
