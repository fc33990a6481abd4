-- People around the student: guardians told, contacts called, interpreters.

CREATE TABLE iehe.support_guardians (
    case_id   text NOT NULL REFERENCES iehe.cases,
    version   integer NOT NULL,
    at        timestamptz NOT NULL,
    by        text NOT NULL,
    told      boolean NOT NULL,
    relation  text CHECK (relation IN ('parent', 'guardian')),
    reason    uuid REFERENCES iehe.texts,
    PRIMARY KEY (case_id, version),
    CHECK (CASE WHEN told THEN relation IS NOT NULL ELSE reason IS NOT NULL END)
);
COMMENT ON TABLE iehe.support_guardians IS 'Guardians of students under 18: told, or why not (S17).';

CREATE TABLE iehe.support_calls (
    case_id      text NOT NULL REFERENCES iehe.cases,
    version      integer NOT NULL,
    at           timestamptz NOT NULL,
    contact      text NOT NULL CHECK (contact IN ('emergency', 'well-being')),
    proposed_by  text NOT NULL,
    decided_by   text NOT NULL,
    confirmed    boolean NOT NULL,
    reason       uuid REFERENCES iehe.texts,
    PRIMARY KEY (case_id, version),
    CONSTRAINT support_calls_two_people CHECK (NOT confirmed OR proposed_by <> decided_by)
);
COMMENT ON TABLE iehe.support_calls IS 'Whether a contact of the student is called: decided by two senior people (S17).';

CREATE TABLE iehe.support_interpreters (
    case_id      text NOT NULL REFERENCES iehe.cases,
    version      integer NOT NULL,
    since        timestamptz NOT NULL,
    named_by     text NOT NULL,
    language     text NOT NULL,
    interpreter  text,
    PRIMARY KEY (case_id, version)
);
COMMENT ON TABLE iehe.support_interpreters IS 'The language of a case, and who interprets: staff, or a code of somebody outside (S18).';

CREATE FUNCTION iehe.support_under_age(of_case text, moment timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT r.adult_on > (moment AT TIME ZONE 'Asia/Tokyo')::date FROM iehe.support_referrals r
                     WHERE r.case_id = of_case), false)
$$;

CREATE FUNCTION iehe.support_record_guardian_told(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.support_guardians (case_id, version, at, by, told, relation, reason)
    VALUES (of_case, v, moment, actor, (record ->> 'told')::boolean, record ->> 'relation',
            iehe.text_of(record ->> 'reason_id'))
$$;

CREATE FUNCTION iehe.support_record_call_decided(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.support_calls (case_id, version, at, contact, proposed_by, decided_by, confirmed, reason)
    VALUES (of_case, v, moment, record ->> 'contact', record ->> 'proposed_by', actor, (record ->> 'confirmed')::boolean,
            iehe.text_of(record ->> 'reason_id'))
$$;

CREATE FUNCTION iehe.support_record_interpreter_named(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.support_interpreters (case_id, version, since, named_by, language, interpreter)
    VALUES (of_case, v, moment, actor, record ->> 'language', record ->> 'interpreter')
$$;

SELECT iehe.keep_at_home('support', 'support_guardians', 'support_calls', 'support_interpreters');

GRANT SELECT ON iehe.support_guardians, iehe.support_calls, iehe.support_interpreters TO iehe_worker, iehe_office;
GRANT INSERT ON iehe.support_guardians, iehe.support_calls, iehe.support_interpreters TO iehe_worker;
