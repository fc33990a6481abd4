-- What the exchange office looks at and takes in files: agreements loaded whole, a mobility changed by a later file,
-- who may be one person, and what immigration is told twice a year.

CREATE FUNCTION iehe.exchange_load_agreements(rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    this record;
BEGIN
    -- one writer: what is made here is read by nobody in between
    PERFORM pg_advisory_xact_lock(hashtextextended('exchange-agreements', 3));
    FOR this IN
        SELECT r.term, m.measure, sum(CASE m.measure WHEN 'persons' THEN r.persons ELSE r.months END) AS places
        FROM jsonb_to_recordset(rows) AS r (term text, faculty text, persons numeric, months numeric)
        CROSS JOIN unnest(ARRAY['persons', 'months']) AS m (measure)
        WHERE r.faculty = 'all' GROUP BY 1, 2 ORDER BY 1, 2
    LOOP
        IF NOT EXISTS (SELECT FROM iehe.frames f WHERE f.frame = 'exchange/' || this.term || ':' || this.measure) THEN
            PERFORM iehe.set_frame('exchange/' || this.term || ':' || this.measure,
                                   jsonb_build_object('places', this.places, 'measure', this.measure), now());
        END IF;
    END LOOP;
    -- the agreement before its faculties
    FOR this IN
        SELECT * FROM jsonb_to_recordset(rows) AS r (term text, agreement text, partner text, faculty text, persons integer,
                                                     months numeric)
        ORDER BY r.faculty <> 'all', r.term, r.agreement, r.faculty
    LOOP
        PERFORM iehe.exchange_set_agreement(this.term, this.agreement, this.partner, this.faculty, this.persons, this.months);
    END LOOP;
END
$$;
COMMENT ON FUNCTION iehe.exchange_load_agreements IS
    'Rows of a file of agreements, all or none; the frames of a programme that are not there are made with the sums. What '
    'is given out already is not undercut: iehe.set_frame refuses it.';

-- what another file of the home university says of a mobility, in the transaction that tells the case of it (X1)
CREATE FUNCTION iehe.exchange_change(of_case text, form jsonb, to_revision integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE iehe.exchange_mobilities m
    SET family = form ->> 'family', given = nullif(form ->> 'given', ''), born = (form ->> 'born')::date,
        nationality = form ->> 'nationality', mail = form ->> 'mail', agreement = form ->> 'agreement',
        faculty = form ->> 'faculty', first = (form ->> 'first')::date, last = (form ->> 'last')::date,
        language = coalesce(form ->> 'language', m.language),
        months = coalesce((form ->> 'months')::numeric, CASE
            WHEN (m.first, m.last) = ((form ->> 'first')::date, (form ->> 'last')::date) THEN m.months
            ELSE greatest(0.5, round(((form ->> 'last')::date - (form ->> 'first')::date + 1) / 15.0) / 2) END),
        needs_coe = coalesce((form ->> 'needs_coe')::boolean, m.needs_coe),
        revision = to_revision, confirmed_at = now()
    WHERE m.case_id = of_case AND m.revision = to_revision - 1;
    IF NOT FOUND THEN
        PERFORM iehe.refuse('revision-old', jsonb_build_object('seen', to_revision, 'now', (
            SELECT m.revision FROM iehe.exchange_mobilities m WHERE m.case_id = of_case)));
    END IF;
END
$$;

-- who may be one person: suggested by files, decided by people ------------------------------------------------

CREATE TABLE iehe.exchange_matches (
    one          text NOT NULL,
    other        text NOT NULL CHECK (other > one),
    suggested_at timestamptz NOT NULL DEFAULT now(),
    same         boolean,
    decided_by   text,
    decided_at   timestamptz,
    PRIMARY KEY (one, other),
    CHECK ((same IS NULL) = (decided_by IS NULL) AND (same IS NULL) = (decided_at IS NULL))
);
COMMENT ON TABLE iehe.exchange_matches IS
    'Two mobilities that may be of one person, and what a person has decided: the same name is not the same person.';
CREATE INDEX exchange_matches_by_other ON iehe.exchange_matches (other);

CREATE FUNCTION iehe.exchange_suggest_match(a text, b text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO iehe.exchange_matches (one, other) VALUES (least(a, b), greatest(a, b)) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO iehe.office_tasks (process, key, kind, roles, opened_at, due_at)
    VALUES ('exchange-onboarding', 'match-person:' || least(a, b) || ':' || greatest(a, b), 'match-person',
            ARRAY['exchange_office'], now(), now() + interval '7 days')
    ON CONFLICT (process, key) WHERE closed_at IS NULL DO NOTHING;
    RETURN true;
END
$$;

CREATE FUNCTION iehe.exchange_people(of_case text) RETURNS SETOF text LANGUAGE sql STABLE AS $$
    WITH RECURSIVE linked (case_id) AS (
        SELECT of_case
        UNION
        SELECT CASE WHEN m.one = l.case_id THEN m.other ELSE m.one END
        FROM linked l JOIN iehe.exchange_matches m ON l.case_id IN (m.one, m.other) AND m.same
    )
    SELECT l.case_id FROM linked l
$$;
COMMENT ON FUNCTION iehe.exchange_people IS 'The mobilities of one person, as people have decided.';

CREATE FUNCTION iehe.exchange_decide_match(a text, b text, is_same boolean, staff text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was     iehe.exchange_matches;
    numbers text[];
BEGIN
    SELECT * INTO was FROM iehe.exchange_matches m WHERE (m.one, m.other) = (least(a, b), greatest(a, b)) FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM iehe.refuse('match-unknown', jsonb_build_object('case', a, 'other', b));
    END IF;
    IF was.same IS NOT DISTINCT FROM is_same THEN
        RETURN false;
    END IF;
    IF was.same THEN
        -- the number is shared already
        PERFORM iehe.refuse('match-decided', jsonb_build_object('case', a, 'other', b, 'by', was.decided_by));
    END IF;
    UPDATE iehe.exchange_matches m SET same = is_same, decided_by = staff, decided_at = now()
    WHERE (m.one, m.other) = (was.one, was.other);
    UPDATE iehe.office_tasks t SET closed_at = now()
    WHERE t.process = 'exchange-onboarding' AND t.key = 'match-person:' || was.one || ':' || was.other AND t.closed_at IS NULL;
    IF is_same THEN
        SELECT array_agg(DISTINCT m.student_no ORDER BY m.student_no) INTO numbers FROM iehe.exchange_mobilities m
        WHERE m.case_id IN (SELECT iehe.exchange_people(a)) AND m.student_no IS NOT NULL;
        IF cardinality(numbers) > 1 THEN
            PERFORM iehe.refuse('numbers-differ', jsonb_build_object('case', a, 'other', b,
                                                                     'numbers', array_to_string(numbers, ', ')));
        END IF;
        UPDATE iehe.exchange_mobilities m SET student_no = numbers[1]
        WHERE m.case_id IN (SELECT iehe.exchange_people(a)) AND m.student_no IS NULL AND cardinality(numbers) = 1;
    END IF;
    RETURN true;
END
$$;

-- one person, one number: who was here before under another mobility keeps it
CREATE FUNCTION iehe.exchange_record_number_given(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    UPDATE iehe.exchange_mobilities n
    SET student_no = coalesce(
        (SELECT min(m.student_no) FROM iehe.exchange_mobilities m WHERE m.case_id IN (SELECT iehe.exchange_people(of_case))),
        'E' || nextval('iehe.exchange_numbers'))
    WHERE n.case_id = of_case AND n.student_no IS NULL
$$;

-- immigration hears of who is here as of 1 May and 1 November (X16) --------------------------------------------

CREATE FUNCTION iehe.exchange_ask_for_list(today date, OUT opened bigint) LANGUAGE sql AS $$
    WITH days AS (
        SELECT max(d) AS on_day FROM unnest(ARRAY[
            make_date(extract(year FROM today)::int - 1, 11, 1), make_date(extract(year FROM today)::int, 5, 1),
            make_date(extract(year FROM today)::int, 11, 1)]) AS d
        WHERE d <= today AND d > today - 14
    ), asked AS (
        INSERT INTO iehe.office_tasks (process, key, kind, roles, opened_at, due_at)
        SELECT 'exchange-onboarding', 'immigration-list:' || on_day, 'immigration-list', ARRAY['exchange_office'], now(),
               (on_day + 15)::timestamp AT TIME ZONE 'Asia/Tokyo'
        FROM days WHERE on_day IS NOT NULL AND NOT EXISTS (
            SELECT FROM iehe.office_tasks t
            WHERE t.process = 'exchange-onboarding' AND t.key = 'immigration-list:' || on_day)
        ON CONFLICT (process, key) WHERE closed_at IS NULL DO NOTHING
        RETURNING task
    )
    SELECT count(*) FROM asked
$$;

CREATE FUNCTION iehe.exchange_list_reported(as_of date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE iehe.office_tasks t SET closed_at = now()
    WHERE t.process = 'exchange-onboarding' AND t.key = 'immigration-list:' || as_of AND t.closed_at IS NULL;
    RETURN FOUND;
END
$$;

SELECT iehe.keep_at_home('exchange', 'exchange_matches');

REVOKE EXECUTE ON FUNCTION iehe.exchange_suggest_match, iehe.exchange_decide_match, iehe.exchange_list_reported FROM PUBLIC;
GRANT EXECUTE ON FUNCTION iehe.exchange_suggest_match, iehe.exchange_decide_match, iehe.exchange_list_reported TO iehe_office;
GRANT SELECT ON iehe.exchange_matches TO iehe_worker, iehe_office;

-- a match goes with either of its cases
CREATE FUNCTION iehe.exchange_forget_matches() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM iehe.exchange_matches m WHERE OLD.case_id IN (m.one, m.other);
    RETURN NULL;
END
$$;
CREATE TRIGGER exchange_matches_go AFTER DELETE ON iehe.exchange_mobilities
    FOR EACH ROW EXECUTE FUNCTION iehe.exchange_forget_matches();
