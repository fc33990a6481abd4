-- Dormitory allocation: the beds of houses, runs of a house and term, requests, and what persons have stated. That
-- stands here alone, in no history and in no inbox; who has which bed on which day is in the places ledger.

INSERT INTO iehe.rooms (room, process, starts_by)
VALUES ('dormitory', 'dormitory-allocation', 'jp.ac.iehe.dormitory-allocation.run-opened');

CREATE TABLE iehe.dormitory_beds (
    house   text NOT NULL CHECK (house ~ '^[a-z][a-z0-9]{1,11}$'),
    bed     text NOT NULL CHECK (bed ~ '^[A-Z0-9][A-Z0-9-]{0,15}$'),
    room    text NOT NULL CHECK (room ~ '^[A-Z0-9][A-Z0-9-]{0,15}$'),
    kind    text NOT NULL CHECK (kind IN ('single', 'unit', 'shared', 'couple', 'family', 'accessible')),
    group_  text CHECK (group_ IN ('woman', 'man')),
    PRIMARY KEY (house, bed)
);
COMMENT ON TABLE iehe.dormitory_beds IS 'The beds of the houses, as their lists say (X20).';
COMMENT ON COLUMN iehe.dormitory_beds.group_ IS 'For whom the room is meant, where the house says so.';

CREATE TABLE iehe.dormitory_residents (
    house  text NOT NULL,
    bed    text NOT NULL,
    first  date NOT NULL,
    until  date NOT NULL CHECK (until > first),
    PRIMARY KEY (house, bed, first),
    FOREIGN KEY (house, bed) REFERENCES iehe.dormitory_beds
);
COMMENT ON TABLE iehe.dormitory_residents IS 'When somebody of the house''s own list lives there, without the name.';

CREATE TABLE iehe.dormitory_runs (
    case_id        text PRIMARY KEY,
    received_at    timestamptz NOT NULL DEFAULT now(),
    house          text NOT NULL,
    term           text NOT NULL,
    first          date NOT NULL,
    until          date NOT NULL CHECK (until > first),
    collect_until  timestamptz NOT NULL,
    kept_until     date NOT NULL,
    seed           text NOT NULL,
    UNIQUE (house, term)
);
COMMENT ON COLUMN iehe.dormitory_runs.seed IS 'Of the draw: published with the opening (X23).';

CREATE TABLE iehe.dormitory_persons (
    mobility          text PRIMARY KEY,
    case_id           text NOT NULL,
    gender            text NOT NULL,
    shares_with       text,
    needs             text[] NOT NULL,
    partner           text,
    partner_proven    boolean NOT NULL,
    stays_on          boolean NOT NULL,
    promises_to_move  boolean NOT NULL,
    broke_rules       boolean NOT NULL,
    arrears_months    integer NOT NULL,
    status            text NOT NULL
);
COMMENT ON TABLE iehe.dormitory_persons IS
    'What a person has stated for the allocation. Steps read it; the house''s staff see needs as codes and nothing else.';
CREATE INDEX dormitory_persons_by_case ON iehe.dormitory_persons (case_id);

CREATE TABLE iehe.dormitory_requests (
    case_id      text NOT NULL,
    mobility     text NOT NULL,
    types        text[] NOT NULL,
    first        date NOT NULL,
    until        date NOT NULL CHECK (until > first),
    quota        text NOT NULL,
    faculty      text NOT NULL,
    accepted     boolean NOT NULL,
    late         bigint,
    arrives_on   date,
    delayed      boolean NOT NULL DEFAULT false,
    moved_in_on  date,
    ended        text,
    PRIMARY KEY (case_id, mobility)
);
COMMENT ON TABLE iehe.dormitory_requests IS 'Who asks for a bed of a run. A request takes no place.';
COMMENT ON COLUMN iehe.dormitory_requests.late IS 'When it came, in seconds of the epoch, if after the end of collecting.';
COMMENT ON COLUMN iehe.dormitory_requests.ended IS 'Why it counts no more.';

CREATE TABLE iehe.dormitory_list (
    case_id   text NOT NULL,
    mobility  text NOT NULL,
    place     integer NOT NULL,
    rank      bigint[] NOT NULL,
    bed       text,
    frame     text,
    reason    text,
    PRIMARY KEY (case_id, mobility),
    CHECK ((bed IS NULL) <> (reason IS NULL))
);
COMMENT ON TABLE iehe.dormitory_list IS 'The list of a run as it was drawn last: each with a bed or a reason (X34).';

CREATE TABLE iehe.dormitory_closings (
    case_id  text NOT NULL,
    house    text NOT NULL,
    bed      text NOT NULL,
    first    date NOT NULL,
    until    date NOT NULL CHECK (until > first),
    reason   text NOT NULL,
    waits    boolean NOT NULL,
    PRIMARY KEY (case_id, bed, first)
);
COMMENT ON TABLE iehe.dormitory_closings IS 'Rooms that are closed for some days, bed by bed (X31).';
COMMENT ON COLUMN iehe.dormitory_closings.waits IS 'Somebody has to get another bed first.';
CREATE INDEX dormitory_closings_waiting ON iehe.dormitory_closings (house) WHERE waits;

-- as it arrives --------------------------------------------------------------------------------------------

CREATE FUNCTION iehe.dormitory_store(subject text, form jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO iehe.dormitory_runs (case_id, house, term, first, until, collect_until, kept_until, seed)
    VALUES ('dormitory/' || subject, lower(split_part(subject, '-', 1)), split_part(subject, '-', 2), (form ->> 'first')::date,
            (form ->> 'until')::date, (form ->> 'collect_until')::timestamptz, (form ->> 'kept_until')::date,
            form ->> 'seed')
    ON CONFLICT DO NOTHING;
    IF NOT FOUND AND NOT EXISTS (
        SELECT FROM iehe.dormitory_runs r WHERE r.case_id = 'dormitory/' || subject AND r.seed = form ->> 'seed'
        AND r.first = (form ->> 'first')::date AND r.until = (form ->> 'until')::date
        AND r.collect_until = (form ->> 'collect_until')::timestamptz AND r.kept_until = (form ->> 'kept_until')::date) THEN
        PERFORM iehe.refuse('run-known', jsonb_build_object('run', subject));
    END IF;
    INSERT INTO iehe.case_labels (case_id, name, value)
    VALUES ('dormitory/' || subject, 'bed_house', lower(split_part(subject, '-', 1))),
           ('dormitory/' || subject, 'bed_term', split_part(subject, '-', 2))
    ON CONFLICT DO NOTHING;
END
$$;

-- with the owner's rights: no door may read what it gives here
CREATE FUNCTION iehe.dormitory_kept(of_case text, fact text, field text, value jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF jsonb_typeof(value) <> 'object' OR (fact, field) <> ('person-stated', 'person') THEN
        PERFORM iehe.refuse('person-unstated');
    END IF;
    INSERT INTO iehe.dormitory_persons (mobility, case_id, gender, shares_with, needs, partner, partner_proven, stays_on,
        promises_to_move, broke_rules, arrears_months, status)
    VALUES (value ->> 'mobility', of_case, coalesce(value ->> 'gender', 'undisclosed'), value ->> 'shares_with',
            ARRAY(SELECT jsonb_array_elements_text(coalesce(value -> 'needs', '[]'))), value ->> 'partner',
            coalesce((value ->> 'partner_proven')::boolean, false), coalesce((value ->> 'stays_on')::boolean, false),
            coalesce((value ->> 'promises_to_move')::boolean, false), coalesce((value ->> 'broke_rules')::boolean, false),
            coalesce((value ->> 'arrears_months')::int, 0), coalesce(value ->> 'status', 'expected'))
    ON CONFLICT (mobility) DO UPDATE
    SET case_id = excluded.case_id, gender = excluded.gender, shares_with = excluded.shares_with, needs = excluded.needs,
        partner = excluded.partner, partner_proven = excluded.partner_proven, stays_on = excluded.stays_on,
        promises_to_move = excluded.promises_to_move, broke_rules = excluded.broke_rules,
        arrears_months = excluded.arrears_months, status = excluded.status;
END
$$;
REVOKE EXECUTE ON FUNCTION iehe.dormitory_kept FROM PUBLIC;
GRANT EXECUTE ON FUNCTION iehe.dormitory_kept TO iehe_worker, iehe_office;

CREATE FUNCTION iehe.dormitory_group(gender text, shares_with text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN gender IN ('woman', 'man') THEN gender ELSE shares_with END
$$;

CREATE FUNCTION iehe.dormitory_stated(of_mobility text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce((
        SELECT jsonb_strip_nulls(to_jsonb(s) - 'case_id') FROM iehe.dormitory_persons s WHERE s.mobility = of_mobility),
        jsonb_build_object('mobility', of_mobility))
$$;

CREATE FUNCTION iehe.dormitory_takes(of_type text, data jsonb, key text) RETURNS SETOF text LANGUAGE sql IMMUTABLE AS $$
    SELECT 'dormitory/' || upper(data ->> 'house') || '-' || (data ->> 'term')
$$;
COMMENT ON FUNCTION iehe.dormitory_takes IS 'The run of the house and term that a fact is about.';

CREATE FUNCTION iehe.dormitory_recipient(of_case text, reader text, id text)
RETURNS TABLE (address text, language text, name text, silenced boolean) LANGUAGE sql STABLE AS $$
    SELECT NULL::text, NULL::text, NULL::text, NULL::boolean WHERE false
$$;
COMMENT ON FUNCTION iehe.dormitory_recipient IS 'Nobody but staff: students hear from their own cases.';

-- what a step writes ---------------------------------------------------------------------------------------

CREATE FUNCTION iehe.dormitory_record_request_noted(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.dormitory_requests AS r (case_id, mobility, types, first, until, quota, faculty, accepted, late)
    SELECT of_case, q ->> 'case', ARRAY(SELECT jsonb_array_elements_text(q -> 'types')), (q ->> 'first')::date,
           (q ->> 'until')::date, q ->> 'quota', q ->> 'faculty', (q ->> 'accepted')::boolean, (record ->> 'late')::bigint
    FROM (SELECT record -> 'request') AS told (q)
    ON CONFLICT (case_id, mobility) DO UPDATE
    SET types = excluded.types, first = excluded.first, until = excluded.until, quota = excluded.quota,
        faculty = excluded.faculty, accepted = excluded.accepted, ended = NULL,
        -- who is asked again whether they are accepted keeps the time at which they asked
        late = CASE WHEN r.ended IS NULL THEN r.late ELSE excluded.late END
$$;

CREATE FUNCTION iehe.dormitory_record_request_ended(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    UPDATE iehe.dormitory_requests SET ended = record ->> 'reason' WHERE case_id = of_case AND mobility = record ->> 'case'
$$;

CREATE FUNCTION iehe.dormitory_record_arrival_noted(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    UPDATE iehe.dormitory_requests
    SET arrives_on = CASE WHEN record ->> 'what' = 'moved-in' THEN arrives_on ELSE (record ->> 'on')::date END,
        delayed = delayed OR record ->> 'what' = 'delayed',
        moved_in_on = CASE WHEN record ->> 'what' = 'moved-in' THEN (record ->> 'on')::date ELSE moved_in_on END
    WHERE case_id = of_case AND mobility = record ->> 'case'
$$;

CREATE FUNCTION iehe.dormitory_record_list_drawn(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    DELETE FROM iehe.dormitory_list WHERE case_id = of_case;
    INSERT INTO iehe.dormitory_list (case_id, mobility, place, rank, bed, frame, reason)
    SELECT of_case, line ->> 'case', place, ARRAY(SELECT jsonb_array_elements_text(line -> 'rank'))::bigint[],
           line ->> 'bed', line ->> 'frame', line ->> 'reason'
    FROM jsonb_array_elements(record -> 'lines') WITH ORDINALITY AS l (line, place)
$$;

CREATE FUNCTION iehe.dormitory_record_closing_noted(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.dormitory_closings (case_id, house, bed, first, until, reason, waits)
    SELECT of_case, b.house, b.bed, (record ->> 'first')::date, (record ->> 'until')::date, record ->> 'reason',
           record -> 'waits' ? b.bed
    FROM iehe.dormitory_beds b JOIN iehe.dormitory_runs r USING (house)
    WHERE r.case_id = of_case AND b.room = record ->> 'room'
    ON CONFLICT (case_id, bed, first) DO UPDATE SET until = excluded.until, reason = excluded.reason, waits = excluded.waits
$$;

CREATE FUNCTION iehe.dormitory_record_closing_freed(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    UPDATE iehe.dormitory_closings c SET waits = false FROM iehe.dormitory_runs r
    WHERE r.case_id = of_case AND c.house = r.house AND c.bed = record ->> 'bed' AND c.waits
$$;

SELECT iehe.keep_at_home('dormitory', 'dormitory_beds', 'dormitory_residents', 'dormitory_runs', 'dormitory_persons',
    'dormitory_requests', 'dormitory_list', 'dormitory_closings');

-- rights ---------------------------------------------------------------------------------------------------

GRANT SELECT ON iehe.dormitory_beds, iehe.dormitory_residents, iehe.dormitory_runs, iehe.dormitory_requests,
    iehe.dormitory_list, iehe.dormitory_closings TO iehe_worker, iehe_office;
GRANT SELECT ON iehe.dormitory_persons TO iehe_worker;
GRANT SELECT (mobility, case_id, needs) ON iehe.dormitory_persons TO iehe_office;
GRANT INSERT, UPDATE ON iehe.dormitory_requests, iehe.dormitory_closings TO iehe_worker;
GRANT INSERT, DELETE ON iehe.dormitory_list TO iehe_worker;
GRANT INSERT, UPDATE, DELETE ON iehe.dormitory_beds, iehe.dormitory_residents TO iehe_office;
GRANT INSERT ON iehe.dormitory_runs TO iehe_worker, iehe_office;

-- retention: every row of a case that is its own; beds belong to the house
CREATE FUNCTION iehe.dormitory_erase(of_case text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT iehe.erase_rows(of_case, ARRAY['dormitory_list', 'dormitory_closings', 'dormitory_requests',
        'dormitory_persons', 'dormitory_runs'])
$$;
