-- Mobilities of incoming exchange students: agreements with their frames, nominations with their revisions, and what
-- the steps of a mobility write. Personal data stands here alone.

INSERT INTO iehe.rooms (room, process, starts_by)
VALUES ('exchange', 'exchange-onboarding', 'jp.ac.iehe.exchange-onboarding.nomination-received');

CREATE TABLE iehe.exchange_agreements (
    term       text NOT NULL CHECK (term ~ '^[0-9]{2}[SA]$'),
    agreement  text NOT NULL CHECK (agreement ~ '^[a-z0-9][a-z0-9_.-]{0,31}$'),
    partner    text NOT NULL CHECK (partner ~ '^[a-z0-9][a-z0-9_.-]{0,31}$'),
    faculty    text NOT NULL CHECK (faculty ~ '^[a-z0-9][a-z0-9_.-]{0,31}$'),
    persons    integer NOT NULL CHECK (persons >= 0),
    months     numeric(6, 2) NOT NULL CHECK (months >= 0),
    PRIMARY KEY (term, agreement, faculty)
);
COMMENT ON TABLE iehe.exchange_agreements IS
    'How many persons and months a partner may send in a term, whole (faculty `all`) and to a faculty (X8): each row has '
    'its two frames in the ledger.';

CREATE TABLE iehe.exchange_partners (
    partner   text PRIMARY KEY CHECK (partner ~ '^[a-z0-9][a-z0-9_.-]{0,31}$'),
    name      text NOT NULL,
    mail      text NOT NULL,
    language  text NOT NULL DEFAULT 'en' CHECK (language IN ('ja', 'en'))
);
COMMENT ON TABLE iehe.exchange_partners IS 'Home universities, and where their coordinators are written to.';

CREATE TABLE iehe.exchange_mobilities (
    case_id        text PRIMARY KEY,
    received_at    timestamptz NOT NULL DEFAULT now(),
    term           text NOT NULL,
    partner        text NOT NULL,
    mobility       text NOT NULL,
    agreement      text NOT NULL,
    faculty        text NOT NULL,
    family         text,
    given          text,
    born           date,
    nationality    text,
    number         text,
    mail           text,
    language       text NOT NULL CHECK (language IN ('ja', 'en')),
    first          date NOT NULL,
    last           date NOT NULL CHECK (last > first),
    months         numeric(4, 2) NOT NULL CHECK (months > 0),
    needs_coe      boolean NOT NULL,
    revision       integer NOT NULL DEFAULT 1,
    confirmed_at   timestamptz NOT NULL DEFAULT now(),
    deferred_from  text,
    student_no     text,
    seen           text NOT NULL DEFAULT 'pending' CHECK (seen IN ('pending', 'verified', 'rejected')),
    arrived_on     date,
    left_on        date,
    stays_first    date,
    stays_last     date,
    transcript     text CHECK (transcript IN ('released', 'partial')),
    erased_at      timestamptz,
    UNIQUE (partner, mobility, term)
);
COMMENT ON TABLE iehe.exchange_mobilities IS
    'What the home university is the master of (X1), as it was confirmed last, with the actual dates of which the host is.';
COMMENT ON COLUMN iehe.exchange_mobilities.confirmed_at IS
    'When the home university''s copy was last seen to say so: what is older than a night is stale (X3).';
COMMENT ON COLUMN iehe.exchange_mobilities.student_no IS 'The number here: one person, one number.';
COMMENT ON COLUMN iehe.exchange_mobilities.erased_at IS 'Since when names, birth and addresses are gone; counts stay.';
CREATE INDEX exchange_mobilities_by_term ON iehe.exchange_mobilities (term, agreement, faculty);
CREATE INDEX exchange_mobilities_by_number ON iehe.exchange_mobilities (student_no) WHERE student_no IS NOT NULL;

CREATE SEQUENCE iehe.exchange_numbers START 10001;

CREATE TABLE iehe.exchange_advisors (
    case_id   text NOT NULL REFERENCES iehe.cases,
    staff_id  text NOT NULL REFERENCES iehe.staff,
    answer    text NOT NULL CHECK (answer IN ('asked', 'yes', 'no', 'silent')),
    at        timestamptz NOT NULL,
    PRIMARY KEY (case_id, staff_id)
);

CREATE TABLE iehe.exchange_letters (
    case_id  text NOT NULL REFERENCES iehe.cases,
    sha256   text NOT NULL,
    at       timestamptz NOT NULL,
    PRIMARY KEY (case_id, sha256)
);

CREATE TABLE iehe.exchange_coe (
    case_id  text NOT NULL REFERENCES iehe.cases,
    version  integer NOT NULL,
    batch    text,
    result   text CHECK (result IN ('issued', 'denied', 'more-documents')),
    on_day   date,
    at       timestamptz NOT NULL,
    PRIMARY KEY (case_id, version)
);
COMMENT ON TABLE iehe.exchange_coe IS 'Each filing of a certificate in a batch, and each result (X13).';
CREATE INDEX exchange_coe_by_batch ON iehe.exchange_coe (batch, case_id) WHERE batch IS NOT NULL;

CREATE TABLE iehe.exchange_proofs (
    case_id  text NOT NULL REFERENCES iehe.cases,
    item     text NOT NULL,
    on_day   date NOT NULL,
    by       text NOT NULL,
    PRIMARY KEY (case_id, item)
);

CREATE TABLE iehe.exchange_months (
    case_id    text NOT NULL REFERENCES iehe.cases,
    month      text NOT NULL CHECK (month ~ '^[0-9]{4}-[0-9]{2}$'),
    signed_at  timestamptz NOT NULL,
    PRIMARY KEY (case_id, month)
);
COMMENT ON TABLE iehe.exchange_months IS 'Months for which the student has signed in person.';

CREATE TABLE iehe.exchange_payments (
    case_id  text NOT NULL,
    month    text NOT NULL,
    paid_at  timestamptz NOT NULL,
    PRIMARY KEY (case_id, month),
    FOREIGN KEY (case_id, month) REFERENCES iehe.exchange_months
);
COMMENT ON TABLE iehe.exchange_payments IS 'Months of a scholarship that were paid: none without its signature (X19).';

CREATE TABLE iehe.exchange_absences (
    case_id  text NOT NULL REFERENCES iehe.cases,
    first    date NOT NULL,
    last     date CHECK (last >= first),
    excused  boolean NOT NULL,
    PRIMARY KEY (case_id, first)
);

CREATE TABLE iehe.exchange_scholarships (
    case_id  text NOT NULL REFERENCES iehe.cases,
    version  integer NOT NULL,
    result   text NOT NULL,
    months   integer,
    at       timestamptz NOT NULL,
    PRIMARY KEY (case_id, version)
);

CREATE TABLE iehe.exchange_plans (
    case_id  text NOT NULL REFERENCES iehe.cases,
    version  integer NOT NULL,
    what     text NOT NULL CHECK (what IN ('proposed', 'approved')),
    sha256   text NOT NULL,
    at       timestamptz NOT NULL,
    PRIMARY KEY (case_id, version, what)
);
COMMENT ON TABLE iehe.exchange_plans IS 'Versions of the learning agreement: the first, the approved and the draft stay (X7).';

CREATE TABLE iehe.exchange_tutors (
    case_id  text NOT NULL REFERENCES iehe.cases,
    version  integer NOT NULL,
    tutor    text NOT NULL REFERENCES iehe.staff,
    since    timestamptz NOT NULL,
    until    timestamptz,
    PRIMARY KEY (case_id, version)
);
CREATE INDEX exchange_tutors_now ON iehe.exchange_tutors (tutor) WHERE until IS NULL;

CREATE TABLE iehe.exchange_stays (
    case_id  text NOT NULL REFERENCES iehe.cases,
    what     text NOT NULL CHECK (what IN ('in', 'out')),
    on_day   date NOT NULL,
    PRIMARY KEY (case_id, what)
);

-- the nomination as it arrives ------------------------------------------------------------------------------

CREATE FUNCTION iehe.exchange_store(subject text, form jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    said jsonb := form -> 'student';
BEGIN
    IF split_part(subject, '-', 1) <> form ->> 'term' THEN
        PERFORM iehe.refuse('term-differs', jsonb_build_object('subject', subject, 'term', form ->> 'term'));
    END IF;
    IF NOT EXISTS (SELECT FROM iehe.exchange_agreements a WHERE a.term = form ->> 'term'
                   AND a.agreement = form ->> 'agreement' AND a.partner = form ->> 'partner') THEN
        PERFORM iehe.refuse('unknown-agreement', jsonb_build_object(
            'agreement', form ->> 'agreement', 'term', form ->> 'term', 'partner', form ->> 'partner'));
    END IF;
    INSERT INTO iehe.exchange_mobilities (case_id, term, partner, mobility, agreement, faculty, family, given, born,
        nationality, number, mail, language, first, last, months, needs_coe, revision)
    VALUES ('exchange/' || subject, form ->> 'term', form ->> 'partner', form ->> 'mobility', form ->> 'agreement',
        form ->> 'faculty', said ->> 'family', nullif(said ->> 'given', ''), (said ->> 'born')::date,
        said ->> 'nationality', said ->> 'number', said ->> 'mail', coalesce(said ->> 'language', 'en'),
        (form ->> 'first')::date, (form ->> 'last')::date,
        coalesce((form ->> 'months')::numeric, greatest(0.5, round(((form ->> 'last')::date - (form ->> 'first')::date + 1) / 15.0) / 2)),
        coalesce((form ->> 'needs_coe')::boolean, true), coalesce((form ->> 'revision')::int, 1))
    ON CONFLICT DO NOTHING;
    IF NOT FOUND AND NOT EXISTS (
        SELECT FROM iehe.exchange_mobilities m WHERE m.case_id = 'exchange/' || subject
        AND (m.partner, m.mobility, m.agreement, m.born) IS NOT DISTINCT FROM
            (form ->> 'partner', form ->> 'mobility', form ->> 'agreement', (said ->> 'born')::date)
    ) THEN
        PERFORM iehe.refuse('mobility-known', jsonb_build_object('mobility', subject));
    END IF;
    INSERT INTO iehe.case_labels (case_id, name, value)
    VALUES ('exchange/' || subject, 'exchange_term', form ->> 'term'), ('exchange/' || subject, 'home_university', form ->> 'partner')
    ON CONFLICT DO NOTHING;
END
$$;

CREATE FUNCTION iehe.exchange_recipient(of_case text, reader text, id text)
RETURNS TABLE (address text, language text, name text, silenced boolean) LANGUAGE sql STABLE AS $$
    SELECT CASE reader WHEN 'student' THEN m.mail WHEN 'student-before' THEN iehe.value_before(of_case, id, 'mail')
                       ELSE p.mail END,
           CASE reader WHEN 'coordinator' THEN p.language ELSE m.language END,
           -- whoever reads it at the address that was wrong may be anybody
           CASE reader WHEN 'student' THEN concat_ws(' ', m.given, m.family) WHEN 'student-before' THEN '-'
                       ELSE p.name END, m.erased_at IS NOT NULL
    FROM iehe.exchange_mobilities m LEFT JOIN iehe.exchange_partners p USING (partner)
    WHERE m.case_id = of_case AND reader IN ('student', 'student-before', 'coordinator')
$$;

-- what a step writes ---------------------------------------------------------------------------------------

CREATE FUNCTION iehe.exchange_record_seen_by_partner(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    UPDATE iehe.exchange_mobilities SET seen = record ->> 'status' WHERE case_id = of_case
$$;

CREATE FUNCTION iehe.exchange_record_letter_filed(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.exchange_letters (case_id, sha256, at) VALUES (of_case, record ->> 'sha256', moment)
    ON CONFLICT DO NOTHING
$$;

CREATE FUNCTION iehe.exchange_record_advisor_asked(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.exchange_advisors (case_id, staff_id, answer, at)
    VALUES (of_case, record ->> 'staff_id', record ->> 'answer', moment)
    ON CONFLICT (case_id, staff_id) DO UPDATE SET answer = excluded.answer, at = excluded.at;
    DELETE FROM iehe.case_people WHERE case_id = of_case AND staff_id = record ->> 'staff_id' AND role = 'advisor'
        AND record ->> 'answer' NOT IN ('asked', 'yes');
    INSERT INTO iehe.case_people (staff_id, case_id, role)
    SELECT record ->> 'staff_id', of_case, 'advisor' WHERE record ->> 'answer' IN ('asked', 'yes') ON CONFLICT DO NOTHING;
$$;

CREATE FUNCTION iehe.exchange_record_coe_filed(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.exchange_coe (case_id, version, batch, at) VALUES (of_case, v, record ->> 'batch', moment)
$$;

CREATE FUNCTION iehe.exchange_record_coe_told(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.exchange_coe (case_id, version, result, on_day, at)
    VALUES (of_case, v, record ->> 'result', (record ->> 'on')::date, moment)
$$;

-- the next term's case: the same nomination, stored and noted to be started, in the step that defers it
CREATE FUNCTION iehe.exchange_record_deferred(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT split_part(of_case, '/', 1) = ANY (iehe.rooms_here()) THEN
        RAISE EXCEPTION 'a case of another home' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO iehe.exchange_mobilities (case_id, received_at, term, partner, mobility, agreement, faculty, family, given,
        born, nationality, number, mail, language, first, last, months, needs_coe, revision, deferred_from, student_no)
    SELECT record ->> 'to', moment, record ->> 'term', m.partner, m.mobility, m.agreement, m.faculty, m.family, m.given,
        m.born, m.nationality, m.number, m.mail, m.language, (m.first + interval '6 months')::date,
        (m.last + interval '6 months')::date, m.months, m.needs_coe, m.revision, of_case, m.student_no
    FROM iehe.exchange_mobilities m WHERE m.case_id = of_case
    ON CONFLICT DO NOTHING;
    INSERT INTO iehe.case_labels (case_id, name, value)
    SELECT m.case_id, l.name, l.value FROM iehe.exchange_mobilities m
    CROSS JOIN LATERAL (VALUES ('exchange_term', m.term), ('home_university', m.partner)) AS l (name, value)
    WHERE m.case_id = record ->> 'to'
    ON CONFLICT DO NOTHING;
    INSERT INTO iehe.case_starts (case_id, starts_itself) VALUES (record ->> 'to', true) ON CONFLICT (case_id) DO NOTHING;
END
$$;

CREATE FUNCTION iehe.exchange_record_dormitory_stay(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.exchange_stays (case_id, what, on_day) VALUES (of_case, record ->> 'what', (record ->> 'on')::date)
    ON CONFLICT (case_id, what) DO UPDATE SET on_day = excluded.on_day
$$;

CREATE FUNCTION iehe.exchange_record_arrival_seen(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    UPDATE iehe.exchange_mobilities
    SET arrived_on = CASE WHEN (record ->> 'left')::boolean THEN arrived_on ELSE (record ->> 'on')::date END,
        left_on = CASE WHEN (record ->> 'left')::boolean THEN (record ->> 'on')::date ELSE left_on END
    WHERE case_id = of_case
$$;

CREATE FUNCTION iehe.exchange_record_proof_seen(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.exchange_proofs (case_id, item, on_day, by)
    VALUES (of_case, record ->> 'item', (record ->> 'on')::date, actor)
    ON CONFLICT (case_id, item) DO UPDATE SET on_day = excluded.on_day, by = excluded.by
$$;

CREATE FUNCTION iehe.exchange_record_confirmed(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.exchange_months (case_id, month, signed_at) VALUES (of_case, record ->> 'month', moment)
$$;

CREATE FUNCTION iehe.exchange_record_paid(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.exchange_payments (case_id, month, paid_at) VALUES (of_case, record ->> 'month', moment)
$$;

CREATE FUNCTION iehe.exchange_record_absence_noted(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.exchange_absences (case_id, first, last, excused)
    VALUES (of_case, (record ->> 'first')::date, (record ->> 'last')::date, (record ->> 'excused')::boolean)
    ON CONFLICT (case_id, first) DO UPDATE SET last = excluded.last, excused = excluded.excused
$$;

CREATE FUNCTION iehe.exchange_record_stay_changed(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    UPDATE iehe.exchange_mobilities
    SET stays_first = (record ->> 'first')::date, stays_last = (record ->> 'last')::date WHERE case_id = of_case
$$;

CREATE FUNCTION iehe.exchange_record_scholarship_told(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.exchange_scholarships (case_id, version, result, months, at)
    VALUES (of_case, v, record ->> 'result', (record ->> 'months')::int, moment)
$$;

CREATE FUNCTION iehe.exchange_record_agreement_told(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.exchange_plans (case_id, version, what, sha256, at)
    VALUES (of_case, (record ->> 'version')::int, record ->> 'what', record ->> 'sha256', moment)
$$;

CREATE FUNCTION iehe.exchange_record_tutor_named(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF record ->> 'what' = 'ended' THEN
        UPDATE iehe.exchange_tutors SET until = moment
        WHERE case_id = of_case AND tutor = record ->> 'tutor' AND until IS NULL;
        DELETE FROM iehe.case_people WHERE case_id = of_case AND staff_id = record ->> 'tutor' AND role = 'tutor';
        RETURN;
    END IF;
    INSERT INTO iehe.exchange_tutors (case_id, version, tutor, since) VALUES (of_case, v, record ->> 'tutor', moment);
    INSERT INTO iehe.case_people (staff_id, case_id, role) VALUES (record ->> 'tutor', of_case, 'tutor') ON CONFLICT DO NOTHING;
END
$$;

CREATE FUNCTION iehe.exchange_record_transcript_released(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    UPDATE iehe.exchange_mobilities
    SET transcript = CASE WHEN (record ->> 'partial')::boolean THEN 'partial' ELSE 'released' END WHERE case_id = of_case
$$;

-- agreements and their frames ------------------------------------------------------------------------------

CREATE FUNCTION iehe.exchange_frame(of_term text, of_agreement text, of_faculty text, of_measure text)
RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT concat_ws('/', 'exchange', of_term, of_agreement, nullif(of_faculty, 'all')) || ':' || of_measure
$$;

CREATE FUNCTION iehe.exchange_set_agreement(of_term text, of_agreement text, of_partner text, of_faculty text,
                                            of_persons integer, of_months numeric) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    of_measure text;
    above      text;
BEGIN
    FOREACH of_measure IN ARRAY ARRAY['persons', 'months'] LOOP
        above := CASE WHEN of_faculty = 'all' THEN 'exchange/' || of_term || ':' || of_measure
                       ELSE iehe.exchange_frame(of_term, of_agreement, 'all', of_measure) END;
        IF NOT EXISTS (SELECT FROM iehe.frames f WHERE f.frame = above) THEN
            PERFORM iehe.refuse('frame-unknown', jsonb_build_object('frame', above));
        END IF;
        PERFORM iehe.set_frame(iehe.exchange_frame(of_term, of_agreement, of_faculty, of_measure), jsonb_build_object(
            'places', CASE of_measure WHEN 'persons' THEN of_persons ELSE of_months END, 'parent', above,
            'measure', of_measure), now());
    END LOOP;
    INSERT INTO iehe.exchange_agreements (term, agreement, partner, faculty, persons, months)
    VALUES (of_term, of_agreement, of_partner, of_faculty, of_persons, of_months)
    ON CONFLICT (term, agreement, faculty) DO UPDATE
    SET partner = excluded.partner, persons = excluded.persons, months = excluded.months;
END
$$;
COMMENT ON FUNCTION iehe.exchange_set_agreement IS
    'Stores one row of an agreement with its two frames: of the programme, of the agreement within it, of a faculty within that.';

SELECT iehe.keep_at_home('exchange', 'exchange_agreements', 'exchange_partners', 'exchange_mobilities', 'exchange_advisors',
    'exchange_letters', 'exchange_coe', 'exchange_proofs', 'exchange_months', 'exchange_payments', 'exchange_absences',
    'exchange_scholarships', 'exchange_plans', 'exchange_tutors', 'exchange_stays');

-- rights ---------------------------------------------------------------------------------------------------

GRANT SELECT ON iehe.exchange_agreements, iehe.exchange_partners, iehe.exchange_mobilities, iehe.exchange_advisors,
    iehe.exchange_letters, iehe.exchange_coe, iehe.exchange_proofs, iehe.exchange_months, iehe.exchange_payments,
    iehe.exchange_absences, iehe.exchange_scholarships, iehe.exchange_plans, iehe.exchange_tutors, iehe.exchange_stays
    TO iehe_worker, iehe_office;
GRANT INSERT ON iehe.exchange_advisors, iehe.exchange_letters, iehe.exchange_coe, iehe.exchange_proofs,
    iehe.exchange_months, iehe.exchange_payments, iehe.exchange_absences, iehe.exchange_scholarships, iehe.exchange_plans,
    iehe.exchange_tutors, iehe.exchange_stays TO iehe_worker;
GRANT UPDATE ON iehe.exchange_advisors, iehe.exchange_proofs, iehe.exchange_absences, iehe.exchange_stays TO iehe_worker;
GRANT UPDATE (until) ON iehe.exchange_tutors TO iehe_worker;
GRANT UPDATE (seen, arrived_on, left_on, stays_first, stays_last, transcript, student_no, erased_at)
    ON iehe.exchange_mobilities TO iehe_worker;
GRANT INSERT ON iehe.exchange_mobilities TO iehe_worker, iehe_office;
GRANT UPDATE (agreement, faculty, family, given, born, nationality, number, mail, language, first, last, months, needs_coe,
    revision, confirmed_at) ON iehe.exchange_mobilities TO iehe_worker, iehe_office;
GRANT INSERT, UPDATE ON iehe.exchange_agreements, iehe.exchange_partners TO iehe_office;
GRANT USAGE ON SEQUENCE iehe.exchange_numbers TO iehe_worker;
GRANT SELECT ON iehe.exchange_agreements, iehe.exchange_months, iehe.exchange_payments TO iehe_auditor;

-- retention: every row of a case that is its own; agreements belong to their term
CREATE FUNCTION iehe.exchange_erase(of_case text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT iehe.erase_rows(of_case, ARRAY['exchange_payments', 'exchange_months', 'exchange_advisors', 'exchange_letters',
        'exchange_coe', 'exchange_proofs', 'exchange_absences', 'exchange_scholarships', 'exchange_plans',
        'exchange_tutors', 'exchange_stays', 'exchange_revisions', 'exchange_mobilities'])
$$;
