-- Appointments of students with counsellors: nobody is in two places at once, whichever cases they are for.

CREATE TABLE iehe.support_appointments (
    case_id     text NOT NULL REFERENCES iehe.cases,
    booking     integer NOT NULL,
    counsellor  text NOT NULL REFERENCES iehe.staff,
    during      tstzrange NOT NULL CHECK (NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during)),
    channel     text NOT NULL,
    place       uuid REFERENCES iehe.texts,
    state       text NOT NULL DEFAULT 'booked' CHECK (state IN ('booked', 'held', 'missed', 'cancelled')),
    booked_by   text NOT NULL,
    PRIMARY KEY (case_id, booking),
    CONSTRAINT support_appointments_one_at_a_time EXCLUDE USING gist (
        iehe.text_range(counsellor, counsellor, '[]') WITH =, during WITH &&) WHERE (state = 'booked')
);
COMMENT ON TABLE iehe.support_appointments IS 'Appointments, and what became of them (E7).';

CREATE FUNCTION iehe.support_record_booked(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    begins timestamptz := (record ->> 'at')::timestamptz;
BEGIN
    -- one booking of a counsellor at a time: two that exclude each other would each wait for the other
    PERFORM pg_advisory_xact_lock(hashtextextended('support-appointments|' || (record ->> 'counsellor'), 0));
    INSERT INTO iehe.support_appointments (case_id, booking, counsellor, during, channel, place, booked_by)
    VALUES (of_case, (record ->> 'booking')::int, record ->> 'counsellor',
            tstzrange(begins, begins + make_interval(mins => (record ->> 'minutes')::int)), record ->> 'channel',
            iehe.text_of(record ->> 'place_id'), actor)
    ON CONFLICT (case_id, booking) DO UPDATE SET counsellor = excluded.counsellor, during = excluded.during,
        place = coalesce(excluded.place, support_appointments.place), booked_by = excluded.booked_by;
EXCEPTION WHEN exclusion_violation THEN
    PERFORM iehe.refuse('appointment-overlaps');
END
$$;

CREATE FUNCTION iehe.support_record_appointed(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    UPDATE iehe.support_appointments SET state = record ->> 'became'
    WHERE case_id = of_case AND booking = (record ->> 'booking')::int
$$;

SELECT iehe.keep_at_home('support', 'support_appointments');

GRANT SELECT ON iehe.support_appointments TO iehe_worker, iehe_office;
GRANT INSERT, UPDATE ON iehe.support_appointments TO iehe_worker;
