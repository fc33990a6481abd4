-- The rota of duty: who is on first and second, for each minute; swaps, gaps, and whoever leaves.

CREATE TABLE iehe.support_rota (
    shift     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    place     text NOT NULL CHECK (place IN ('first', 'second')),
    staff_id  text NOT NULL REFERENCES iehe.staff,
    during    tstzrange NOT NULL CHECK (NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during)),
    noted_by  text NOT NULL,
    noted_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT support_rota_one_in_a_place EXCLUDE USING gist (
        iehe.text_range(place, place, '[]') WITH =, during WITH &&),
    CONSTRAINT support_rota_nobody_twice EXCLUDE USING gist (
        iehe.text_range(staff_id, staff_id, '[]') WITH =, during WITH &&)
);
COMMENT ON TABLE iehe.support_rota IS 'Who is on duty, first and second, for each minute; read when a page goes out (E10).';

CREATE TABLE iehe.support_swaps (
    swap        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    shift       bigint NOT NULL REFERENCES iehe.support_rota ON DELETE CASCADE,
    giver       text NOT NULL REFERENCES iehe.staff,
    taker       text NOT NULL REFERENCES iehe.staff CHECK (taker <> giver),
    state       text NOT NULL DEFAULT 'offered' CHECK (state IN ('offered', 'accepted', 'declined', 'withdrawn', 'given-back')),
    offered_at  timestamptz NOT NULL DEFAULT now(),
    ended_at    timestamptz
);
COMMENT ON TABLE iehe.support_swaps IS
    'A shift that somebody shall take over: it hangs on the shift and moves with it, for that one rota (E11).';
CREATE UNIQUE INDEX support_swap_offered ON iehe.support_swaps (shift) WHERE state = 'offered';

-- who is certainly reached by two ways may be on duty (E14)
CREATE FUNCTION iehe.support_require_reachable(who text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM iehe.staff s WHERE s.staff_id = who AND s.active AND 'duty_officer' = ANY (s.roles)) THEN
        PERFORM iehe.refuse('no-duty-officer', jsonb_build_object('staff_id', who));
    END IF;
    IF (SELECT count(*) FROM iehe.tested_channels(who)) < 2 THEN
        PERFORM iehe.refuse('channels-untested', jsonb_build_object('staff_id', who));
    END IF;
END
$$;

-- two writers whose shifts exclude each other would each wait for the other, and be told so after a second
CREATE FUNCTION iehe.support_rota_alone() RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(hashtextextended('support-rota', 0))
$$;

CREATE FUNCTION iehe.support_plan(of_place text, who text, begins timestamptz, ends timestamptz, by text)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    made bigint;
BEGIN
    PERFORM iehe.support_require_reachable(who);
    IF ends <= begins THEN
        PERFORM iehe.refuse('shift-ends-first');
    END IF;
    PERFORM iehe.support_rota_alone();
    INSERT INTO iehe.support_rota (place, staff_id, during, noted_by) VALUES (of_place, who, tstzrange(begins, ends), by)
    RETURNING shift INTO made;
    RETURN made;
EXCEPTION WHEN exclusion_violation THEN
    PERFORM iehe.refuse('shift-overlaps', jsonb_build_object('place', of_place, 'staff_id', who));
END
$$;

CREATE FUNCTION iehe.support_move_shift(of_shift bigint, begins timestamptz, ends timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    IF ends <= begins THEN
        PERFORM iehe.refuse('shift-ends-first');
    END IF;
    PERFORM iehe.support_rota_alone();
    UPDATE iehe.support_rota SET during = tstzrange(begins, ends) WHERE shift = of_shift;
    RETURN FOUND;
EXCEPTION WHEN exclusion_violation THEN
    PERFORM iehe.refuse('shift-overlaps', jsonb_build_object('place', '-', 'staff_id', '-'));
END
$$;

-- E11: offered, accepted, declined or withdrawn, given back; whoever has taken a shift may offer it on
CREATE FUNCTION iehe.support_offer_swap(of_shift bigint, by text, to_whom text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    made bigint;
BEGIN
    IF to_whom = by THEN
        PERFORM iehe.refuse('swap-with-oneself');
    END IF;
    PERFORM FROM iehe.support_rota r WHERE r.shift = of_shift AND r.staff_id = by AND upper(r.during) > now() FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM iehe.refuse('shift-not-yours');
    END IF;
    PERFORM iehe.support_require_reachable(to_whom);
    INSERT INTO iehe.support_swaps (shift, giver, taker) VALUES (of_shift, by, to_whom) RETURNING swap INTO made;
    RETURN made;
EXCEPTION WHEN unique_violation THEN
    PERFORM iehe.refuse('swap-offered');
END
$$;

CREATE FUNCTION iehe.support_answer_swap(of_shift bigint, by text, answer text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    offered iehe.support_swaps;
BEGIN
    PERFORM iehe.support_rota_alone();
    PERFORM FROM iehe.support_rota r WHERE r.shift = of_shift FOR UPDATE;
    SELECT * INTO offered FROM iehe.support_swaps s
    WHERE s.shift = of_shift AND CASE answer WHEN 'given-back' THEN s.state = 'accepted' ELSE s.state = 'offered' END
      AND CASE answer WHEN 'withdrawn' THEN s.giver ELSE s.taker END = by
    ORDER BY s.swap DESC LIMIT 1;
    IF NOT FOUND OR answer = 'given-back' AND NOT EXISTS (
        SELECT FROM iehe.support_rota r WHERE r.shift = of_shift AND r.staff_id = by) THEN
        PERFORM iehe.refuse('no-such-swap');
    END IF;
    IF answer IN ('accepted', 'given-back') THEN
        PERFORM iehe.support_require_reachable(CASE answer WHEN 'accepted' THEN by ELSE offered.giver END);
        UPDATE iehe.support_rota SET staff_id = CASE answer WHEN 'accepted' THEN by ELSE offered.giver END
        WHERE shift = of_shift;
    END IF;
    UPDATE iehe.support_swaps SET state = answer, ended_at = now() WHERE swap = offered.swap;
    RETURN CASE WHEN by = offered.giver THEN offered.taker ELSE offered.giver END;
EXCEPTION WHEN exclusion_violation THEN
    PERFORM iehe.refuse('shift-overlaps', jsonb_build_object('place', '-', 'staff_id', by));
END
$$;

-- E10: the minutes of the days ahead in which nobody has a place
CREATE FUNCTION iehe.support_gaps(since timestamptz, days integer)
RETURNS TABLE (place text, begins_at timestamptz, ends_at timestamptz) LANGUAGE sql STABLE AS $$
    SELECT p.place, lower(gap), upper(gap)
    FROM (VALUES ('first'), ('second')) AS p (place)
    CROSS JOIN LATERAL (
        SELECT coalesce(range_agg(r.during), '{}'::tstzmultirange) AS covered FROM iehe.support_rota r
        JOIN iehe.staff s USING (staff_id) WHERE s.active AND r.place = p.place
    ) AS c
    CROSS JOIN LATERAL unnest(
        tstzmultirange(tstzrange(since, since + make_interval(days => days))) - c.covered) AS gap
    ORDER BY lower(gap), p.place
$$;

-- E10: each gap of the days ahead is a task, named after where the last shift before it ends, until it is filled
CREATE FUNCTION iehe.support_ask_to_fill_gaps(OUT opened bigint, OUT closed bigint) LANGUAGE sql AS $$
    WITH gaps AS (
        SELECT concat_ws(':', 'fill-gap', g.place, to_char(b.ended AT TIME ZONE 'Asia/Tokyo', 'YYYY-MM-DD"T"HH24:MI')) AS key,
               g.begins_at
        FROM iehe.support_gaps(now(), 28) g CROSS JOIN LATERAL (
            SELECT max(upper(r.during)) AS ended FROM iehe.support_rota r JOIN iehe.staff s USING (staff_id)
            WHERE s.active AND r.place = g.place AND upper(r.during) <= g.begins_at) AS b
    ), filled AS (
        UPDATE iehe.office_tasks t SET closed_at = now()
        WHERE t.process = 'support-case' AND t.kind = 'fill-gap' AND t.closed_at IS NULL
          AND NOT EXISTS (SELECT FROM gaps g WHERE g.key = t.key)
        RETURNING t.task
    ), asked AS (
        INSERT INTO iehe.office_tasks (process, key, kind, roles, opened_at, due_at)
        SELECT 'support-case', g.key, 'fill-gap', ARRAY['duty_officer', 'head_of_support'], now(), g.begins_at FROM gaps g
        ON CONFLICT (process, key) WHERE closed_at IS NULL DO NOTHING
        RETURNING task
    )
    SELECT (SELECT count(*) FROM asked), (SELECT count(*) FROM filled)
$$;

-- whoever changes the rota sees at once what is still to be filled; what time brings is looked for by the hour
CREATE FUNCTION iehe.support_rota_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM iehe.support_ask_to_fill_gaps();
    RETURN NULL;
END
$$;
CREATE TRIGGER support_rota_leaves_gaps AFTER INSERT OR UPDATE OR DELETE ON iehe.support_rota
    FOR EACH STATEMENT EXECUTE FUNCTION iehe.support_rota_changed();

-- E19: who has left has no shift and no swap from now on; what they had is a gap, and the others' shifts stay
CREATE FUNCTION iehe.support_person_left(who text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    gone integer;
BEGIN
    UPDATE iehe.support_swaps SET state = 'withdrawn', ended_at = now()
    WHERE state = 'offered' AND who IN (giver, taker);
    UPDATE iehe.support_rota SET during = tstzrange(lower(during), now())
    WHERE staff_id = who AND lower(during) < now() AND upper(during) > now();
    DELETE FROM iehe.support_rota WHERE staff_id = who AND lower(during) >= now();
    GET DIAGNOSTICS gone = ROW_COUNT;
    DELETE FROM iehe.support_members WHERE staff_id = who;
    RETURN gone;
END
$$;

-- what a fact about many cases changes beside them, in the transaction that takes it
CREATE FUNCTION iehe.support_took(fact text, subject text, said jsonb, teller text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF fact IN ('student-left', 'student-deceased') THEN
        -- also of cases that have ended; told anew, the later day counts
        INSERT INTO iehe.support_left AS l (person, left_on)
        SELECT subject, coalesce((said ->> 'left_on')::date, (now() AT TIME ZONE 'Asia/Tokyo')::date)
        WHERE EXISTS (SELECT FROM iehe.support_referrals r WHERE r.person = subject)
        ON CONFLICT (person) DO UPDATE SET left_on = CASE fact WHEN 'student-left' THEN excluded.left_on ELSE l.left_on END;
    ELSIF fact = 'person-left' THEN
        PERFORM iehe.staff_left(subject);
        PERFORM iehe.support_person_left(subject);
    ELSIF fact = 'person-moved' THEN
        PERFORM iehe.support_person_left(subject);
        UPDATE iehe.absences SET substitute = NULL WHERE substitute = subject;
    ELSIF fact = 'person-away' THEN
        INSERT INTO iehe.absences (staff_id, begins_at, ends_at, substitute, noted_by)
        SELECT subject, (said ->> 'begins_at')::timestamptz, (said ->> 'ends_at')::timestamptz, s.staff_id, 'person-away'
        FROM iehe.staff here LEFT JOIN iehe.staff s ON s.staff_id = said ->> 'substitute' AND s.staff_id <> subject
        WHERE here.staff_id = subject AND here.active
        ON CONFLICT (staff_id, begins_at) DO UPDATE SET ends_at = excluded.ends_at, substitute = excluded.substitute;
    END IF;
END
$$;

-- whom a ladder means beside roles: who is on duty, in the first or the second place
CREATE FUNCTION iehe.support_staff_of(of_case text, audience text, moment timestamptz) RETURNS SETOF text
LANGUAGE sql STABLE AS $$
    SELECT r.staff_id FROM iehe.support_rota r
    WHERE audience = 'duty:' || r.place AND r.during @> moment
    UNION ALL
    SELECT m.staff_id FROM iehe.support_members m JOIN iehe.support_ownership o ON o.case_id = of_case AND o.until IS NULL
    WHERE audience = 'lead' AND m.lead AND m.unit = o.unit
    UNION ALL
    SELECT m.staff_id FROM iehe.support_members m WHERE audience = 'unit:' || m.unit
$$;

SELECT iehe.keep_at_home('support', 'support_rota', 'support_swaps');

GRANT SELECT ON iehe.support_rota, iehe.support_swaps TO iehe_worker, iehe_office;
GRANT INSERT, UPDATE, DELETE ON iehe.support_rota, iehe.support_swaps TO iehe_office;
