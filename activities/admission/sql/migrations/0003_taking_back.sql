-- Who was to review an application whose eligibility was taken back may be drawn for it again.

CREATE OR REPLACE FUNCTION iehe.admission_record_reviewer_assigned(
    of_case text, v integer, moment timestamptz, actor text, r jsonb
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    cap integer;
BEGIN
    SELECT least(coalesce(load_cap, (r ->> 'load_cap')::int), (r ->> 'load_cap')::int) INTO cap
    FROM iehe.staff WHERE staff_id = r ->> 'reviewer' AND active FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM iehe.refuse('reviewer-unknown', jsonb_build_object('reviewer', r ->> 'reviewer'));
    END IF;
    IF iehe.admission_load(r ->> 'reviewer') >= cap THEN
        PERFORM iehe.refuse('reviewer-full', jsonb_build_object('reviewer', r ->> 'reviewer', 'cap', cap));
    END IF;
    INSERT INTO iehe.reviews (case_id, reviewer, state, assigned_at, changed_at)
    VALUES (of_case, r ->> 'reviewer', 'invited', moment, moment)
    ON CONFLICT (case_id, reviewer) DO UPDATE
    SET state = excluded.state, assigned_at = excluded.assigned_at, changed_at = excluded.changed_at
    WHERE reviews.state = 'withdrawn';
END
$$;
