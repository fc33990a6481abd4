-- Retention: what goes when its time is over, by functions of the owner that alone may delete it.
-- How long is said by the policy in force of its process, for what belongs to none by the settings of the system:
-- both are looked up here, so that whoever may only call these functions can make nothing go earlier.

CREATE TABLE iehe.retention_settings (
    kind  text PRIMARY KEY CHECK (kind IN ('requests', 'decodings', 'facts', 'fact_deliveries')),
    days  integer NOT NULL CHECK (days > 0)
);
COMMENT ON TABLE iehe.retention_settings IS
    'Days for what belongs to no process, and beyond the end of their own time for facts; the owner writes the settings here.';
INSERT INTO iehe.retention_settings VALUES ('requests', 30), ('decodings', 1096), ('facts', 41), ('fact_deliveries', 41);

CREATE TABLE iehe.erasures (
    entry           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at              timestamptz NOT NULL DEFAULT now(),
    run             text NOT NULL,
    kind            text NOT NULL,
    process         text,
    days            integer NOT NULL,
    policy_version  text,
    rows            jsonb NOT NULL,
    oldest          timestamptz NOT NULL,
    newest          timestamptz NOT NULL
);
COMMENT ON TABLE iehe.erasures IS 'What went, a row for each batch, written in its transaction.';
COMMENT ON COLUMN iehe.erasures.run IS 'Workflow id of the run that had it done.';
COMMENT ON COLUMN iehe.erasures.policy_version IS 'Under which it went; null: by the settings.';

CREATE TABLE iehe.case_certificates (
    case_id         text PRIMARY KEY,
    process         text NOT NULL,
    closed_at       timestamptz NOT NULL,
    erased_at       timestamptz NOT NULL DEFAULT now(),
    run             text NOT NULL,
    years           integer NOT NULL,
    policy_version  text NOT NULL,
    rows            jsonb NOT NULL,
    workflow_runs   integer NOT NULL,
    last_hash       text NOT NULL,
    key_id          uuid
);
COMMENT ON TABLE iehe.case_certificates IS 'What remains of a case that was erased.';
COMMENT ON COLUMN iehe.case_certificates.workflow_runs IS
    'Runs of it that Temporal still had and was told to delete by the attempt that ended it.';
COMMENT ON COLUMN iehe.case_certificates.key_id IS 'Of the key of its words, which was destroyed; null: it had none.';
COMMENT ON COLUMN iehe.case_certificates.last_hash IS 'Of its log: a copy of it elsewhere can be checked against this.';

CREATE TABLE iehe.case_holds (
    case_id      text NOT NULL REFERENCES iehe.cases,
    held_at      timestamptz NOT NULL DEFAULT now(),
    held_by      text NOT NULL,
    reason_id    uuid NOT NULL REFERENCES iehe.texts,
    released_at  timestamptz,
    released_by  text,
    PRIMARY KEY (case_id, held_at)
);
COMMENT ON TABLE iehe.case_holds IS 'A case that is held keeps everything, whatever the policy says.';
CREATE UNIQUE INDEX case_holds_in_force ON iehe.case_holds (case_id) WHERE released_at IS NULL;

-- Nobody changes these.
CREATE TRIGGER erasures_stay BEFORE UPDATE OR DELETE ON iehe.erasures
    FOR EACH ROW EXECUTE FUNCTION iehe.refuse_change();
CREATE TRIGGER erasures_stay_whole BEFORE TRUNCATE ON iehe.erasures
    FOR EACH STATEMENT EXECUTE FUNCTION iehe.refuse_change();
CREATE TRIGGER case_certificates_stay BEFORE UPDATE OR DELETE ON iehe.case_certificates
    FOR EACH ROW EXECUTE FUNCTION iehe.refuse_change();
CREATE TRIGGER case_certificates_stay_whole BEFORE TRUNCATE ON iehe.case_certificates
    FOR EACH STATEMENT EXECUTE FUNCTION iehe.refuse_change();

-- how long -------------------------------------------------------------------------------------------------

CREATE VIEW iehe.policies_in_force WITH (security_invoker) AS
SELECT DISTINCT ON (p.process) p.process, r.room, p.version, p.body
FROM iehe.policies p JOIN iehe.rooms r USING (process)
WHERE p.valid_from <= (now() AT TIME ZONE 'Asia/Tokyo')::date
ORDER BY p.process, p.valid_from DESC, p.loaded_at DESC, p.version DESC;

-- A policy that says nothing of a kind keeps it.
CREATE VIEW iehe.retention_rules WITH (security_invoker) AS
SELECT k.kind, p.process, p.room, (p.body #>> ARRAY['retention', k.setting])::int AS days, p.version AS policy_version
FROM iehe.policies_in_force p
CROSS JOIN (VALUES ('events', 'event_days'), ('notices', 'notice_days'), ('case_starts', 'start_days'),
                   ('office_tasks', 'event_days'), ('texts', 'text_days'),
                   ('pending_corrections', 'text_days')) AS k (kind, setting)
WHERE p.body #>> ARRAY['retention', k.setting] IS NOT NULL AND p.room = ANY ((SELECT iehe.rooms_here())::text[])
UNION ALL
SELECT s.kind, NULL, NULL, s.days, NULL FROM iehe.retention_settings s
WHERE coalesce((SELECT iehe.home_here()), 'common') = 'common';
COMMENT ON VIEW iehe.retention_rules IS
    'For how many days what is kept, by the policies in force and the settings; to a worker those of its home.';

-- Of a table's rows `t` those that may go: older than $1, of the room $2 if it has any, and finished.
CREATE FUNCTION iehe.erasable(kind text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    age      text := CASE kind WHEN 'events' THEN 't.ended_at'
                               WHEN 'notices' THEN 'coalesce(t.sent_at, t.queued_at)'
                               WHEN 'case_starts' THEN 't.started_at'
                               WHEN 'texts' THEN 't.created_at'
                               WHEN 'pending_corrections' THEN 't.stored_at'
                               WHEN 'office_tasks' THEN 't.closed_at'
                               -- from the end of the time for which they are kept; what is somebody's work has no age
                               WHEN 'facts' THEN 't.keep_until'
                               WHEN 'fact_deliveries' THEN
                                   $q$(CASE WHEN t.state NOT IN ('waiting', 'asked') THEN t.keep_until END)$q$
                               ELSE 't.at' END;
    finished text := CASE kind
        -- what is stored or dead, or delivered and not seen in its case's log, is somebody's work
        WHEN 'events' THEN $q$(t.state = 'delivered' AND t.taken OR t.state = 'dropped')
            AND (c.case_id IS NULL OR c.closed_at < $1)$q$
        -- what is to be sent, failed for good, or of unknown fate is a person's task
        WHEN 'notices' THEN $q$(t.state IN ('accepted', 'suppressed') AND c.closed_at < $1
            -- a digest is of no case: whatever became of it, the next one tells more
            OR t.digest_on IS NOT NULL AND t.state NOT IN ('queued', 'failed', 'sending'))$q$
        WHEN 'case_starts' THEN 'c.closed_at < $1'
        -- of no case; what is open has no age
        WHEN 'office_tasks' THEN 'true'
        -- of a decision that was not made, or of which nobody knows: made later it is refused
        WHEN 'pending_corrections' THEN 'true'
        -- Words of a fact, whose author is a source and a place in its data, are stored with the fact: they stay with
        -- the case. A decision's are stored before it is made: they stay if their author has done anything since.
        WHEN 'texts' THEN $q$position('/' IN t.author) = 0 AND NOT EXISTS (
            SELECT FROM iehe.case_log l WHERE l.case_id = t.case_id AND (
                l.actor_id = t.author AND l.recorded_at >= t.created_at
                OR position(t.text_id::text IN l.details::text) > 0))$q$ || (
            SELECT coalesce(string_agg(format(
                ' AND NOT EXISTS (SELECT FROM %s r WHERE r.%I = t.text_id)', f.conrelid::regclass, a.attname), ''), '')
            FROM pg_constraint f JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = f.conkey[1]
            WHERE f.contype = 'f' AND f.confrelid = 'iehe.texts'::regclass) END;
    of_room  text := CASE WHEN kind IN ('notices', 'office_tasks')
                          THEN '(SELECT r.room FROM iehe.rooms r WHERE r.process = t.process)'
                          ELSE $q$split_part(t.case_id, '/', 1)$q$ END;
    of_case  text := CASE kind WHEN 'office_tasks' THEN 'NULL' ELSE 't.case_id' END;
BEGIN
    IF finished IS NULL THEN
        RETURN format('SELECT t.ctid AS place, %s AS age FROM iehe.%I t WHERE %1$s < $1 AND $2::text IS NULL', age, kind);
    END IF;
    RETURN format(
        'SELECT t.ctid AS place, %s AS age FROM iehe.%I t LEFT JOIN iehe.cases c ON c.case_id = %5$s '
        'WHERE %4$s = $2 AND %1$s < $1 AND %3$s AND NOT EXISTS (SELECT FROM iehe.case_holds h '
        'WHERE h.case_id = %5$s AND h.released_at IS NULL)', age, kind, finished, of_room, of_case);
END
$$;

CREATE FUNCTION iehe.retention_due()
RETURNS TABLE (kind text, process text, days integer, policy_version text, rows bigint, oldest timestamptz,
               newest timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    rule record;
BEGIN
    FOR rule IN SELECT * FROM iehe.retention_rules r ORDER BY r.process NULLS FIRST, r.kind LOOP
        kind := rule.kind; process := rule.process; days := rule.days; policy_version := rule.policy_version;
        EXECUTE format('SELECT count(*), min(age), max(age) FROM (%s) AS due', iehe.erasable(rule.kind))
        INTO rows, oldest, newest USING now() - make_interval(days => rule.days), rule.room;
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION iehe.retention_due IS 'What would go now, by which rule: counts and times only.';

CREATE FUNCTION iehe.sweep(of_run text, of_kind text, of_process text, most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    rule   record;
    gone   bigint;
    first  timestamptz;
    last   timestamptz;
BEGIN
    SELECT * INTO rule FROM iehe.retention_rules r
    WHERE r.kind = of_kind AND r.process IS NOT DISTINCT FROM of_process;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    PERFORM set_config('iehe.erasing', rule.kind, true);
    EXECUTE format(
        'WITH due AS MATERIALIZED (%s LIMIT $3 FOR UPDATE OF t SKIP LOCKED), '
        'gone AS (DELETE FROM iehe.%I t USING due d WHERE t.ctid = d.place RETURNING d.age) '
        'SELECT count(*), min(age), max(age) FROM gone', iehe.erasable(rule.kind), rule.kind)
    INTO gone, first, last USING now() - make_interval(days => rule.days), rule.room, most;
    PERFORM set_config('iehe.erasing', '', true);
    IF gone > 0 THEN
        INSERT INTO iehe.erasures (run, kind, process, days, policy_version, rows, oldest, newest)
        VALUES (of_run, rule.kind, rule.process, rule.days, rule.policy_version,
                jsonb_build_object(rule.kind, gone), first, last);
    END IF;
    RETURN gone;
END
$$;
COMMENT ON FUNCTION iehe.sweep IS 'One batch of a kind goes, and is recorded; the answer is how many rows.';

-- whole cases ----------------------------------------------------------------------------------------------
-- A room tells by iehe.<room>_erase(case) which rows of its own go, as iehe.erase_rows does; it may tell by
-- iehe.<room>_may_be_erased_from(case) from when the years are counted (null: the case is kept), else they are
-- counted from the end of the case.

CREATE FUNCTION iehe.may_be_erased_from(of_case text) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
DECLARE
    own     text := split_part(of_case, '/', 1) || '_may_be_erased_from';
    moment  timestamptz;
BEGIN
    IF to_regprocedure(format('iehe.%I(text)', own)) IS NULL THEN
        SELECT c.closed_at INTO moment FROM iehe.cases c WHERE c.case_id = of_case;
    ELSE
        EXECUTE format('SELECT iehe.%I($1)', own) INTO moment USING of_case;
    END IF;
    RETURN moment;
END
$$;

CREATE FUNCTION iehe.kept_because(of_case text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN c.closed_at IS NULL THEN 'open'
        WHEN EXISTS (SELECT FROM iehe.case_holds h WHERE h.case_id = of_case AND h.released_at IS NULL) THEN 'held'
        WHEN EXISTS (SELECT FROM iehe.tasks t WHERE t.case_id = of_case AND t.closed_at IS NULL) THEN 'task-open'
        WHEN EXISTS (SELECT FROM iehe.notices n WHERE n.case_id = of_case
                     AND n.state IN ('queued', 'sending', 'failed')) THEN 'letter-owed'
        WHEN EXISTS (SELECT FROM iehe.events e WHERE e.case_id = of_case
                     AND (e.state IN ('stored', 'dead') OR e.state = 'delivered' AND NOT e.taken)) THEN 'event-open'
        END
    FROM iehe.cases c WHERE c.case_id = of_case
$$;
COMMENT ON FUNCTION iehe.kept_because IS 'Why a case is not erased though its time is over; null: it may go.';

CREATE VIEW iehe.cases_due WITH (security_invoker) AS
SELECT c.case_id, c.process, c.closed_at, c.hash, p.version AS policy_version, y.years
FROM iehe.policies_in_force p
CROSS JOIN LATERAL (SELECT (p.body #>> '{retention,case_years}')::int AS years) AS y
JOIN iehe.cases c USING (process)
WHERE c.closed_at IS NOT NULL AND y.years IS NOT NULL AND p.room = ANY ((SELECT iehe.rooms_here())::text[])
  AND (iehe.may_be_erased_from(c.case_id) AT TIME ZONE 'Asia/Tokyo' + make_interval(years => y.years))
      AT TIME ZONE 'Asia/Tokyo' <= now();
COMMENT ON VIEW iehe.cases_due IS
    'Cases whose time is over by the policy in force, whether or not something keeps them; to a worker those of its home.';

CREATE FUNCTION iehe.erase_rows(of_case text, tables text[]) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    each   text;
    count  bigint;
    gone   jsonb := '{}';
BEGIN
    FOREACH each IN ARRAY tables LOOP
        PERFORM set_config('iehe.erasing', each, true);
        EXECUTE format('DELETE FROM iehe.%I WHERE case_id = $1', each) USING of_case;
        GET DIAGNOSTICS count = ROW_COUNT;
        gone := gone || jsonb_build_object(each, count);
    END LOOP;
    PERFORM set_config('iehe.erasing', '', true);
    RETURN gone;
END
$$;
COMMENT ON FUNCTION iehe.erase_rows IS
    'Deletes the rows of a case in some tables, in this order, and counts them; with the rights of whoever calls it.';

CREATE FUNCTION iehe.erase_case(of_run text, of_case text, workflow_runs integer) RETURNS boolean
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
    gone := gone || iehe.erase_rows(of_case, ARRAY['batch_value_changes', 'batch_values',
        'batch_proposals', 'batch_rows', 'batches', 'batch_standings', 'pending_corrections', 'corrections', 'drafts', 'bulk_cases', 'search_texts',
        'document_reads', 'documents', 'case_reads', 'broken_glass', 'case_people', 'case_shut_out', 'case_receipts',
        'case_covers', 'deadlines', 'tasks', 'notice_acts', 'notices', 'case_notes', 'events', 'facts', 'fact_reaches',
        'place_queue', 'places', 'place_log', 'result_lines',
        'result_reads', 'result_lists', 'releases', 'case_starts', 'case_labels', 'case_redirects', 'case_holds', 'texts', 'case_keys', 'case_log', 'cases']);
    INSERT INTO iehe.case_certificates (case_id, process, closed_at, run, years, policy_version, rows, workflow_runs,
                                        last_hash, key_id)
    VALUES (of_case, due.process, due.closed_at, of_run, due.years, due.policy_version, gone, workflow_runs, due.hash,
            key);
    RETURN true;
END
$$;
COMMENT ON FUNCTION iehe.erase_case IS
    'Every row of a case whose time is over goes, and its certificate is written; false: something keeps it.';

-- What is sent again years later does not bring an erased case back, nor start one a second time that has ended.
CREATE FUNCTION iehe.note_old_start() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    erased timestamptz;
BEGIN
    SELECT k.erased_at INTO erased FROM iehe.case_certificates k WHERE k.case_id = NEW.case_id;
    IF FOUND THEN
        PERFORM iehe.refuse('case-erased', jsonb_build_object(
            'case', NEW.case_id, 'erased_on', (erased AT TIME ZONE 'Asia/Tokyo')::date));
    END IF;
    IF EXISTS (SELECT FROM iehe.cases c WHERE c.case_id = NEW.case_id AND c.closed_at IS NOT NULL) THEN
        NEW.started_at := coalesce(NEW.started_at, now());
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER case_starts_of_the_past BEFORE INSERT ON iehe.case_starts
    FOR EACH ROW EXECUTE FUNCTION iehe.note_old_start();

-- what went, by run ----------------------------------------------------------------------------------------

CREATE VIEW iehe.erasures_by_run WITH (security_invoker) AS
SELECT max(e.at) AS at, e.run, e.kind, e.process, e.days, NULL::integer AS years, e.policy_version,
       sum((SELECT sum(v::bigint) FROM jsonb_each_text(e.rows) AS r (k, v)))::bigint AS rows, count(*) AS parts,
       min(e.oldest) AS oldest, max(e.newest) AS newest
FROM iehe.erasures e GROUP BY e.run, e.kind, e.process, e.days, e.policy_version
UNION ALL
SELECT max(k.erased_at), k.run, 'cases', k.process, NULL, k.years, k.policy_version,
       sum((SELECT sum(v::bigint) FROM jsonb_each_text(k.rows) AS r (t, v)))::bigint, count(*),
       min(k.closed_at), max(k.closed_at)
FROM iehe.case_certificates k GROUP BY k.run, k.process, k.years, k.policy_version;
COMMENT ON COLUMN iehe.erasures_by_run.parts IS 'Batches; of cases, how many of them.';

-- rights ---------------------------------------------------------------------------------------------------

SELECT iehe.keep_at_home(NULL, 'case_certificates', 'case_holds');

REVOKE EXECUTE ON FUNCTION iehe.sweep, iehe.erase_case, iehe.retention_due FROM PUBLIC;
GRANT EXECUTE ON FUNCTION iehe.sweep, iehe.erase_case TO iehe_worker;
GRANT EXECUTE ON FUNCTION iehe.retention_due TO iehe_office;
GRANT SELECT ON iehe.policies_in_force, iehe.retention_settings, iehe.retention_rules, iehe.cases_due
    TO iehe_worker, iehe_office;
GRANT SELECT ON iehe.case_holds TO iehe_worker;
GRANT SELECT, INSERT ON iehe.case_holds TO iehe_office;
GRANT UPDATE (released_at, released_by) ON iehe.case_holds TO iehe_office;
GRANT SELECT ON iehe.case_certificates, iehe.erasures, iehe.erasures_by_run TO iehe_office, iehe_auditor;
