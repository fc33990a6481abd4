-- Requests of high schools: topics of a year, requests with their contact, lecturers asked, bookings.

INSERT INTO iehe.rooms (room, process, starts_by)
VALUES ('outreach', 'school-outreach', 'jp.ac.iehe.school-outreach.request-received');

CREATE FUNCTION iehe.outreach_year(at timestamptz) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT extract(year FROM at AT TIME ZONE 'Asia/Tokyo' - interval '3 months')::integer
$$;
COMMENT ON FUNCTION iehe.outreach_year IS 'The school year (年度) in which a moment lies: from April.';

CREATE TABLE iehe.outreach_topics (
    year       integer NOT NULL,
    topic      text NOT NULL CHECK (topic ~ '^[a-z0-9][a-z0-9_.:-]{0,63}$'),
    field      text NOT NULL CHECK (field ~ '^[a-z0-9][a-z0-9_.:-]{0,63}$'),
    title_ja   text NOT NULL,
    title_en   text NOT NULL,
    lecturers  text[] NOT NULL,
    PRIMARY KEY (year, topic)
);
COMMENT ON TABLE iehe.outreach_topics IS 'Registered by teachers each year (O1); lecturers in the order in which they are asked.';

CREATE TABLE iehe.outreach_requests (
    case_id        text PRIMARY KEY,
    received_at    timestamptz NOT NULL DEFAULT now(),
    school         text NOT NULL,
    school_name    text NOT NULL,
    contact_name   text,
    contact_email  text,
    contact_phone  text,
    language       text NOT NULL CHECK (language IN ('ja', 'en')),
    kind           text NOT NULL,
    topic          text,
    field          text,
    purpose        text,
    grade          text NOT NULL,
    persons        integer NOT NULL CHECK (persons > 0),
    dates          timestamptz[] NOT NULL,
    minutes        integer NOT NULL CHECK (minutes > 0),
    place          text,
    equipment      text,
    travel_cost    text NOT NULL,
    attended       integer,
    report_id      uuid REFERENCES iehe.texts,
    erased_at      timestamptz,
    year           integer NOT NULL GENERATED ALWAYS AS (iehe.outreach_year(dates[1])) STORED,
    FOREIGN KEY (year, topic) REFERENCES iehe.outreach_topics,
    CHECK ((topic IS NULL) <> (field IS NULL))
);
CREATE INDEX outreach_requests_by_topic ON iehe.outreach_requests (year, topic);
COMMENT ON COLUMN iehe.outreach_requests.erased_at IS
    'Since when contact and words are gone (O28); counts stay. Pupils are counted and never named.';

CREATE TABLE iehe.outreach_asked (
    case_id   text NOT NULL REFERENCES iehe.cases,
    lecturer  text NOT NULL REFERENCES iehe.staff,
    answer    text NOT NULL,
    asked_at  timestamptz NOT NULL,
    at        timestamptz NOT NULL,
    remark_id  uuid REFERENCES iehe.texts,
    PRIMARY KEY (case_id, lecturer)
);
CREATE INDEX outreach_asked_by_lecturer ON iehe.outreach_asked (lecturer);

CREATE TABLE iehe.outreach_bookings (
    case_id      text NOT NULL REFERENCES iehe.cases,
    version      integer NOT NULL,
    lecturer     text NOT NULL REFERENCES iehe.staff,
    during       tstzrange NOT NULL,
    released_at  timestamptz,
    cause        text,
    PRIMARY KEY (case_id, version),
    CONSTRAINT outreach_lecturer_once_at_a_time EXCLUDE USING gist (
        iehe.text_range(lecturer, lecturer, '[]') WITH =, during WITH &&) WHERE (released_at IS NULL)
);
COMMENT ON TABLE iehe.outreach_bookings IS 'A lecturer''s time, taken by accepting and not by being asked (O4).';
CREATE UNIQUE INDEX outreach_booking_of_case ON iehe.outreach_bookings (case_id) WHERE released_at IS NULL;
CREATE INDEX outreach_bookings_of_lecturer ON iehe.outreach_bookings (lecturer) WHERE released_at IS NULL;

-- the request as it arrives --------------------------------------------------------------------------------

CREATE FUNCTION iehe.outreach_store(subject text, form jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    wanted timestamptz[] := ARRAY(SELECT d::timestamptz FROM jsonb_array_elements_text(form -> 'dates') AS d);
    of_year integer := iehe.outreach_year(wanted[1]);
BEGIN
    IF NOT EXISTS (SELECT FROM iehe.outreach_topics t WHERE t.year = of_year
                   AND coalesce(t.topic = form ->> 'topic', t.field = form ->> 'field')) THEN
        PERFORM iehe.refuse('unknown-topic', jsonb_build_object(
            'topic', coalesce(form ->> 'topic', form ->> 'field'), 'year', of_year));
    END IF;
    INSERT INTO iehe.outreach_requests (case_id, school, school_name, contact_name, contact_email, contact_phone,
        language, kind, topic, field, purpose, grade, persons, dates, minutes, place, equipment, travel_cost)
    VALUES ('outreach/' || subject, form ->> 'school', form ->> 'school_name', form #>> '{contact,name}',
        form #>> '{contact,email}', form #>> '{contact,phone}', coalesce(form #>> '{contact,language}', 'ja'), form ->> 'kind',
        form ->> 'topic', form ->> 'field', form ->> 'purpose', form ->> 'grade', (form ->> 'persons')::int, wanted,
        coalesce((form ->> 'minutes')::int, 50), form ->> 'place', form ->> 'equipment', form ->> 'travel_cost')
    ON CONFLICT (case_id) DO NOTHING;
    IF NOT FOUND AND NOT EXISTS (
        SELECT FROM iehe.outreach_requests r WHERE r.case_id = 'outreach/' || subject
        AND r.school = form ->> 'school' AND r.dates = wanted AND r.contact_email IS NOT DISTINCT FROM form #>> '{contact,email}'
    ) THEN
        PERFORM iehe.refuse('request-known', jsonb_build_object('request', subject));
    END IF;
EXCEPTION WHEN foreign_key_violation THEN
    -- removed since it was looked for
    PERFORM iehe.refuse('unknown-topic', jsonb_build_object('topic', form ->> 'topic', 'year', of_year));
END
$$;

CREATE FUNCTION iehe.outreach_recipient(of_case text, reader text, id text)
RETURNS TABLE (address text, language text, name text, silenced boolean) LANGUAGE sql STABLE AS $$
    SELECT CASE reader WHEN 'school' THEN r.contact_email ELSE iehe.value_before(of_case, id, 'email') END, r.language,
           -- whoever reads it at the address that was wrong may be anybody
           CASE reader WHEN 'school' THEN r.school_name || ' ' || r.contact_name ELSE '-' END, r.erased_at IS NOT NULL
    FROM iehe.outreach_requests r WHERE r.case_id = of_case AND reader IN ('school', 'school-before')
$$;

-- what a step writes ---------------------------------------------------------------------------------------

-- K8: a letter that names a date which no longer stands is not sent
CREATE FUNCTION iehe.outreach_silence_dates(of_case text, before integer) RETURNS void LANGUAGE sql AS $$
    UPDATE iehe.notices SET state = 'suppressed', reason = 'date-changed'
    WHERE case_id = of_case AND version < before AND facts ?| ARRAY['date', 'dates'] AND state IN ('queued', 'failed')
$$;

CREATE FUNCTION iehe.outreach_record_asked(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.outreach_asked AS a (case_id, lecturer, answer, asked_at, at, remark_id)
    VALUES (of_case, record ->> 'lecturer', record ->> 'answer', moment, moment, iehe.text_of(record ->> 'remark_id'))
    ON CONFLICT (case_id, lecturer) DO UPDATE
    SET answer = excluded.answer, at = excluded.at, remark_id = coalesce(excluded.remark_id, a.remark_id),
        asked_at = CASE WHEN excluded.answer = 'asked' THEN excluded.at ELSE a.asked_at END
$$;

CREATE FUNCTION iehe.outreach_note_lecturer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.answer IN ('asked', 'yes') THEN
        INSERT INTO iehe.case_people (staff_id, case_id, role) VALUES (NEW.lecturer, NEW.case_id, 'lecturer') ON CONFLICT DO NOTHING;
    ELSE
        DELETE FROM iehe.case_people
        WHERE staff_id = NEW.lecturer AND case_id = NEW.case_id AND role = 'lecturer';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER outreach_asked_concern AFTER INSERT OR UPDATE OF answer ON iehe.outreach_asked
    FOR EACH ROW EXECUTE FUNCTION iehe.outreach_note_lecturer();

CREATE FUNCTION iehe.outreach_record_released(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    SELECT iehe.outreach_silence_dates(of_case, v);
    UPDATE iehe.outreach_bookings SET released_at = moment, cause = record ->> 'cause'
    WHERE case_id = of_case AND released_at IS NULL;
$$;

CREATE FUNCTION iehe.outreach_record_booked(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    who  text := record ->> 'lecturer';
    cap  integer := (record ->> 'load_cap')::int;
    held integer;
BEGIN
    -- one acceptance of a lecturer at a time: the load is counted under this lock
    PERFORM FROM iehe.staff s WHERE s.staff_id = who AND s.active AND 'lecturer' = ANY (s.roles) FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM iehe.refuse('lecturer-unknown', jsonb_build_object('lecturer', who));
    END IF;
    PERFORM iehe.outreach_record_released(of_case, v, moment, actor, '{"cause": "moved"}');
    SELECT count(*) INTO held FROM iehe.outreach_bookings b WHERE b.lecturer = who AND b.released_at IS NULL
        AND lower(b.during) >= (record ->> 'term_from')::timestamptz
        AND lower(b.during) < (record ->> 'term_until')::timestamptz;
    IF held >= cap THEN
        PERFORM iehe.refuse('lecturer-full', jsonb_build_object('lecturer', who, 'cap', cap));
    END IF;
    INSERT INTO iehe.outreach_bookings (case_id, version, lecturer, during)
    VALUES (of_case, v, who,
            tstzrange((record ->> 'starts_at')::timestamptz, (record ->> 'ends_at')::timestamptz));
EXCEPTION WHEN exclusion_violation THEN
    PERFORM iehe.refuse('lecturer-busy', jsonb_build_object('lecturer', who));
END
$$;

CREATE FUNCTION iehe.outreach_record_held(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    UPDATE iehe.outreach_requests
    SET attended = coalesce((record ->> 'persons')::int, attended),
        report_id = coalesce(iehe.text_of(record ->> 'report_id'), report_id)
    WHERE case_id = of_case
$$;

CREATE FUNCTION iehe.outreach_record_contact_erased(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    UPDATE iehe.outreach_requests
    SET contact_name = NULL, contact_email = NULL, contact_phone = NULL, purpose = NULL, place = NULL,
        equipment = NULL, erased_at = moment
    WHERE case_id = of_case;
    -- the event with which the request arrived holds them too
    UPDATE iehe.events
    SET envelope = envelope #- '{data,contact}' #- '{data,purpose}' #- '{data,place}' #- '{data,equipment}'
    WHERE case_id = of_case AND envelope #> '{data,contact}' IS NOT NULL;
$$;

SELECT iehe.keep_at_home('outreach', 'outreach_topics', 'outreach_requests', 'outreach_asked', 'outreach_bookings');

-- rights ---------------------------------------------------------------------------------------------------

GRANT SELECT ON iehe.outreach_topics, iehe.outreach_requests, iehe.outreach_asked, iehe.outreach_bookings
    TO iehe_worker, iehe_office;
GRANT INSERT ON iehe.outreach_asked, iehe.outreach_bookings TO iehe_worker;
GRANT UPDATE ON iehe.outreach_asked TO iehe_worker;
GRANT UPDATE (released_at, cause) ON iehe.outreach_bookings TO iehe_worker;
GRANT UPDATE (attended, report_id, contact_name, contact_email, contact_phone, purpose, place, equipment,
    erased_at) ON iehe.outreach_requests TO iehe_worker;
GRANT INSERT ON iehe.outreach_requests TO iehe_worker, iehe_office;
GRANT INSERT, UPDATE, DELETE ON iehe.outreach_topics TO iehe_office;
GRANT SELECT ON iehe.outreach_topics, iehe.outreach_bookings TO iehe_auditor;

-- retention: every row of a case that is its own; topics belong to their year
CREATE FUNCTION iehe.outreach_erase(of_case text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT iehe.erase_rows(of_case, ARRAY['outreach_bookings', 'outreach_asked', 'outreach_requests'])
$$;
