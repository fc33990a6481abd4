-- What students ask to see of what is held about them (P8).

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

-- whether these are words of the case that do not say who has referred; what they say is read by nobody for it
CREATE FUNCTION iehe.support_disclosable(of_case text, ids uuid[]) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT count(*) = cardinality(ids) FROM iehe.texts t JOIN iehe.support_referrals r USING (case_id)
    WHERE t.case_id = of_case AND t.text_id = ANY (ids) AND 'support' = ANY (iehe.rooms_here())
      AND t.text_id IS DISTINCT FROM r.referrer_name AND t.text_id IS DISTINCT FROM r.referrer_email
$$;
REVOKE EXECUTE ON FUNCTION iehe.support_disclosable FROM PUBLIC;
GRANT EXECUTE ON FUNCTION iehe.support_disclosable TO iehe_worker;

SELECT iehe.keep_at_home('support', 'support_access');

GRANT SELECT ON iehe.support_access TO iehe_worker, iehe_office;
GRANT INSERT, UPDATE ON iehe.support_access TO iehe_worker;
