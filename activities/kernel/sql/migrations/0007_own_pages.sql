-- Pages of readers who are no staff: the link to one is sent again on a person's order, without a step of the case.

CREATE FUNCTION iehe.queue_own_page(of_case text, reader text, message text)
RETURNS TABLE (notice_id text, version integer) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY
    INSERT INTO iehe.notices AS n (notice_id, case_id, version, process, message, recipient_kind, recipient_id, facts,
                                   queued_at, by_hand)
    SELECT encode(sha256(convert_to(of_case || '|' || reader || '|' || gen_random_uuid(), 'UTF8')), 'hex'),
           of_case, c.version, c.process, queue_own_page.message, r.kind, r.recipient,
           jsonb_build_object('case', of_case), now(), true
    FROM iehe.cases c CROSS JOIN LATERAL iehe.readers_of(of_case, reader, now()) AS r
    WHERE c.case_id = of_case
    RETURNING n.notice_id, n.version;
END
$$;
COMMENT ON FUNCTION iehe.queue_own_page IS
    'Queues a letter with the link to their page for a reader of a case who has lost it; delivered by hand, as what is '
    'sent again.';
REVOKE EXECUTE ON FUNCTION iehe.queue_own_page FROM PUBLIC;
GRANT EXECUTE ON FUNCTION iehe.queue_own_page TO iehe_office;
