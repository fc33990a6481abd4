-- Results: lists that one person prepares and another confirms, and that are out for everybody at one hour. What is out
-- is told by one row and the clock of this server, and by nothing that a process does at that hour.

CREATE TABLE iehe.clock_shift (
    one    boolean PRIMARY KEY DEFAULT true CHECK (one),
    shift  interval NOT NULL
);
COMMENT ON TABLE iehe.clock_shift IS
    'How far the clock of releases is moved where time is played, as in demonstrations; otherwise there is no row.';

CREATE FUNCTION iehe.clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
    SELECT clock_timestamp() + coalesce((SELECT s.shift FROM iehe.clock_shift s), interval '0')
$$;
COMMENT ON FUNCTION iehe.clock IS 'By which results are out: the clock of this server, whatever a reader''s own says.';

CREATE TABLE iehe.releases (
    release       text PRIMARY KEY,
    case_id       text NOT NULL,
    process       text NOT NULL,
    hour          timestamptz NOT NULL,
    state         text NOT NULL DEFAULT 'scheduled' CHECK (state IN ('scheduled', 'held')),
    reason        text CHECK ((reason IS NULL) = (state = 'scheduled')),
    scheduled_by  text NOT NULL,
    version       integer NOT NULL
);
COMMENT ON TABLE iehe.releases IS 'From which hour some confirmed lists of a case are out. One that was held never comes.';
CREATE INDEX releases_by_case ON iehe.releases (case_id);

CREATE TABLE iehe.result_lists (
    list          text PRIMARY KEY,
    case_id       text NOT NULL,
    process       text NOT NULL,
    name          text NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9_.:-]{0,63}$'),
    number        integer NOT NULL CHECK (number > 0),
    state         text NOT NULL DEFAULT 'made' CHECK (state IN ('made', 'prepared', 'confirmed', 'withdrawn')),
    inputs        text NOT NULL CHECK (inputs ~ '^[0-9a-f]{64}$'),
    rules         text NOT NULL,
    body          bytea NOT NULL,
    hash          text NOT NULL GENERATED ALWAYS AS (encode(sha256(body), 'hex')) STORED,
    counts        jsonb NOT NULL,
    made_at       timestamptz NOT NULL DEFAULT now(),
    prepared_by   text,
    prepared_at   timestamptz,
    confirmed_by  text,
    confirmed_at  timestamptz,
    release       text REFERENCES iehe.releases,
    why           text,
    UNIQUE (case_id, name, number),
    CHECK (state <> 'prepared' OR prepared_by IS NOT NULL),
    CONSTRAINT result_lists_two_persons CHECK (state <> 'confirmed' OR prepared_by <> confirmed_by),
    CONSTRAINT result_lists_confirmed CHECK (release IS NULL OR state = 'confirmed'),
    CHECK ((why IS NULL) = (state <> 'withdrawn'))
);
COMMENT ON TABLE iehe.result_lists IS
    'Lists of results as they were made: each with what it was made from, and who has prepared and confirmed these bytes.';
COMMENT ON COLUMN iehe.result_lists.inputs IS 'SHA-256 of all that it was made from, the rules among it.';
COMMENT ON COLUMN iehe.result_lists.hash IS 'SHA-256 of its bytes: what is prepared, confirmed, released and printed.';
COMMENT ON COLUMN iehe.result_lists.why IS 'Code of why it does not count any more: it was made from something else.';
-- of each name one is on its way; what is out stays beside it until another one is
CREATE UNIQUE INDEX result_lists_one_at_a_time ON iehe.result_lists (case_id, name)
    WHERE state <> 'withdrawn' AND release IS NULL;
CREATE INDEX result_lists_by_release ON iehe.result_lists (release);

CREATE TABLE iehe.result_lines (
    list          text NOT NULL REFERENCES iehe.result_lists ON DELETE CASCADE,
    line          integer NOT NULL,
    case_id       text NOT NULL,
    subject       text NOT NULL,
    result        jsonb NOT NULL,
    told_version  integer,
    PRIMARY KEY (list, line)
);
COMMENT ON TABLE iehe.result_lines IS 'What a list says of whom: what they are told when it is out, and nothing else of it.';
COMMENT ON COLUMN iehe.result_lines.subject IS 'The case, of another process, that it is about.';
COMMENT ON COLUMN iehe.result_lines.told_version IS 'By which step that case was told; null: not yet.';
CREATE INDEX result_lines_by_subject ON iehe.result_lines (subject);
CREATE INDEX result_lines_untold ON iehe.result_lines (list, line) WHERE told_version IS NULL;

CREATE TABLE iehe.result_reads (
    read      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    case_id   text NOT NULL,
    list      text NOT NULL,
    staff_id  text NOT NULL,
    out       boolean NOT NULL
);
COMMENT ON TABLE iehe.result_reads IS 'Who has opened which list, and whether it was out then.';
CREATE INDEX result_reads_by_case ON iehe.result_reads (case_id, read);
CREATE TRIGGER result_reads_stay BEFORE UPDATE OR DELETE ON iehe.result_reads
    FOR EACH ROW EXECUTE FUNCTION iehe.refuse_change();
CREATE TRIGGER result_reads_stay_whole BEFORE TRUNCATE ON iehe.result_reads
    FOR EACH STATEMENT EXECUTE FUNCTION iehe.refuse_change();

-- what was made stays as it was made
CREATE FUNCTION iehe.keep_bytes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.list, OLD.case_id, OLD.name, OLD.number, OLD.inputs, OLD.rules, OLD.body, OLD.counts)
       IS DISTINCT FROM (NEW.list, NEW.case_id, NEW.name, NEW.number, NEW.inputs, NEW.rules, NEW.body, NEW.counts) THEN
        RAISE EXCEPTION 'a list stays as it was made' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER result_lists_keep_bytes BEFORE UPDATE ON iehe.result_lists
    FOR EACH ROW EXECUTE FUNCTION iehe.keep_bytes();

-- what is out -----------------------------------------------------------------------------------------------

CREATE FUNCTION iehe.is_out(of_release text) RETURNS boolean LANGUAGE sql VOLATILE AS $$
    SELECT EXISTS (SELECT FROM iehe.releases r
                   WHERE r.release = of_release AND r.state = 'scheduled' AND r.hour <= iehe.clock())
$$;
COMMENT ON FUNCTION iehe.is_out IS 'Whether a release has come. Nothing has to be written at its hour.';

-- looked at once more as it is committed: nobody sees a result that is hidden again
CREATE FUNCTION iehe.hold_in_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.hour <= iehe.clock() THEN
        PERFORM iehe.refuse('release-out', jsonb_build_object('hour', to_char(
            OLD.hour AT TIME ZONE 'Asia/Tokyo', 'YYYY-MM-DD HH24:MI')));
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER releases_held_in_time AFTER UPDATE OF state, hour ON iehe.releases
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION iehe.hold_in_time();

CREATE FUNCTION iehe.released_lines(of_subject text)
RETURNS TABLE (list text, name text, number integer, hash text, hour timestamptz, result jsonb)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT DISTINCT ON (l.case_id, l.name) l.list, l.name, l.number, l.hash, r.hour, n.result
    FROM iehe.result_lines n JOIN iehe.result_lists l USING (list) JOIN iehe.releases r USING (release)
    WHERE n.subject = of_subject AND split_part(of_subject, '/', 1) = ANY (iehe.rooms_here())
      AND r.state = 'scheduled' AND r.hour <= iehe.clock()
    ORDER BY l.case_id, l.name, l.number DESC
$$;
COMMENT ON FUNCTION iehe.released_lines IS
    'What the newest lists that are out say of a case. The one way to a result: before its hour there is none.';

CREATE FUNCTION iehe.open_result_list(of_list text, who text)
RETURNS TABLE (name text, number integer, state text, inputs text, rules text, hash text, body bytea)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO iehe.result_reads (case_id, list, staff_id, out)
    SELECT l.case_id, l.list, who, iehe.is_out(l.release) FROM iehe.result_lists l
    WHERE l.list = of_list AND split_part(l.case_id, '/', 1) = ANY (iehe.rooms_here());
    RETURN QUERY SELECT l.name, l.number, l.state, l.inputs, l.rules, l.hash, l.body
    FROM iehe.result_lists l WHERE l.list = of_list AND split_part(l.case_id, '/', 1) = ANY (iehe.rooms_here());
END
$$;
COMMENT ON FUNCTION iehe.open_result_list IS
    'The bytes of a list, whether it is out or not, with a note of who has opened it; who may is asked before.';

-- what becomes of a list -------------------------------------------------------------------------------------

CREATE FUNCTION iehe.withdraw_results(of_case text, names text[], code text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    gone  text[];
BEGIN
    -- a release is whole or is held: who would have been told by one of its lists alone would be told too early
    PERFORM FROM iehe.result_lists l WHERE l.case_id = of_case AND l.state <> 'withdrawn' ORDER BY l.list FOR UPDATE;
    UPDATE iehe.releases r SET state = 'held', reason = code
    WHERE r.case_id = of_case AND r.state = 'scheduled' AND r.hour > iehe.clock()
      AND EXISTS (SELECT FROM iehe.result_lists l WHERE l.release = r.release AND l.name = ANY (names));
    UPDATE iehe.result_lists l SET release = NULL FROM iehe.releases r
    WHERE l.case_id = of_case AND r.release = l.release AND r.state = 'held';
    WITH withdrawn AS (
        UPDATE iehe.result_lists l SET state = 'withdrawn', why = code
        WHERE l.case_id = of_case AND l.name = ANY (names) AND l.state <> 'withdrawn' AND l.release IS NULL
        RETURNING l.name)
    SELECT coalesce(array_agg(w.name ORDER BY w.name), '{}') INTO gone FROM withdrawn w;
    RETURN gone;
END
$$;
COMMENT ON FUNCTION iehe.withdraw_results IS
    'Lists that were made from something that has changed count no more, whoever has confirmed them; a release that has '
    'not come is held with them. What is out stays out. The names of those that were withdrawn.';

CREATE FUNCTION iehe.make_result_list(of_case text, of_name text, of_inputs text, of_rules text, bytes bytea, of_counts jsonb,
                                      lines jsonb)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    made  text;
    next  integer;
BEGIN
    PERFORM iehe.withdraw_results(of_case, ARRAY[of_name], 'made-anew');
    SELECT coalesce(max(l.number), 0) + 1 INTO next FROM iehe.result_lists l
    WHERE l.case_id = of_case AND l.name = of_name;
    made := format('%s#%s/%s', of_case, of_name, next);
    INSERT INTO iehe.result_lists (list, case_id, process, name, number, inputs, rules, body, counts)
    SELECT made, of_case, r.process, of_name, next, of_inputs, of_rules, bytes, of_counts
    FROM iehe.rooms r WHERE r.room = split_part(of_case, '/', 1);
    INSERT INTO iehe.result_lines (list, line, case_id, subject, result)
    SELECT made, n.line, of_case, n.said ->> 'subject', n.said -> 'result'
    FROM jsonb_array_elements(lines) WITH ORDINALITY AS n (said, line);
    RETURN made;
END
$$;
COMMENT ON FUNCTION iehe.make_result_list IS 'A new list, instead of one of that name that was not out: its key.';

CREATE FUNCTION iehe.host_result_made(of_case text, v integer, moment timestamptz, actor text, r jsonb) RETURNS void
LANGUAGE sql AS $$
    SELECT iehe.make_result_list(of_case, r ->> 'name', r ->> 'inputs', r ->> 'rules', convert_to(r ->> 'body', 'UTF8'),
                                 r -> 'counts', r -> 'lines');
    UPDATE iehe.result_lists l SET state = 'prepared', prepared_by = actor, prepared_at = moment
    WHERE (r ->> 'prepared')::boolean AND l.case_id = of_case AND l.name = r ->> 'name' AND l.state = 'made'
$$;

CREATE FUNCTION iehe.host_result_reopened(of_case text, v integer, moment timestamptz, actor text, r jsonb) RETURNS void
LANGUAGE sql AS $$
    UPDATE iehe.result_lists l SET state = 'prepared', confirmed_by = NULL, confirmed_at = NULL
    WHERE l.case_id = of_case AND l.name = r ->> 'name' AND l.state = 'confirmed' AND l.release IS NULL
$$;

CREATE FUNCTION iehe.host_results_withdrawn(of_case text, v integer, moment timestamptz, actor text, r jsonb) RETURNS void
LANGUAGE sql AS $$
    SELECT iehe.withdraw_results(of_case, ARRAY(SELECT jsonb_array_elements_text(r -> 'names')), r ->> 'reason')
$$;

CREATE FUNCTION iehe.host_result_prepared(of_case text, v integer, moment timestamptz, actor text, r jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE iehe.result_lists l SET state = 'prepared', prepared_by = actor, prepared_at = moment
    WHERE l.case_id = of_case AND l.name = r ->> 'name' AND l.hash = r ->> 'hash' AND l.state = 'made';
    IF NOT FOUND THEN
        PERFORM iehe.refuse('list-other', jsonb_build_object('list', r ->> 'name'));
    END IF;
END
$$;

CREATE FUNCTION iehe.host_result_confirmed(of_case text, v integer, moment timestamptz, actor text, r jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    this iehe.result_lists;
BEGIN
    SELECT * INTO this FROM iehe.result_lists l
    WHERE l.case_id = of_case AND l.name = r ->> 'name' AND l.hash = r ->> 'hash' AND l.state = 'prepared' FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM iehe.refuse('list-other', jsonb_build_object('list', r ->> 'name'));
    ELSIF this.prepared_by = actor THEN
        PERFORM iehe.refuse('list-own', jsonb_build_object('list', r ->> 'name'));
    END IF;
    UPDATE iehe.result_lists l SET state = 'confirmed', confirmed_by = actor, confirmed_at = moment WHERE l.list = this.list;
END
$$;

-- `hour` null: at once
CREATE FUNCTION iehe.host_results_released(of_case text, v integer, moment timestamptz, actor text, r jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    wanted text;
    of_hour timestamptz := coalesce((r ->> 'hour')::timestamptz, iehe.clock());
BEGIN
    IF (r ->> 'hour')::timestamptz <= iehe.clock() THEN
        PERFORM iehe.refuse('release-past');
    END IF;
    INSERT INTO iehe.releases (release, case_id, process, hour, scheduled_by, version)
    SELECT r ->> 'release', of_case, m.process, of_hour, actor, v FROM iehe.rooms m
    WHERE m.room = split_part(of_case, '/', 1);
    FOR wanted IN SELECT jsonb_array_elements_text(r -> 'names') LOOP
        UPDATE iehe.result_lists l SET release = r ->> 'release'
        WHERE l.case_id = of_case AND l.name = wanted AND l.state = 'confirmed' AND l.release IS NULL;
        IF NOT FOUND THEN
            PERFORM iehe.refuse('list-unconfirmed', jsonb_build_object('list', wanted));
        END IF;
    END LOOP;
END
$$;

CREATE FUNCTION iehe.host_release_held(of_case text, v integer, moment timestamptz, actor text, r jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE iehe.releases x SET state = 'held', reason = r ->> 'reason'
    WHERE x.release = r ->> 'release' AND x.case_id = of_case AND x.state = 'scheduled';
    IF NOT FOUND THEN
        PERFORM iehe.refuse('release-unknown');
    END IF;
    UPDATE iehe.result_lists l SET release = NULL WHERE l.release = r ->> 'release';
END
$$;

CREATE FUNCTION iehe.host_results_told(of_case text, v integer, moment timestamptz, actor text, r jsonb) RETURNS void
LANGUAGE sql AS $$
    UPDATE iehe.result_lines n SET told_version = v
    WHERE n.case_id = of_case AND n.list = r ->> 'list' AND n.told_version IS NULL
      AND n.line = ANY (ARRAY(SELECT jsonb_array_elements_text(r -> 'lines')::int))
$$;

SELECT iehe.keep_at_home(NULL, 'releases', 'result_lists', 'result_lines', 'result_reads');

-- the office reads of a list what is no result; its bytes it opens by a function that notes it, and of a line it
-- gets what is out
GRANT SELECT ON iehe.clock_shift, iehe.releases TO iehe_worker, iehe_office, iehe_auditor;
GRANT SELECT (list, case_id, process, name, number, state, inputs, rules, hash, counts, made_at, prepared_by, prepared_at,
              confirmed_by, confirmed_at, release, why) ON iehe.result_lists TO iehe_office, iehe_auditor;
GRANT SELECT ON iehe.result_reads TO iehe_office, iehe_auditor;
GRANT SELECT ON iehe.result_lists, iehe.result_lines TO iehe_worker;
GRANT INSERT, UPDATE ON iehe.releases, iehe.result_lists TO iehe_worker;
GRANT INSERT, UPDATE (told_version) ON iehe.result_lines TO iehe_worker;
REVOKE EXECUTE ON FUNCTION iehe.released_lines, iehe.open_result_list FROM PUBLIC;
GRANT EXECUTE ON FUNCTION iehe.released_lines TO iehe_worker, iehe_office;
GRANT EXECUTE ON FUNCTION iehe.open_result_list TO iehe_office;
