-- Past counselling from the register that the office kept before (相談台帳): cases that have ended as they begin.

-- With the owner's rights: nobody of the office writes cases. No workflow, clock, task or message: it is one step, which
-- sees to sight, retention and requests to see the record as of every other case that has ended.
CREATE FUNCTION iehe.support_take_over(subject text, form jsonb, left_on date, written jsonb, new_state jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    of_case text := 'support/' || subject;
BEGIN
    IF written ->> 'case_id' <> of_case OR (new_state ->> 'closed')::boolean IS NOT TRUE THEN
        RAISE EXCEPTION 'only what has ended' USING ERRCODE = 'check_violation';
    END IF;
    PERFORM iehe.support_store(subject, form);
    PERFORM iehe.write_steps(written, new_state);
    UPDATE iehe.cases c SET opened_at = r.received_at FROM iehe.support_referrals r
    WHERE c.case_id = of_case AND r.case_id = of_case;
    IF left_on IS NOT NULL THEN
        -- what the registrar has told stays
        INSERT INTO iehe.support_left (person, left_on)
        SELECT r.person, support_take_over.left_on FROM iehe.support_referrals r WHERE r.case_id = of_case
        ON CONFLICT DO NOTHING;
    END IF;
END
$$;
COMMENT ON FUNCTION iehe.support_take_over IS 'Stores a concern that has ended: its referral, its one step, and when its student has left.';

REVOKE EXECUTE ON FUNCTION iehe.support_take_over FROM PUBLIC;
GRANT EXECUTE ON FUNCTION iehe.support_take_over TO iehe_office;
