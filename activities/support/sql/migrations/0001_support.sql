-- Support cases: referrals, whose they are, scores, contacts, pages; the members of units.

INSERT INTO iehe.rooms (room, process, starts_by)
VALUES ('support', 'support-case', 'jp.ac.iehe.support-case.referral-received');

CREATE TABLE iehe.support_referrals (
    case_id          text PRIMARY KEY,
    received_at      timestamptz NOT NULL DEFAULT now(),
    way              text NOT NULL,
    person           text,
    person_text      uuid,
    adult_on         date,
    contact_text     uuid,
    referrer_name    uuid,
    referrer_email   uuid,
    referrer_language text CHECK (referrer_language IN ('ja', 'en')),
    language         text NOT NULL CHECK (language IN ('ja', 'en')),
    danger           boolean NOT NULL,
    urgent           boolean NOT NULL,
    unit             text,
    words            uuid NOT NULL
);
COMMENT ON COLUMN iehe.support_referrals.person IS
    'A keyed hash of whom it is about: tells that two cases are about one person, and nothing else.';
COMMENT ON COLUMN iehe.support_referrals.words IS 'Words, names and addresses are in iehe.texts, each under the key of the case.';
CREATE INDEX support_referrals_by_person ON iehe.support_referrals (person) WHERE person IS NOT NULL;

CREATE TABLE iehe.support_left (
    person   text PRIMARY KEY,
    left_on  date NOT NULL
);
COMMENT ON TABLE iehe.support_left IS
    'When somebody about whom there is a case has left the university, by the keyed hash of whom that is (P6).';

CREATE TABLE iehe.support_members (
    unit      text NOT NULL,
    staff_id  text NOT NULL REFERENCES iehe.staff,
    lead      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (unit, staff_id)
);
COMMENT ON TABLE iehe.support_members IS 'Who works in which unit.';

CREATE TABLE iehe.support_ownership (
    case_id  text NOT NULL REFERENCES iehe.cases,
    version  integer NOT NULL,
    unit     text,
    owner    text REFERENCES iehe.staff,
    why      text NOT NULL,
    since    timestamptz NOT NULL,
    until    timestamptz,
    PRIMARY KEY (case_id, version)
);
COMMENT ON TABLE iehe.support_ownership IS 'One owner, or the queue of a unit or of triage, at every moment of a case.';
CREATE UNIQUE INDEX support_one_owner ON iehe.support_ownership (case_id) WHERE until IS NULL;
CREATE INDEX support_owned ON iehe.support_ownership (owner) WHERE until IS NULL;

CREATE TABLE iehe.support_scores (
    case_id           text NOT NULL REFERENCES iehe.cases,
    version           integer NOT NULL,
    at                timestamptz NOT NULL,
    by                text NOT NULL,
    distress          integer CHECK (distress BETWEEN 0 AND 4),
    hostility         integer CHECK (hostility BETWEEN 0 AND 4),
    distress_reason   uuid REFERENCES iehe.texts,
    hostility_reason  uuid REFERENCES iehe.texts,
    level             integer NOT NULL CHECK (level BETWEEN 1 AND 4),
    kind              text,
    PRIMARY KEY (case_id, version)
);

CREATE TABLE iehe.support_contacts (
    case_id  text NOT NULL REFERENCES iehe.cases,
    version  integer NOT NULL,
    at       timestamptz NOT NULL,
    by       text NOT NULL,
    channel  text NOT NULL,
    outcome  text NOT NULL,
    note     uuid REFERENCES iehe.texts,
    PRIMARY KEY (case_id, version)
);

CREATE TABLE iehe.support_pages (
    case_id   text NOT NULL REFERENCES iehe.cases,
    page      integer NOT NULL,
    rung      text NOT NULL,
    staff_id  text NOT NULL REFERENCES iehe.staff,
    version   integer NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (case_id, version, staff_id)
);
COMMENT ON TABLE iehe.support_pages IS 'Who was paged about which danger, on which rung, when.';

CREATE TABLE iehe.support_consents (
    case_id    text NOT NULL REFERENCES iehe.cases,
    version    integer NOT NULL,
    unit       text NOT NULL,
    content    text NOT NULL CHECK (content IN ('case', 'work', 'personal')),
    purpose    text NOT NULL,
    form       text NOT NULL,
    since      timestamptz NOT NULL,
    until      timestamptz NOT NULL,
    ended_at   timestamptz,
    ended_how  text,
    PRIMARY KEY (case_id, version)
);
COMMENT ON TABLE iehe.support_consents IS 'What the student allows, or has allowed, which unit to see of a case (P7).';
CREATE UNIQUE INDEX support_one_consent ON iehe.support_consents (case_id, unit) WHERE ended_at IS NULL;

CREATE TABLE iehe.support_disclosures (
    case_id    text NOT NULL REFERENCES iehe.cases,
    version    integer NOT NULL,
    at         timestamptz NOT NULL,
    by         text NOT NULL,
    ground     text NOT NULL,
    receiver   text NOT NULL,
    reason     uuid NOT NULL REFERENCES iehe.texts,
    PRIMARY KEY (case_id, version)
);
COMMENT ON TABLE iehe.support_disclosures IS 'What was told outside what the student allows: by whom, to whom, on which ground (P4).';

CREATE TABLE iehe.support_access (
    case_id       text NOT NULL REFERENCES iehe.cases,
    request       integer NOT NULL,
    requested_at  timestamptz NOT NULL,
    due_at        timestamptz NOT NULL,
    state         text NOT NULL CHECK (state IN ('open', 'answered', 'ended')),
    extended      boolean NOT NULL,
    objected      boolean NOT NULL,
    answered_at   timestamptz,
    answered_by   text,
    ground        text,
    parts         text[] NOT NULL DEFAULT '{}',
    texts         uuid[] NOT NULL DEFAULT '{}',
    open_from     timestamptz,
    reasons       uuid[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (case_id, request)
);
COMMENT ON TABLE iehe.support_access IS 'Requests of students to see what is held about them, and their answers.';
COMMENT ON COLUMN iehe.support_access.texts IS 'Words that the answer discloses; no others go into an extract.';
COMMENT ON COLUMN iehe.support_access.open_from IS 'Before that nothing is handed over: others may go to court.';
CREATE UNIQUE INDEX support_access_one ON iehe.support_access (case_id) WHERE state <> 'ended';

-- the referral as it arrives -------------------------------------------------------------------------------

-- what is personal has been put into iehe.texts at the door: the form holds the ids, and of the person a keyed hash
CREATE FUNCTION iehe.support_store(subject text, form jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    of_case text := 'support/' || subject;
BEGIN
    INSERT INTO iehe.support_referrals (case_id, received_at, way, person, person_text, adult_on, contact_text, referrer_name, referrer_email,
        referrer_language, language, danger, urgent, unit, words)
    VALUES (of_case, least(now(), (form ->> 'received_on')::timestamp AT TIME ZONE 'Asia/Tokyo'), form ->> 'way', split_part(form ->> 'person', '.', 1), iehe.text_of(split_part(form ->> 'person', '.', 2)),
        (form ->> 'adult_on')::date, iehe.text_of(form ->> 'contact'), iehe.text_of(form #>> '{referrer,name}'), iehe.text_of(form #>> '{referrer,email}'),
        CASE WHEN form -> 'referrer' IS NOT NULL THEN coalesce(form #>> '{referrer,language}', 'ja') END,
        coalesce(form ->> 'language', 'ja'), coalesce((form ->> 'danger')::boolean, false),
        coalesce((form ->> 'urgent')::boolean, false), form ->> 'unit', iehe.text_of(form ->> 'words'))
    ON CONFLICT (case_id) DO NOTHING;
    IF NOT FOUND AND NOT EXISTS (SELECT FROM iehe.support_referrals r
                                 WHERE r.case_id = of_case AND r.words = iehe.text_of(form ->> 'words')) THEN
        PERFORM iehe.refuse('referral-known');
    END IF;
    -- before the first message of the case (E18); an id that nobody has is nobody
    INSERT INTO iehe.case_shut_out (case_id, staff_id, since)
    SELECT of_case, each, now() FROM jsonb_array_elements_text(coalesce(form -> 'concerned', '[]')) AS each
    ON CONFLICT DO NOTHING;
    INSERT INTO iehe.support_accused (case_id, person, person_text)
    SELECT of_case, split_part(form ->> 'against', '.', 1), iehe.text_of(split_part(form ->> 'against', '.', 2))
    WHERE form ->> 'against' IS NOT NULL
    ON CONFLICT DO NOTHING;
    PERFORM iehe.support_shut_out_parties(
        ARRAY[split_part(form ->> 'person', '.', 1), split_part(form ->> 'against', '.', 1)]);
END
$$;

-- a text as it is sealed, with the key of its case as that is wrapped: who has the ring can open it
CREATE FUNCTION iehe.support_sealed(of_case text, id uuid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT 'sealed:' || concat_ws(':', k.class_key, encode(k.wrapped, 'base64'), t.text_id, encode(t.sealed, 'base64'))
    FROM iehe.texts t JOIN iehe.case_keys k USING (case_id) WHERE t.case_id = of_case AND t.text_id = id
$$;
REVOKE EXECUTE ON FUNCTION iehe.support_sealed FROM PUBLIC;

-- the cases about a person, by the keyed hash of whom that is
CREATE FUNCTION iehe.support_about(key text) RETURNS SETOF text LANGUAGE sql STABLE AS $$
    SELECT case_id FROM iehe.support_referrals WHERE person = key
$$;

-- whom a message is for; of the texts of a case who sends it gets these two alone
CREATE FUNCTION iehe.support_recipient(of_case text, reader text, id text)
RETURNS TABLE (address text, language text, name text, silenced boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = iehe AS $$
    SELECT iehe.support_sealed(of_case, CASE reader WHEN 'referrer' THEN r.referrer_email ELSE r.contact_text END),
           CASE reader WHEN 'referrer' THEN r.referrer_language ELSE r.language END,
           coalesce(iehe.support_sealed(of_case, CASE reader WHEN 'referrer' THEN r.referrer_name END), ''),
           EXISTS (SELECT FROM iehe.cases c WHERE c.case_id = of_case AND c.stage = 'deceased' AND reader = 'student')
    FROM iehe.support_referrals r
    WHERE r.case_id = of_case AND (reader = 'referrer' AND r.referrer_email IS NOT NULL OR reader = 'student')
      AND 'support' = ANY (iehe.rooms_here())
$$;

-- of who refers, what they are told of what they have referred, and nothing further (P5)
CREATE FUNCTION iehe.support_referred_by()
RETURNS TABLE (case_id text, referred_at timestamptz, contact text, contact_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT e.case_id, r.received_at, coalesce(c.outcome, 'not-yet'), c.at
    FROM iehe.events e JOIN iehe.support_referrals r USING (case_id)
    LEFT JOIN LATERAL (
        SELECT CASE k.outcome WHEN 'reached' THEN 'made' ELSE 'missed' END AS outcome, k.at FROM iehe.support_contacts k
        WHERE k.case_id = e.case_id ORDER BY k.outcome = 'reached' DESC, k.at LIMIT 1) c ON true
    WHERE e.source = 'office:' || iehe.acting() AND e.type = 'jp.ac.iehe.support-case.referral-received'
      AND NOT EXISTS (SELECT FROM iehe.case_shut_out o WHERE o.case_id = e.case_id AND o.staff_id = iehe.acting())
    ORDER BY r.received_at DESC, e.case_id
$$;
REVOKE EXECUTE ON FUNCTION iehe.support_referred_by FROM PUBLIC;
GRANT EXECUTE ON FUNCTION iehe.support_referred_by TO iehe_office;

-- the same to who has no name, by the code that they were given (S12)
CREATE FUNCTION iehe.support_receipt(of_case text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT CASE k.outcome WHEN 'reached' THEN 'made' ELSE 'missed' END FROM iehe.support_contacts k
                     WHERE k.case_id = of_case ORDER BY k.outcome = 'reached' DESC, k.at LIMIT 1), 'not-yet')
$$;

-- what a step writes ---------------------------------------------------------------------------------------

-- whom a case concerns: its owner and the leads of the unit, or the whole unit while it is in the queue; triage
-- while it has no unit; the harassment desk; the units that the student allows to see it
CREATE FUNCTION iehe.support_people(of_case text) RETURNS TABLE (staff_id text, role text) LANGUAGE sql STABLE AS $$
    WITH whose AS (SELECT o.unit, o.owner FROM iehe.support_ownership o WHERE o.case_id = of_case AND o.until IS NULL)
    SELECT m.staff_id, CASE WHEN m.lead THEN 'support_lead' ELSE 'counsellor' END
    FROM whose w JOIN iehe.support_members m USING (unit)
    WHERE w.unit <> 'harassment' AND (m.lead OR w.owner IS NULL OR m.staff_id = w.owner)
    UNION
    SELECT w.owner, CASE w.unit WHEN 'harassment' THEN 'harassment_officer' ELSE 'counsellor' END
    FROM whose w WHERE w.owner IS NOT NULL
    UNION
    -- what the harassment desk has taken over stays its own, also where another unit goes on with it (E17)
    SELECT m.staff_id, 'harassment_officer' FROM iehe.support_members m JOIN iehe.case_shut_out o ON m.unit = 'harassment'
    WHERE o.case_id = of_case AND o.staff_id = 'role:triage_officer'
    UNION
    SELECT 'role:triage_officer', 'triage_officer' FROM whose w WHERE w.unit IS NULL
    UNION
    SELECT m.staff_id, 'consented-' || c.content FROM iehe.support_consents c JOIN iehe.support_members m USING (unit)
    WHERE c.case_id = of_case AND c.ended_at IS NULL
    UNION
    SELECT v.substitute, 'counsellor' FROM iehe.case_covers v WHERE v.case_id = of_case
    UNION
    SELECT 'role:disclosure_officer', 'disclosure_officer' FROM iehe.support_access a
    WHERE a.case_id = of_case AND a.state <> 'ended'
$$;

CREATE FUNCTION iehe.support_settle(of_case text) RETURNS void LANGUAGE sql AS $$
    DELETE FROM iehe.case_people p
    WHERE p.case_id = of_case AND (p.role IN ('counsellor', 'support_lead', 'triage_officer', 'disclosure_officer', 'harassment_officer') OR p.role LIKE 'consented-%')
      AND NOT EXISTS (SELECT FROM iehe.support_people(of_case) s WHERE (s.staff_id, s.role) = (p.staff_id, p.role));
    INSERT INTO iehe.case_people (staff_id, case_id, role)
    SELECT s.staff_id, of_case, s.role FROM iehe.support_people(of_case) s
    ON CONFLICT DO NOTHING;
$$;
COMMENT ON FUNCTION iehe.support_settle IS 'Lets a case concern whom it concerns now: its owner, unit, and units by consent.';

CREATE FUNCTION iehe.support_record_owned(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    UPDATE iehe.support_ownership SET until = moment WHERE case_id = of_case AND until IS NULL;
    INSERT INTO iehe.support_ownership (case_id, version, unit, owner, why, since)
    VALUES (of_case, v, record ->> 'unit', record ->> 'owner', record ->> 'why', moment)
    ON CONFLICT (case_id, version) DO UPDATE SET unit = excluded.unit, owner = excluded.owner, why = excluded.why, until = NULL;
    -- whoever a ladder has asked was asked about somebody else's case
    DELETE FROM iehe.case_people WHERE case_id = of_case AND role = 'asked';
    SELECT iehe.support_settle(of_case);
$$;

CREATE FUNCTION iehe.support_record_consented(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    UPDATE iehe.support_consents SET ended_at = moment, ended_how = 'replaced'
    WHERE case_id = of_case AND unit = record ->> 'unit' AND ended_at IS NULL;
    INSERT INTO iehe.support_consents (case_id, version, unit, content, purpose, form, since, until)
    VALUES (of_case, v, record ->> 'unit', record ->> 'content', record ->> 'purpose', record ->> 'form', moment,
            (record ->> 'until')::timestamptz);
    SELECT iehe.support_settle(of_case);
$$;

CREATE FUNCTION iehe.support_record_consent_ended(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    UPDATE iehe.support_consents SET ended_at = moment, ended_how = record ->> 'how'
    WHERE case_id = of_case AND unit = record ->> 'unit' AND ended_at IS NULL;
    SELECT iehe.support_settle(of_case);
$$;

CREATE FUNCTION iehe.support_record_disclosed(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.support_disclosures (case_id, version, at, by, ground, receiver, reason)
    VALUES (of_case, v, moment, actor, record ->> 'ground', record ->> 'to', iehe.text_of(record ->> 'reason_id'))
$$;

CREATE FUNCTION iehe.support_record_asked(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.case_people (staff_id, case_id, role) VALUES (record ->> 'staff_id', of_case, 'asked')
    ON CONFLICT DO NOTHING;
$$;

-- who comes to a unit, or leaves it, sees its cases from then on, or not any more
CREATE FUNCTION iehe.support_members_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM iehe.support_settle(c.case_id) FROM (
        SELECT o.case_id FROM iehe.support_ownership o WHERE o.until IS NULL AND o.unit IN (OLD.unit, NEW.unit)
        UNION
        SELECT c.case_id FROM iehe.support_consents c WHERE c.ended_at IS NULL AND c.unit IN (OLD.unit, NEW.unit)
        UNION
        SELECT x.case_id FROM iehe.case_shut_out x
        WHERE x.staff_id = 'role:triage_officer' AND 'harassment' IN (OLD.unit, NEW.unit)
    ) AS c;
    RETURN NULL;
END
$$;
CREATE TRIGGER support_members_see AFTER INSERT OR UPDATE OR DELETE ON iehe.support_members
    FOR EACH ROW EXECUTE FUNCTION iehe.support_members_changed();

CREATE FUNCTION iehe.support_record_scored(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.support_scores (case_id, version, at, by, distress, hostility, distress_reason, hostility_reason, level, kind)
    VALUES (of_case, v, moment, actor, (record ->> 'distress')::int, (record ->> 'hostility')::int,
            iehe.text_of(record ->> 'distress_reason_id'), iehe.text_of(record ->> 'hostility_reason_id'),
            (record ->> 'level')::int, record ->> 'kind_code')
$$;

CREATE FUNCTION iehe.support_record_contacted(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.support_contacts (case_id, version, at, by, channel, outcome, note)
    VALUES (of_case, v, (record ->> 'at')::timestamptz, actor, record ->> 'channel', record ->> 'outcome',
            iehe.text_of(record ->> 'note_id'))
$$;

CREATE FUNCTION iehe.support_record_concerned(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.case_shut_out (case_id, staff_id, since) VALUES (of_case, record ->> 'staff_id', moment)
    ON CONFLICT DO NOTHING;
    DELETE FROM iehe.case_people WHERE case_id = of_case AND staff_id = record ->> 'staff_id';
    UPDATE iehe.notices SET state = 'suppressed', reason = 'shut-out'
    WHERE case_id = of_case AND recipient_kind = 'staff' AND recipient_id = record ->> 'staff_id' AND state IN ('queued', 'failed');
$$;

CREATE FUNCTION iehe.support_record_paged(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.support_pages (case_id, page, rung, staff_id, version, at)
    VALUES (of_case, (record ->> 'page')::int, record ->> 'rung', record ->> 'staff_id', v, moment);
    INSERT INTO iehe.case_people (staff_id, case_id, role) VALUES (record ->> 'staff_id', of_case, 'duty_officer')
    ON CONFLICT DO NOTHING;
$$;

-- S19: on these days the cover gets what the owner would and sees the case, and afterwards no more
CREATE FUNCTION iehe.support_record_covered(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF (record ->> 'over')::boolean THEN
        DELETE FROM iehe.case_covers
        WHERE case_id = of_case AND staff_id = record ->> 'owner' AND begins_at = (record ->> 'begins_at')::timestamptz;
    ELSE
        INSERT INTO iehe.case_covers (case_id, staff_id, substitute, begins_at, ends_at)
        VALUES (of_case, record ->> 'owner', record ->> 'by', (record ->> 'begins_at')::timestamptz,
                (record ->> 'ends_at')::timestamptz)
        ON CONFLICT (case_id, staff_id, begins_at) DO UPDATE
        SET substitute = excluded.substitute, ends_at = excluded.ends_at;
    END IF;
    PERFORM iehe.support_settle(of_case);
END
$$;

CREATE FUNCTION iehe.support_erase(of_case text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    about  text := (SELECT r.person FROM iehe.support_referrals r WHERE r.case_id = of_case);
    gone   jsonb := iehe.erase_rows(of_case, ARRAY[
        'support_access', 'support_accused', 'support_desk', 'support_incident_cases', 'support_guardians', 'support_calls',
        'support_interpreters', 'support_appointments', 'support_link_readers', 'support_links',
        'support_pages', 'support_consents', 'support_disclosures', 'support_contacts', 'support_scores',
        'support_ownership', 'support_referrals']);
    count  bigint;
BEGIN
    -- with the last case about somebody nothing is left that stands for them
    DELETE FROM iehe.support_left WHERE person = about
       AND NOT EXISTS (SELECT FROM iehe.support_referrals r WHERE r.person = about);
    GET DIAGNOSTICS count = ROW_COUNT;
    RETURN gone || jsonb_build_object('support_left', count);
END
$$;

-- P6: the years count from the day the student leaves, and of who has not left everything is kept; where nobody was
-- named, from the end of the case
CREATE FUNCTION iehe.support_may_be_erased_from(of_case text) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN r.person IS NULL THEN c.closed_at
                ELSE greatest(c.closed_at, (SELECT l.left_on::timestamp AT TIME ZONE 'Asia/Tokyo' FROM iehe.support_left l
                                            WHERE l.person = r.person)) END
    FROM iehe.cases c JOIN iehe.support_referrals r USING (case_id)
    WHERE c.case_id = of_case AND (r.person IS NULL OR EXISTS (SELECT FROM iehe.support_left l WHERE l.person = r.person))
$$;

-- rights ---------------------------------------------------------------------------------------------------

SELECT iehe.keep_at_home('support', 'support_referrals', 'support_left', 'support_members', 'support_ownership', 'support_scores',
    'support_contacts', 'support_pages', 'support_consents', 'support_disclosures');

GRANT SELECT ON iehe.support_referrals, iehe.support_left, iehe.support_members, iehe.support_ownership, iehe.support_scores,
    iehe.support_contacts, iehe.support_pages, iehe.support_consents, iehe.support_disclosures TO iehe_worker, iehe_office;
GRANT INSERT ON iehe.support_ownership, iehe.support_scores, iehe.support_contacts, iehe.support_pages,
    iehe.support_consents, iehe.support_disclosures TO iehe_worker;
GRANT UPDATE ON iehe.support_ownership, iehe.support_consents TO iehe_worker;
GRANT INSERT ON iehe.support_referrals TO iehe_worker, iehe_office;
GRANT INSERT ON iehe.case_shut_out TO iehe_office;
GRANT INSERT, UPDATE, DELETE ON iehe.support_members TO iehe_office;
