-- Search: what of a case can be found by the words of whom it is about, written by the room with its own records.

-- Composed and half-width forms, accents and voicing marks, hiragana, letter case and spaces make no difference.
CREATE FUNCTION iehe.search_form(said text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT translate(lower(regexp_replace(normalize(said, NFKD), '[\u0300-\u036f\u3099\u309a\s\u00a0\u3000・]', '', 'g')),
        'ぁあぃいぅうぇえぉおかきくけこさしすせそたちっつてとなにぬねのはひふへほまみむめもゃやゅゆょよらりるれろゎわゐゑをんゝ‐‑‒–—−',
        'ァアィイゥウェエォオカキクケコサシスセソタチッツテトナニヌネノハヒフヘホマミムメモャヤュユョヨラリルレロヮワヰヱヲンヽ------')
$$;
COMMENT ON FUNCTION iehe.search_form IS 'A text as it is searched: the same however somebody has written it.';

CREATE FUNCTION iehe.search_text(VARIADIC said text[]) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(string_agg(iehe.search_form(each), E'\n'), '') FROM unnest(said) AS each WHERE each <> ''
$$;
COMMENT ON FUNCTION iehe.search_text IS 'Several texts of which each is found by a part of it, and by no part that reaches over its end.';

CREATE FUNCTION iehe.sort_key(kana text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT iehe.search_form(kana) || ' ' || normalize(kana, NFKC)
$$;
COMMENT ON FUNCTION iehe.sort_key IS 'Kana without voicing marks, then as they are: ガイ comes before カウ.';

CREATE TABLE iehe.search_texts (
    case_id   text PRIMARY KEY,
    name      text NOT NULL,
    text      text NOT NULL,
    sort_key  text COLLATE "C" NOT NULL,
    room      text NOT NULL GENERATED ALWAYS AS (split_part(case_id, '/', 1)) STORED
);
COMMENT ON TABLE iehe.search_texts IS
    'Personal: by what somebody is found of whom a case is, kept by triggers on the records of the rooms, and gone with '
    'them. Rooms whose cases are found by their numbers alone have no row here.';
COMMENT ON COLUMN iehe.search_texts.text IS 'Of iehe.search_text; what is asked for has the form of iehe.search_form.';
CREATE INDEX search_texts_by_room ON iehe.search_texts (room);

CREATE FUNCTION iehe.rooms_seen_whole(of_field text) RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(array_agg(r.room), '{}') FROM iehe.rooms r
    WHERE iehe.acting() = '*' OR EXISTS (
        SELECT FROM iehe.sight g JOIN iehe.staff s ON g.role = ANY (s.roles)
        WHERE g.process = r.process AND g.field = of_field AND g.concern = '' AND s.staff_id = iehe.acting() AND s.active)
$$;
COMMENT ON FUNCTION iehe.rooms_seen_whole IS 'Rooms of which whoever acts sees a group of fields in every case, but for a few.';

SELECT iehe.keep_at_home(NULL, 'search_texts');
-- a name is for who sees whom the case is about, in every room
DROP POLICY in_sight ON iehe.search_texts;
CREATE POLICY in_sight ON iehe.search_texts TO iehe_office USING (
    room = ANY ((SELECT iehe.rooms_seen_whole('personal'))::text[])
        AND case_id <> ALL ((SELECT iehe.cases_out_of_sight())::text[])
    OR iehe.in_sight(case_id, 'personal')) WITH CHECK (true);

REVOKE EXECUTE ON FUNCTION iehe.rooms_seen_whole FROM PUBLIC;
GRANT EXECUTE ON FUNCTION iehe.rooms_seen_whole TO iehe_office;
GRANT SELECT, INSERT, UPDATE, DELETE ON iehe.search_texts TO iehe_worker;
GRANT SELECT, INSERT, UPDATE ON iehe.search_texts TO iehe_office;

-- Steps of all cases by time, and those of somebody, for who audits them.
CREATE INDEX case_log_by_time ON iehe.case_log (at, case_id, version);
CREATE INDEX case_log_by_actor ON iehe.case_log (actor_id, at, case_id, version);

-- As before, and with what was added since; of names the triggers of the rooms leave nothing to be done.
CREATE OR REPLACE FUNCTION iehe.erase_case(of_run text, of_case text, workflow_runs integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    due   record;
    key   uuid;
    gone  jsonb;
BEGIN
    PERFORM FROM iehe.cases c WHERE c.case_id = of_case FOR UPDATE;
    SELECT * INTO due FROM iehe.cases_due d WHERE d.case_id = of_case AND iehe.kept_because(d.case_id) IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    SELECT k.key_id INTO key FROM iehe.case_keys k WHERE k.case_id = of_case;
    EXECUTE format('SELECT iehe.%I($1)', split_part(of_case, '/', 1) || '_erase') INTO gone USING of_case;
    gone := gone || iehe.erase_rows(of_case, ARRAY['search_texts', 'drafts', 'document_reads', 'documents', 'case_reads', 'broken_glass', 'case_people', 'case_shut_out', 'case_receipts',
        'case_covers', 'deadlines', 'tasks', 'notices', 'events', 'facts', 'fact_reaches',
        'place_queue', 'places', 'place_log', 'case_starts', 'case_labels', 'case_redirects', 'case_holds', 'texts', 'case_keys', 'case_log', 'cases']);
    INSERT INTO iehe.case_certificates (case_id, process, closed_at, run, years, policy_version, rows, workflow_runs,
                                        last_hash, key_id)
    VALUES (of_case, due.process, due.closed_at, of_run, due.years, due.policy_version, gone, workflow_runs, due.hash,
            key);
    RETURN true;
END
$$;
