-- Admission: people and their applications, rounds and places, reviews, votes, decisions; the records of steps.

INSERT INTO iehe.rooms (room, process) VALUES ('admission', 'admission-review');

-- people -------------------------------------------------------------------------------------------------

CREATE TABLE iehe.people (
    person_id      uuid PRIMARY KEY,
    identity_key   text NOT NULL UNIQUE,
    account        text,
    family_name    text NOT NULL,
    given_name     text NOT NULL,
    family_kana    text NOT NULL,
    given_kana     text NOT NULL,
    birth_date     date NOT NULL,
    sex            text,
    email          text NOT NULL,
    -- of its own: an index on what a function gives is not used where rows are kept by home
    mailbox        text NOT NULL GENERATED ALWAYS AS (lower(email)) STORED,
    phone          text,
    postal_code    text NOT NULL,
    address        text NOT NULL,
    guardian_name  text,
    language       text NOT NULL DEFAULT 'ja' CHECK (language IN ('ja', 'en'))
);
COMMENT ON COLUMN iehe.people.identity_key IS
    'Keyed by portal account, else by kana name, birth date and e-mail: equal means one person.';
CREATE INDEX people_by_birth_date ON iehe.people (birth_date);
CREATE INDEX people_by_mailbox ON iehe.people (mailbox);


CREATE TABLE iehe.rounds (
    round_id        text PRIMARY KEY,
    route           text NOT NULL,
    title_ja        text NOT NULL,
    title_en        text NOT NULL,
    opens_at        timestamptz NOT NULL,
    closes_at       timestamptz NOT NULL CHECK (closes_at > opens_at),
    post_cutoff_at  timestamptz,
    enrol_by        date NOT NULL,
    waitlist_until  date NOT NULL
);

CREATE TABLE iehe.round_places (
    round_id   text NOT NULL REFERENCES iehe.rounds,
    programme  text NOT NULL,
    places     integer NOT NULL CHECK (places >= 0),
    PRIMARY KEY (round_id, programme)
);


-- imports and applications -------------------------------------------------------------------------------

CREATE TABLE iehe.import_batches (
    batch_id     uuid PRIMARY KEY,
    file_sha256  text NOT NULL,
    round_id     text NOT NULL REFERENCES iehe.rounds,
    rows         integer NOT NULL,
    skipped      integer NOT NULL DEFAULT 0,
    imported_by  text NOT NULL,
    imported_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE iehe.applications (
    application_no              text PRIMARY KEY,
    case_id                     text NOT NULL UNIQUE,
    round_id                    text NOT NULL REFERENCES iehe.rounds,
    programme                   text NOT NULL,
    -- what is wanted next, in order
    further_choices             text[] NOT NULL DEFAULT '{}',
    person_id                   uuid NOT NULL REFERENCES iehe.people,
    school_name                 text NOT NULL,
    school_code                 text,
    school_contact_email        text,
    related_staff               text,
    statement                   text,
    submitted_on                date NOT NULL,
    accommodation_requested_on  date,
    accommodation_sudden        boolean NOT NULL DEFAULT false,
    row_sha256                  text NOT NULL,
    -- set by the acceptance of a sibling: from then on nothing more is sent for this one
    superseded_by               text
);
CREATE FUNCTION iehe.label_applications() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO iehe.case_labels (case_id, name, value)
    SELECT a.case_id, l.name, l.value FROM arrived a
    CROSS JOIN LATERAL (VALUES ('round_id', a.round_id), ('programme', a.programme)) AS l (name, value)
    ON CONFLICT (case_id, name) DO UPDATE SET value = excluded.value;
    RETURN NULL;
END
$$;
CREATE TRIGGER applications_label AFTER INSERT ON iehe.applications
    REFERENCING NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION iehe.label_applications();
CREATE INDEX applications_by_person ON iehe.applications (person_id, round_id);
CREATE INDEX applications_by_place ON iehe.applications (round_id, programme);

CREATE TABLE iehe.import_rows (
    application_no  text PRIMARY KEY REFERENCES iehe.applications,
    batch_id        uuid NOT NULL REFERENCES iehe.import_batches,
    row             integer NOT NULL
);
CREATE INDEX import_rows_by_batch ON iehe.import_rows (batch_id);


-- admission ----------------------------------------------------------------------------------------------

CREATE TABLE iehe.application_items (
    case_id      text NOT NULL REFERENCES iehe.cases,
    item         text NOT NULL,
    present      boolean NOT NULL,
    late         boolean NOT NULL,
    occurred_at  timestamptz NOT NULL,
    reference    text,
    PRIMARY KEY (case_id, item)
);

CREATE TABLE iehe.late_permits (
    case_id    text NOT NULL REFERENCES iehe.cases,
    item       text NOT NULL,
    until      timestamptz NOT NULL,
    permitted_by text NOT NULL,
    reason_id  uuid REFERENCES iehe.texts,
    PRIMARY KEY (case_id, item)
);

CREATE TABLE iehe.reviews (
    case_id      text NOT NULL REFERENCES iehe.cases,
    reviewer     text NOT NULL REFERENCES iehe.staff,
    state        text NOT NULL,
    assigned_at  timestamptz NOT NULL,
    changed_at   timestamptz NOT NULL,
    total        double precision,
    verdict      text,
    late         boolean NOT NULL DEFAULT false,
    remark_id    uuid REFERENCES iehe.texts,
    PRIMARY KEY (case_id, reviewer)
);
CREATE FUNCTION iehe.note_reviewer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state IN ('invited', 'accepted', 'scored') THEN
        INSERT INTO iehe.case_people (staff_id, case_id, role) VALUES (NEW.reviewer, NEW.case_id, 'reviewer') ON CONFLICT DO NOTHING;
    ELSE
        DELETE FROM iehe.case_people
        WHERE staff_id = NEW.reviewer AND case_id = NEW.case_id AND role = 'reviewer';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER reviews_concern AFTER INSERT OR UPDATE OF state ON iehe.reviews
    FOR EACH ROW EXECUTE FUNCTION iehe.note_reviewer();

CREATE FUNCTION iehe.note_committee() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM iehe.case_people p USING jsonb_array_elements(OLD.state -> 'committee') AS m (member)
    WHERE p.staff_id = m.member ->> 'member' AND p.case_id = OLD.case_id AND p.role = 'committee_member';
    INSERT INTO iehe.case_people (staff_id, case_id, role)
    SELECT m.member ->> 'member', NEW.case_id, 'committee_member'
    FROM jsonb_array_elements(NEW.state -> 'committee') AS m (member) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER committees_concern AFTER UPDATE OF state ON iehe.cases
    FOR EACH ROW WHEN (OLD.state -> 'committee' IS DISTINCT FROM NEW.state -> 'committee')
    EXECUTE FUNCTION iehe.note_committee();
CREATE INDEX reviews_open ON iehe.reviews (reviewer) WHERE state IN ('invited', 'accepted');

CREATE TABLE iehe.scores (
    case_id    text NOT NULL,
    reviewer   text NOT NULL,
    criterion  text NOT NULL,
    points     double precision NOT NULL,
    PRIMARY KEY (case_id, reviewer, criterion),
    FOREIGN KEY (case_id, reviewer) REFERENCES iehe.reviews
);

CREATE TABLE iehe.votes (
    case_id    text NOT NULL REFERENCES iehe.cases,
    ballot     integer NOT NULL,
    member     text NOT NULL REFERENCES iehe.staff,
    choice     text NOT NULL CHECK (choice IN ('admit', 'reject', 'abstain')),
    casting    boolean NOT NULL DEFAULT false,
    reason_id  uuid REFERENCES iehe.texts,
    at         timestamptz NOT NULL,
    PRIMARY KEY (case_id, ballot, member, casting)
);

CREATE TABLE iehe.decisions (
    case_id      text NOT NULL REFERENCES iehe.cases,
    version      integer NOT NULL,
    decision     text NOT NULL,
    made_by      text NOT NULL,
    made_by_kind text NOT NULL,
    reason_id    uuid REFERENCES iehe.texts,
    reason_code  text,
    beyond_places boolean NOT NULL DEFAULT false,
    at           timestamptz NOT NULL,
    PRIMARY KEY (case_id, version)
);

CREATE TABLE iehe.accommodations (
    case_id    text PRIMARY KEY REFERENCES iehe.cases,
    state      text NOT NULL,
    reason_id  uuid REFERENCES iehe.texts,
    changed_at timestamptz NOT NULL
);

CREATE TABLE iehe.duplicate_findings (
    case_id      text NOT NULL REFERENCES iehe.cases,
    other        text NOT NULL,
    same_person  boolean,
    decided_by   text NOT NULL,
    reason_id    uuid REFERENCES iehe.texts,
    at           timestamptz NOT NULL,
    PRIMARY KEY (case_id, other)
);
COMMENT ON COLUMN iehe.duplicate_findings.same_person IS 'Null: the finding was taken back.';
CREATE INDEX duplicate_findings_by_other ON iehe.duplicate_findings (other) WHERE same_person;

-- Who is one person in a round follows from identity and findings, and is nowhere written down: a finding
-- that is taken back leaves nothing behind.
CREATE FUNCTION iehe.cases_of_person(of_case text) RETURNS SETOF text LANGUAGE sql STABLE ROWS 3 AS $$
    WITH RECURSIVE same AS (
        SELECT a.case_id, a.person_id, a.round_id FROM iehe.applications a WHERE a.case_id = of_case
        UNION
        SELECT o.case_id, o.person_id, o.round_id FROM same s
        CROSS JOIN LATERAL (
            SELECT a.case_id FROM iehe.applications a
            WHERE a.person_id = s.person_id AND a.round_id = s.round_id
            UNION ALL SELECT f.other FROM iehe.duplicate_findings f WHERE f.case_id = s.case_id AND f.same_person
            UNION ALL SELECT f.case_id FROM iehe.duplicate_findings f WHERE f.other = s.case_id AND f.same_person
        ) linked
        JOIN iehe.applications o ON o.case_id = linked.case_id
    )
    SELECT case_id FROM same
$$;

-- What a reviewer may see of an application (rule A9): nothing that tells who it is.
-- `statement` still passes through the redaction in activities/admission/material.py.
CREATE VIEW iehe.review_material WITH (security_invoker) AS
SELECT a.case_id, a.programme, a.round_id, a.statement
FROM iehe.applications a;

-- the records of a step ------------------------------------------------------------------------------------
-- What only the database can know (places, loads, siblings) is guarded here, under a lock: a refusal undoes
-- the whole step.

CREATE FUNCTION iehe.admission_record_item(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.application_items (case_id, item, present, late, occurred_at, reference)
    VALUES (of_case, r ->> 'item', (r ->> 'present')::boolean, (r ->> 'late')::boolean,
            (r ->> 'occurred_at')::timestamptz, r ->> 'reference')
    ON CONFLICT (case_id, item) DO UPDATE
    SET present = excluded.present, late = excluded.late, occurred_at = excluded.occurred_at,
        reference = coalesce(excluded.reference, application_items.reference)
$$;

-- Volatile: in a transaction that has waited for a lock it must see what was written meanwhile.
CREATE FUNCTION iehe.admission_load(of_reviewer text) RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT count(*) FROM iehe.reviews w JOIN iehe.cases c USING (case_id)
    WHERE w.reviewer = of_reviewer AND w.state IN ('invited', 'accepted') AND c.stage = 'review'
$$;

CREATE FUNCTION iehe.admission_record_reviewer_assigned(
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

CREATE FUNCTION iehe.admission_record_review(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE iehe.reviews
    SET state = r ->> 'state', changed_at = moment, total = (r ->> 'total')::double precision,
        verdict = r ->> 'verdict', late = (r ->> 'late')::boolean, remark_id = iehe.text_of(r ->> 'remark_id')
    WHERE case_id = of_case AND reviewer = r ->> 'reviewer';
    IF r ->> 'state' <> 'accepted' THEN
        UPDATE iehe.notices SET state = 'suppressed', reason = 'no-longer-asked'
        WHERE case_id = of_case AND version < v AND recipient_kind = 'staff' AND recipient_id = r ->> 'reviewer'
          AND message LIKE 'review-%' AND state IN ('queued', 'failed');
    END IF;
    INSERT INTO iehe.scores (case_id, reviewer, criterion, points)
    SELECT of_case, r ->> 'reviewer', p.key, p.value::double precision FROM jsonb_each_text(r -> 'points') AS p;
END
$$;

CREATE FUNCTION iehe.admission_record_vote(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.votes (case_id, ballot, member, choice, casting, reason_id, at)
    VALUES (of_case, (r ->> 'ballot')::int, r ->> 'member', r ->> 'choice', (r ->> 'casting')::boolean,
            iehe.text_of(r ->> 'reason_id'), moment)
$$;

-- the other applications of a person in rounds of the same year of enrolment, this one's round among them
CREATE FUNCTION iehe.cases_of_year(of_case text) RETURNS SETOF text LANGUAGE sql STABLE ROWS 3 AS $$
    SELECT DISTINCT o.case_id
    FROM iehe.applications a JOIN iehe.rounds r USING (round_id)
    CROSS JOIN LATERAL iehe.cases_of_person(a.case_id) AS own (case_id)
    JOIN iehe.applications same ON same.case_id = own.case_id
    JOIN iehe.applications of_them ON of_them.person_id = same.person_id
    JOIN iehe.rounds y ON y.round_id = of_them.round_id AND extract(year FROM y.enrol_by) = extract(year FROM r.enrol_by)
    CROSS JOIN LATERAL iehe.cases_of_person(of_them.case_id) AS o (case_id)
    WHERE a.case_id = of_case AND o.case_id <> of_case
$$;

-- the case whose accepted offer, or whose enrolment in any round of the year, ends this one: noted then, or still standing
CREATE FUNCTION iehe.admission_other_offer(of_case text) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(a.superseded_by, (
        SELECT c.case_id FROM iehe.cases_of_person(a.case_id) AS o (case_id) JOIN iehe.cases c USING (case_id)
        WHERE c.case_id <> a.case_id AND c.stage IN ('accepted', 'enrolled') LIMIT 1), (
        SELECT c.case_id FROM iehe.cases_of_year(a.case_id) AS o (case_id) JOIN iehe.cases c USING (case_id)
        WHERE c.stage = 'enrolled' LIMIT 1))
    FROM iehe.applications a WHERE a.case_id = of_case
$$;

CREATE FUNCTION iehe.admission_take_place(of_case text, beyond boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    frame record;
BEGIN
    IF iehe.admission_other_offer(of_case) IS NOT NULL THEN
        PERFORM iehe.refuse('other-offer-accepted');
    END IF;
    SELECT p.places, a.round_id, a.programme INTO frame
    FROM iehe.applications a JOIN iehe.round_places p USING (round_id, programme)
    WHERE a.case_id = of_case FOR UPDATE OF p;
    IF beyond THEN
        RETURN;
    END IF;
    IF frame.places IS NULL THEN
        PERFORM iehe.refuse('places-undeclared');
    END IF;
    -- an offer takes its place from the moment it is made, not when the applicant enrols
    IF (SELECT count(*) FROM iehe.applications a JOIN iehe.cases c USING (case_id)
        WHERE a.round_id = frame.round_id AND a.programme = frame.programme AND a.case_id <> of_case
          AND c.stage IN ('offered', 'accepted', 'enrolled')
          AND NOT EXISTS (SELECT FROM iehe.decisions d WHERE d.case_id = a.case_id AND d.beyond_places)
       ) >= frame.places THEN
        PERFORM iehe.refuse('places-full', jsonb_build_object('places', frame.places));
    END IF;
END
$$;

CREATE FUNCTION iehe.admission_record_decision(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF r ->> 'reason_code' = 'other-offer-accepted' AND iehe.admission_other_offer(of_case) IS NULL THEN
        PERFORM iehe.refuse('no-other-offer');
    END IF;
    IF (r ->> 'takes_place')::boolean THEN
        PERFORM iehe.admission_take_place(of_case, (r ->> 'beyond_places')::boolean);
    END IF;
    INSERT INTO iehe.decisions (case_id, version, decision, made_by, made_by_kind, reason_id, reason_code,
                                beyond_places, at)
    VALUES (of_case, v, r ->> 'decision', actor,
            (SELECT actor_kind FROM iehe.case_log WHERE case_id = of_case AND version = v),
            iehe.text_of(r ->> 'reason_id'), r ->> 'reason_code', (r ->> 'beyond_places')::boolean, moment);
END
$$;

-- Who is one person is neither asked while it changes nor changed while it is asked.
CREATE FUNCTION iehe.admission_lock_persons(of_case text) RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(hashtextextended('persons/' || round_id, 0))
    FROM iehe.applications WHERE case_id = of_case
$$;

-- Other open applications end, and fall silent at once.
CREATE FUNCTION iehe.admission_end_others(of_case text, v integer, moment timestamptz, others text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    sibling text;
BEGIN
    FOR sibling IN
        UPDATE iehe.applications o SET superseded_by = of_case
        WHERE o.case_id = ANY (others) AND o.case_id <> of_case AND o.superseded_by IS NULL
          AND NOT EXISTS (SELECT FROM iehe.cases c WHERE c.case_id = o.case_id AND c.closed_at IS NOT NULL)
        RETURNING o.case_id
    LOOP
        UPDATE iehe.notices SET state = 'suppressed', reason = 'superseded'
        WHERE case_id = sibling AND recipient_kind IN ('applicant', 'referee') AND state IN ('queued', 'failed');
        PERFORM iehe.queue_event(sibling, of_case, v, jsonb_build_object(
            'id', concat_ws(':', of_case, v, sibling), 'source', 'jp.ac.iehe',
            'type', 'jp.ac.iehe.admission-review.sibling-accepted',
            'occurred_at', moment, 'received_at', moment, 'data', jsonb_build_object('by_case', of_case)));
    END LOOP;
END
$$;

-- Rule A13 in one step: the other applications of the round end.
CREATE FUNCTION iehe.admission_record_offer_accepted(
    of_case text, v integer, moment timestamptz, actor text, r jsonb
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM iehe.admission_lock_persons(of_case);
    IF iehe.admission_other_offer(of_case) IS NOT NULL THEN
        PERFORM iehe.refuse('other-offer-accepted');
    END IF;
    PERFORM iehe.admission_end_others(of_case, v, moment, ARRAY(SELECT iehe.cases_of_person(of_case)));
END
$$;

-- One enrolment a person and year, whatever round it is by: all others end, those too that come later (R8 of rounds).
CREATE FUNCTION iehe.admission_record_enrolled(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    before text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('enrolled', extract(year FROM y.enrol_by)::bigint))
    FROM iehe.applications a JOIN iehe.rounds y USING (round_id) WHERE a.case_id = of_case;
    before := iehe.admission_other_offer(of_case);
    IF before IS NOT NULL THEN
        PERFORM iehe.refuse('enrolled-before', jsonb_build_object('case', before));
    END IF;
    PERFORM iehe.admission_end_others(of_case, v, moment, ARRAY(SELECT iehe.cases_of_year(of_case)));
END
$$;

CREATE FUNCTION iehe.admission_record_accommodation(
    of_case text, v integer, moment timestamptz, actor text, r jsonb
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.accommodations (case_id, state, reason_id, changed_at)
    VALUES (of_case, r ->> 'state', iehe.text_of(r ->> 'reason_id'), moment)
    ON CONFLICT (case_id) DO UPDATE
    SET state = excluded.state, reason_id = excluded.reason_id, changed_at = excluded.changed_at
$$;

CREATE FUNCTION iehe.admission_record_duplicate_resolved(
    of_case text, v integer, moment timestamptz, actor text, r jsonb
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM iehe.admission_lock_persons(of_case);
    IF (r ->> 'taken_back')::boolean AND iehe.admission_other_offer(of_case) IS NOT NULL THEN
        PERFORM iehe.refuse('finding-followed');
    END IF;
    INSERT INTO iehe.duplicate_findings (case_id, other, same_person, decided_by, reason_id, at)
    SELECT of_case, other, CASE WHEN NOT (r ->> 'taken_back')::boolean THEN r -> 'same_person' ? other END,
           actor, iehe.text_of(r ->> 'reason_id'), moment
    FROM jsonb_array_elements_text(r -> 'others') AS other
    ON CONFLICT (case_id, other) DO UPDATE
    SET same_person = excluded.same_person, decided_by = excluded.decided_by, reason_id = excluded.reason_id,
        at = excluded.at;
    -- this one is to go on, and an offer of the same person's stands already (A13)
    IF (r ->> 'goes_on')::boolean AND r -> 'same_person' <> '[]' AND iehe.admission_other_offer(of_case) IS NOT NULL
    THEN
        PERFORM iehe.refuse('other-offer-accepted');
    END IF;
END
$$;

CREATE FUNCTION iehe.admission_record_late_permitted(
    of_case text, v integer, moment timestamptz, actor text, r jsonb
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.late_permits (case_id, item, until, permitted_by, reason_id)
    VALUES (of_case, r ->> 'item', (r ->> 'until')::timestamptz, actor, iehe.text_of(r ->> 'reason_id'))
    ON CONFLICT (case_id, item) DO UPDATE
    SET until = excluded.until, permitted_by = excluded.permitted_by, reason_id = excluded.reason_id
$$;

-- Who gets a message of a case. `superseded`: another offer was accepted, and nothing more is sent.
CREATE FUNCTION iehe.admission_recipient(of_case text, kind text, id text)
RETURNS TABLE (address text, language text, name text, silenced boolean) LANGUAGE sql STABLE AS $$
    SELECT CASE kind WHEN 'applicant' THEN p.email WHEN 'applicant-before' THEN iehe.value_before(of_case, id, 'email')
                     ELSE a.school_contact_email END,
           CASE kind WHEN 'referee' THEN 'ja' ELSE p.language END,
           CASE WHEN kind = 'referee' THEN a.school_name
                -- whoever reads it there may be anybody
                WHEN kind = 'applicant-before' THEN '-'
                WHEN p.language = 'ja' THEN p.family_name || ' ' || p.given_name
                ELSE p.given_name || ' ' || p.family_name END,
           a.superseded_by IS NOT NULL
    FROM iehe.applications a JOIN iehe.people p USING (person_id)
    WHERE a.case_id = of_case AND (kind IN ('applicant', 'referee') AND a.application_no = id OR kind = 'applicant-before')
$$;

SELECT iehe.keep_at_home('admission', 'people', 'rounds', 'round_places', 'import_batches', 'applications', 'import_rows',
    'application_items', 'late_permits', 'reviews', 'scores', 'votes', 'decisions', 'accommodations', 'duplicate_findings');

-- rights: least privilege --------------------------------------------------------------------------------

GRANT SELECT ON iehe.people, iehe.rounds, iehe.round_places, iehe.import_batches, iehe.applications,
    iehe.import_rows, iehe.application_items, iehe.late_permits, iehe.reviews, iehe.scores, iehe.votes,
    iehe.decisions, iehe.accommodations, iehe.duplicate_findings, iehe.review_material
    TO iehe_worker, iehe_office;
GRANT INSERT ON iehe.application_items, iehe.late_permits, iehe.reviews, iehe.scores, iehe.votes, iehe.decisions,
    iehe.accommodations, iehe.duplicate_findings TO iehe_worker;
GRANT UPDATE ON iehe.application_items, iehe.late_permits, iehe.reviews, iehe.accommodations,
    iehe.duplicate_findings TO iehe_worker;
GRANT UPDATE (superseded_by) ON iehe.applications TO iehe_worker;
-- a row lock that serialises places
GRANT UPDATE (places) ON iehe.round_places TO iehe_worker;

GRANT INSERT, UPDATE ON iehe.people, iehe.rounds, iehe.round_places, iehe.import_batches, iehe.import_rows
    TO iehe_office;
GRANT INSERT ON iehe.applications TO iehe_office;
GRANT INSERT, UPDATE ON iehe.case_labels TO iehe_office;

GRANT SELECT ON iehe.decisions, iehe.votes, iehe.rounds, iehe.round_places, iehe.duplicate_findings,
    iehe.late_permits TO iehe_auditor;

-- retention -----------------------------------------------------------------------------------------------

-- Every row of a case that is its own, and with the last application of a person the person; what was found of
-- another case stays with that one.
CREATE FUNCTION iehe.admission_erase(of_case text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    own     iehe.applications;
    gone    jsonb;
    people  bigint;
BEGIN
    SELECT * INTO own FROM iehe.applications a WHERE a.case_id = of_case;
    DELETE FROM iehe.import_rows WHERE application_no = own.application_no;
    gone := iehe.erase_rows(of_case, ARRAY['votes', 'scores', 'reviews', 'late_permits', 'application_items',
        'decisions', 'accommodations', 'duplicate_findings', 'applications']);
    DELETE FROM iehe.people p WHERE p.person_id = own.person_id
        AND NOT EXISTS (SELECT FROM iehe.applications a WHERE a.person_id = p.person_id);
    GET DIAGNOSTICS people = ROW_COUNT;
    RETURN gone || jsonb_build_object('people', people);
END
$$;
