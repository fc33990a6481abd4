-- Taking a decision back: what has come of a step, and its letters that are not sent any more.

CREATE FUNCTION iehe.step_taken(of_case text, v integer) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    this  iehe.case_log;
    upto  integer;
    after text;
    left_ integer;
    hooks integer;
BEGIN
    SELECT * INTO this FROM iehe.case_log l WHERE l.case_id = of_case AND l.version = v;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    -- what the case did by itself afterwards, in the same transaction, belongs to it
    SELECT coalesce(min(l.version), v + 1000000) INTO upto FROM iehe.case_log l
    WHERE l.case_id = of_case AND l.version > v AND (l.actor_kind <> 'system' OR l.cause IS NOT NULL);
    SELECT l.stage INTO after FROM iehe.case_log l
    WHERE l.case_id = of_case AND l.version >= v AND l.version < upto ORDER BY l.version DESC LIMIT 1;
    -- none of them leaves until whoever asks is done
    PERFORM FROM iehe.notices n WHERE n.case_id = of_case AND n.version >= v AND n.version < upto
    ORDER BY n.notice_id FOR UPDATE;
    SELECT count(*) FILTER (WHERE n.recipient_kind <> 'staff'), count(*) FILTER (WHERE n.channel LIKE 'webhook%')
    INTO left_, hooks FROM iehe.notices n
    WHERE n.case_id = of_case AND n.version >= v AND n.version < upto AND n.state IN ('accepted', 'sending', 'unknown');
    RETURN jsonb_build_object(
        'version', v, 'step', this.step, 'from_stage', this.from_stage, 'stage', after, 'by', this.actor_id,
        'details', this.details, 'letters', left_, 'webhooks', hooks,
        'later', (SELECT coalesce(jsonb_agg(l.step ORDER BY l.version), '[]') FROM iehe.case_log l
                  WHERE l.case_id = of_case AND l.version >= upto),
        'facts', (SELECT count(*) FROM iehe.facts f
                  WHERE f.case_id = of_case AND f.version >= v AND f.version < upto),
        'places', (SELECT count(*) FROM iehe.place_log p
                   WHERE p.by_case = of_case AND p.by_version >= v AND p.by_version < upto));
END
$$;
COMMENT ON FUNCTION iehe.step_taken IS
    'A step of a case with what it led to by itself: its effects outside, and the steps since; its letters are locked.';

CREATE FUNCTION iehe.host_withdraw_notices(of_case text, v integer, moment timestamptz, actor text, r jsonb) RETURNS void
LANGUAGE sql AS $$
    UPDATE iehe.notices n SET state = 'suppressed', reason = 'taken-back'
    WHERE n.case_id = of_case AND n.version >= (r ->> 'version')::int AND n.version < v
      AND n.state IN ('queued', 'failed')
      AND n.version < (SELECT coalesce(min(l.version), v) FROM iehe.case_log l
                       WHERE l.case_id = of_case AND l.version > (r ->> 'version')::int
                         AND (l.actor_kind <> 'system' OR l.cause IS NOT NULL))
$$;
COMMENT ON FUNCTION iehe.host_withdraw_notices IS 'A record of the host: letters of a step that was taken back do not leave.';
