-- The harassment desk: what it has noted, and that triage has no part any more in what it has taken over (E17).

CREATE TABLE iehe.support_desk (
    case_id   text NOT NULL REFERENCES iehe.cases,
    version   integer NOT NULL,
    at        timestamptz NOT NULL,
    by        text NOT NULL,
    what      text NOT NULL,
    staff_id  text,
    code      text,
    until     timestamptz,
    note      uuid REFERENCES iehe.texts,
    PRIMARY KEY (case_id, version)
);
COMMENT ON TABLE iehe.support_desk IS
    'Parties, investigators, and whether the accused may be, and was, contacted: what the harassment desk has noted.';

CREATE FUNCTION iehe.support_record_handed_to_desk(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.case_shut_out (case_id, staff_id, since)
    SELECT of_case, 'role:' || each, moment FROM jsonb_array_elements_text(record -> 'roles') AS each
    ON CONFLICT DO NOTHING;
$$;

CREATE FUNCTION iehe.support_record_desk_noted(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.support_desk (case_id, version, at, by, what, staff_id, code, until, note)
    VALUES (of_case, v, moment, actor, record ->> 'what', record ->> 'staff_id', record ->> 'code',
            (record ->> 'until')::timestamptz, iehe.text_of(record ->> 'note_id'))
$$;

-- who has had a case, or spoken to the student, in it or in one that it goes on for
CREATE FUNCTION iehe.support_counselled(of_case text, who text) RETURNS boolean LANGUAGE sql STABLE AS $$
    WITH one AS (
        SELECT of_case AS case_id
        UNION SELECT l.case_id FROM iehe.support_links l WHERE l.survivor = of_case AND l.unlinked_at IS NULL
    )
    SELECT EXISTS (SELECT FROM one JOIN iehe.support_ownership o USING (case_id) WHERE o.owner = who)
        OR EXISTS (SELECT FROM one JOIN iehe.support_contacts c USING (case_id) WHERE c.by = who)
$$;

SELECT iehe.keep_at_home('support', 'support_desk');

GRANT SELECT ON iehe.support_desk TO iehe_worker, iehe_office;
GRANT INSERT ON iehe.support_desk TO iehe_worker;
