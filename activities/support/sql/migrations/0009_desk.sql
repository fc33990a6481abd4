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

CREATE TABLE iehe.support_accused (
    case_id      text NOT NULL,
    person       text NOT NULL,
    person_text  uuid NOT NULL,
    PRIMARY KEY (case_id, person)
);
COMMENT ON TABLE iehe.support_accused IS 'Whom a case is against, by the keyed hash of a number or mail address, on the staff or not.';
CREATE INDEX support_accused_by_person ON iehe.support_accused (person);

CREATE TABLE iehe.support_staff_keys (
    key       text NOT NULL,
    staff_id  text NOT NULL REFERENCES iehe.staff,
    PRIMARY KEY (key, staff_id)
);
COMMENT ON TABLE iehe.support_staff_keys IS
    'Keyed hashes of the ids and mail addresses of the staff: whoever a case is about or against is found among them.';

-- whoever is about or against whom a case is, and of the staff, is out of it; also who came to the staff since (E18)
CREATE FUNCTION iehe.support_shut_out_parties(keys text[]) RETURNS void LANGUAGE sql AS $$
    WITH party AS (
        SELECT p.case_id, k.staff_id FROM (
            SELECT r.case_id, r.person FROM iehe.support_referrals r WHERE r.person = ANY (keys)
            UNION
            SELECT a.case_id, a.person FROM iehe.support_accused a WHERE a.person = ANY (keys)
        ) AS p JOIN iehe.support_staff_keys k ON k.key = p.person
    ), seen AS (
        DELETE FROM iehe.case_people c USING party p WHERE (c.case_id, c.staff_id) = (p.case_id, p.staff_id)
    ), told AS (
        UPDATE iehe.notices n SET state = 'suppressed', reason = 'shut-out' FROM party p
        WHERE n.case_id = p.case_id AND n.recipient_kind = 'staff' AND n.recipient_id = p.staff_id AND n.state IN ('queued', 'failed')
    )
    INSERT INTO iehe.case_shut_out (case_id, staff_id, since) SELECT DISTINCT case_id, staff_id, now() FROM party
    ON CONFLICT DO NOTHING
$$;

-- with the owner's rights: who keeps the staff sees nothing of the cases
CREATE FUNCTION iehe.support_keep_staff_keys(staff_ids text[], keys text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO iehe.support_staff_keys (key, staff_id) SELECT * FROM unnest(keys, staff_ids) ON CONFLICT DO NOTHING;
    PERFORM iehe.support_shut_out_parties(keys);
END
$$;
REVOKE EXECUTE ON FUNCTION iehe.support_keep_staff_keys FROM PUBLIC;
GRANT EXECUTE ON FUNCTION iehe.support_keep_staff_keys TO iehe_office;

CREATE FUNCTION iehe.support_record_desk_noted(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.support_accused (case_id, person, person_text)
    SELECT of_case, split_part(record ->> 'person', '.', 1), iehe.text_of(split_part(record ->> 'person', '.', 2))
    WHERE record ->> 'person' IS NOT NULL
    ON CONFLICT DO NOTHING;
    SELECT iehe.support_shut_out_parties(ARRAY[split_part(record ->> 'person', '.', 1)]);
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

SELECT iehe.keep_at_home('support', 'support_desk', 'support_accused', 'support_staff_keys');

GRANT SELECT ON iehe.support_desk, iehe.support_accused, iehe.support_staff_keys TO iehe_worker, iehe_office;
GRANT INSERT ON iehe.support_desk, iehe.support_accused TO iehe_worker;
