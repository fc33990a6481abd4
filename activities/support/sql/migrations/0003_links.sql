-- Cases that are one with another, each with the evidence; and who may have read what was not of their case.

CREATE TABLE iehe.support_links (
    case_id      text NOT NULL REFERENCES iehe.cases,
    link         integer NOT NULL,
    survivor     text NOT NULL,
    linked_at    timestamptz NOT NULL,
    linked_by    text NOT NULL,
    evidence     uuid NOT NULL REFERENCES iehe.texts,
    unlinked_at  timestamptz,
    unlinked_by  text,
    reason       uuid REFERENCES iehe.texts,
    PRIMARY KEY (case_id, link)
);
COMMENT ON TABLE iehe.support_links IS 'Which case a person found to be one with which other; taken back, it stays on record (S11).';
CREATE INDEX support_links_by_survivor ON iehe.support_links (survivor);

CREATE TABLE iehe.support_link_readers (
    case_id   text NOT NULL,
    link      integer NOT NULL,
    staff_id  text NOT NULL,
    PRIMARY KEY (case_id, link, staff_id),
    FOREIGN KEY (case_id, link) REFERENCES iehe.support_links
);
COMMENT ON TABLE iehe.support_link_readers IS
    'Who had to do with one of two cases while they were wrongly taken for one: looked at by the head.';

-- open cases about the same person that were referred before; what is with the harassment desk is not told of (E17)
CREATE FUNCTION iehe.support_same_person(of_case text) RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT ARRAY(
        SELECT o.case_id FROM iehe.support_referrals r
        JOIN iehe.support_referrals o ON o.person = r.person AND (o.received_at, o.case_id) < (r.received_at, r.case_id)
        LEFT JOIN iehe.cases c ON c.case_id = o.case_id
        LEFT JOIN iehe.support_ownership w ON w.case_id = o.case_id AND w.until IS NULL
        WHERE r.case_id = of_case AND c.closed_at IS NULL AND c.stage IS DISTINCT FROM 'linked'
          AND 'harassment' NOT IN (coalesce(w.unit, ''), coalesce(o.unit, ''), coalesce(r.unit, ''))
          AND NOT EXISTS (SELECT FROM iehe.case_shut_out x WHERE x.case_id = o.case_id AND x.staff_id = 'role:triage_officer')
        ORDER BY o.received_at, o.case_id)
$$;

-- whether somebody may open a case to link another one to it: the harassment desk's is its own
CREATE FUNCTION iehe.support_may_open(of_case text, who text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM iehe.rights_of(of_case, who) r WHERE r.field = 'work')
       AND NOT EXISTS (SELECT FROM iehe.support_ownership w
                       WHERE w.case_id = of_case AND w.until IS NULL AND w.unit = 'harassment')
$$;

CREATE FUNCTION iehe.support_record_linked(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM iehe.redirect_case(of_case, record ->> 'survivor', moment);
    INSERT INTO iehe.support_links (case_id, link, survivor, linked_at, linked_by, evidence)
    VALUES (of_case, v, record ->> 'survivor', moment, actor, iehe.text_of(record ->> 'evidence_id'));
END
$$;

CREATE FUNCTION iehe.support_record_unlinked(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    DELETE FROM iehe.case_redirects WHERE case_id = of_case;
    WITH undone AS (
        UPDATE iehe.support_links SET unlinked_at = moment, unlinked_by = actor, reason = iehe.text_of(record ->> 'reason_id')
        WHERE case_id = of_case AND unlinked_at IS NULL RETURNING case_id, link, survivor, linked_at
    )
    INSERT INTO iehe.support_link_readers (case_id, link, staff_id)
    SELECT u.case_id, u.link, who FROM undone u CROSS JOIN LATERAL (
        SELECT p.staff_id FROM iehe.case_people p WHERE p.case_id IN (u.case_id, u.survivor)
        UNION
        SELECT l.actor_id FROM iehe.case_log l
        WHERE l.case_id IN (u.case_id, u.survivor) AND l.actor_kind = 'person' AND l.at >= u.linked_at
        UNION
        SELECT n.recipient_id FROM iehe.notices n
        WHERE n.case_id IN (u.case_id, u.survivor) AND n.recipient_kind = 'staff' AND n.recipient_id <> '-'
          AND n.state = 'accepted' AND n.queued_at >= u.linked_at
        UNION
        SELECT k.staff_id FROM iehe.case_reads k
        WHERE k.case_id IN (u.case_id, u.survivor) AND k.what <> 'list' AND k.at >= u.linked_at
    ) AS had_to_do (who)
$$;

CREATE FUNCTION iehe.support_record_concerned_no_more(of_case text, v integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    DELETE FROM iehe.case_shut_out WHERE case_id = of_case AND staff_id = record ->> 'staff_id'
$$;

SELECT iehe.keep_at_home('support', 'support_links', 'support_link_readers');

GRANT SELECT ON iehe.support_links, iehe.support_link_readers TO iehe_worker, iehe_office;
GRANT INSERT ON iehe.support_links, iehe.support_link_readers TO iehe_worker;
GRANT UPDATE ON iehe.support_links TO iehe_worker;
