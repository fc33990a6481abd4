-- Links: facts that processes tell each other, with one delivery for each receiver (docs/links.md). What follows from
-- the table of a receiver is done by the relay of its home.

CREATE TABLE iehe.link_receivers (
    type       text NOT NULL,
    process    text NOT NULL,
    absent     text NOT NULL CHECK (absent IN ('start', 'wait', 'standing')),
    wait_days  integer NOT NULL CHECK (wait_days > 0),
    closed     text NOT NULL CHECK (closed IN ('note', 'task', 'next')),
    office     text NOT NULL,
    PRIMARY KEY (type, process)
);
COMMENT ON TABLE iehe.link_receivers IS
    'Which process takes which facts: the owner writes here what the processes say (iehe migrate).';
COMMENT ON COLUMN iehe.link_receivers.office IS 'The role that gets the tasks.';

CREATE TABLE iehe.facts (
    fact_id      text NOT NULL,
    revision     integer NOT NULL CHECK (revision > 0),
    type         text NOT NULL,
    process      text NOT NULL,
    case_id      text,
    version      integer,
    key          text NOT NULL,
    data         jsonb NOT NULL,
    withdrawn    boolean NOT NULL,
    chain        text[] NOT NULL,
    occurred_at  timestamptz NOT NULL,
    told_at      timestamptz NOT NULL DEFAULT now(),
    keep_until   timestamptz NOT NULL,
    expected     text[] NOT NULL,
    resent       jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (fact_id, revision)
);
COMMENT ON TABLE iehe.facts IS 'What a process told all others, as it told it: codes and ids of a list, no words.';
COMMENT ON COLUMN iehe.facts.process IS 'The one that told it; with a null case_id: of none of its cases.';
COMMENT ON COLUMN iehe.facts.chain IS 'Ids of the facts from which it came.';
COMMENT ON COLUMN iehe.facts.keep_until IS 'Until then a process that comes later gets it, and a case finds it standing.';
COMMENT ON COLUMN iehe.facts.resent IS 'By receiver, how often the nightly comparison has found that it had not arrived.';
CREATE INDEX facts_by_case ON iehe.facts (case_id, told_at);
CREATE INDEX facts_by_time ON iehe.facts (told_at, fact_id, revision);
CREATE INDEX facts_by_type ON iehe.facts (type, told_at);
CREATE INDEX facts_by_end ON iehe.facts (keep_until);

CREATE TABLE iehe.fact_deliveries (
    fact_id      text NOT NULL,
    revision     integer NOT NULL,
    process      text NOT NULL,
    seq          bigint GENERATED ALWAYS AS IDENTITY,
    producer     text NOT NULL,
    type         text NOT NULL,
    key          text NOT NULL,
    data         jsonb NOT NULL,
    withdrawn    boolean NOT NULL,
    chain        text[] NOT NULL,
    occurred_at  timestamptz NOT NULL,
    told_at      timestamptz NOT NULL,
    keep_until   timestamptz NOT NULL,
    state        text NOT NULL DEFAULT 'waiting' CHECK (state IN
        ('waiting', 'standing', 'delivered', 'noted', 'asked', 'settled', 'superseded')),
    reason       text,
    since        timestamptz NOT NULL DEFAULT now(),
    attempts     integer NOT NULL DEFAULT 0,
    next_try_at  timestamptz NOT NULL DEFAULT now(),
    settled_by   text,
    PRIMARY KEY (fact_id, revision, process)
);
COMMENT ON TABLE iehe.fact_deliveries IS
    'A fact on its way to one process: the copy of that process. One that waits holds up no other.';
COMMENT ON COLUMN iehe.fact_deliveries.process IS 'Who takes it; it may not be there yet.';
COMMENT ON COLUMN iehe.fact_deliveries.state IS
    'waiting (not tried yet, or for a case), standing (kept for a case that opens later), delivered (in the inbox of its '
    'cases, or one was started), noted (its case had ended, or there was nothing to undo), asked (a task of the office), settled (a '
    'person has done that task), superseded (a higher revision counts)';
COMMENT ON COLUMN iehe.fact_deliveries.reason IS 'Code of why it waits, is asked or noted.';
COMMENT ON COLUMN iehe.fact_deliveries.since IS 'Since when it is in this state.';
CREATE INDEX fact_deliveries_waiting ON iehe.fact_deliveries (process, seq) WHERE state = 'waiting';
CREATE INDEX fact_deliveries_of_fact ON iehe.fact_deliveries (process, fact_id, revision);
CREATE INDEX fact_deliveries_by_key ON iehe.fact_deliveries (process, type, key, told_at);
CREATE INDEX fact_deliveries_by_end ON iehe.fact_deliveries (keep_until);
CREATE INDEX fact_deliveries_by_time ON iehe.fact_deliveries (told_at);

CREATE TABLE iehe.fact_reaches (
    fact_id   text NOT NULL,
    revision  integer NOT NULL,
    process   text NOT NULL,
    case_id   text NOT NULL,
    how       text NOT NULL CHECK (how IN ('told', 'started', 'found', 'noted', 'asked')),
    event_id  text,
    at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (fact_id, revision, process, case_id),
    FOREIGN KEY (fact_id, revision, process) REFERENCES iehe.fact_deliveries ON DELETE CASCADE
);
COMMENT ON TABLE iehe.fact_reaches IS 'Which cases a delivery has come to.';
COMMENT ON COLUMN iehe.fact_reaches.how IS
    'told (event_id is in its inbox), started (it began with it), found (it asked for what stands), noted, asked (it had '
    'ended: it stands on its page, or a person is to decide)';
CREATE INDEX fact_reaches_by_case ON iehe.fact_reaches (case_id, at);

ALTER TABLE iehe.events ADD COLUMN fact_id text, ADD COLUMN handed_back boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN iehe.events.fact_id IS 'Of a fact of another process: what has not reached its case goes back to the link.';
CREATE INDEX events_to_hand_back ON iehe.events (process, seq)
    WHERE fact_id IS NOT NULL AND NOT handed_back AND (refused OR state IN ('dead', 'dropped'));

-- telling --------------------------------------------------------------------------------------------------

-- in the transaction of the producer's step; with the owner's rights, because receivers may have other homes
CREATE FUNCTION iehe.tell_fact(from_case text, of_process text, of_version integer, told jsonb) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    id      text := told ->> 'fact_id';
    number  integer := (told ->> 'revision')::int;
    last    iehe.facts;
    there   iehe.facts;
BEGIN
    IF NOT EXISTS (SELECT FROM iehe.rooms r WHERE r.process = of_process AND r.room = ANY (iehe.rooms_here())) THEN
        RAISE EXCEPTION 'no process of this home' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(id, 0));
    SELECT * INTO last FROM iehe.facts f WHERE f.fact_id = id ORDER BY f.revision DESC LIMIT 1;
    IF number IS NULL THEN
        there := last;
    ELSE
        SELECT * INTO there FROM iehe.facts f WHERE f.fact_id = id AND f.revision = number;
    END IF;
    IF there.fact_id IS NOT NULL AND there.data = told -> 'data' AND there.withdrawn = (told ->> 'withdrawn')::boolean THEN
        RETURN there.revision;
    ELSIF number IS NOT NULL AND there.fact_id IS NOT NULL THEN
        PERFORM iehe.refuse('fact-told-otherwise', jsonb_build_object('type', told ->> 'type', 'revision', number));
    END IF;
    number := coalesce(number, last.revision + 1, 1);
    INSERT INTO iehe.facts (fact_id, revision, type, process, case_id, version, key, data, withdrawn, chain, occurred_at,
                            keep_until, expected)
    SELECT id, number, told ->> 'type', of_process, from_case, of_version, told ->> 'key', told -> 'data',
           (told ->> 'withdrawn')::boolean, ARRAY(SELECT jsonb_array_elements_text(told -> 'chain')),
           (told ->> 'occurred_at')::timestamptz, now() + make_interval(days => (told ->> 'keep_days')::int),
           ARRAY(SELECT jsonb_array_elements_text(told -> 'expected'));
    PERFORM iehe.deliver_to(id, number, l.process) FROM (
        SELECT r.process FROM iehe.link_receivers r WHERE r.type = told ->> 'type'
        UNION SELECT jsonb_array_elements_text(told -> 'expected')) AS l;
    RETURN number;
END
$$;
COMMENT ON FUNCTION iehe.tell_fact IS
    'Tells a fact: its revision; told again as it was it adds nothing, and a revision is never told in two ways.';

CREATE FUNCTION iehe.deliver_to(id text, number integer, receiver text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO iehe.fact_deliveries (fact_id, revision, process, producer, type, key, data, withdrawn, chain, occurred_at,
                                      told_at, keep_until, state, reason)
    SELECT f.fact_id, f.revision, receiver, f.process, f.type, f.key, f.data, f.withdrawn, f.chain, f.occurred_at,
           f.told_at, f.keep_until, CASE WHEN later THEN 'superseded' ELSE 'waiting' END, CASE WHEN later THEN 'corrected' END
    FROM iehe.facts f CROSS JOIN LATERAL (SELECT EXISTS (
        SELECT FROM iehe.facts h WHERE h.fact_id = f.fact_id AND h.revision > f.revision)) AS corrected (later)
    WHERE f.fact_id = id AND f.revision = number
    ON CONFLICT DO NOTHING;
    RETURN FOUND;
END
$$;
REVOKE EXECUTE ON FUNCTION iehe.deliver_to FROM PUBLIC;

-- who comes later gets what is kept: of each fact what holds now
CREATE FUNCTION iehe.catch_up_receivers() RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FILTER (WHERE iehe.deliver_to(f.fact_id, f.revision, r.process))
    FROM (SELECT DISTINCT ON (k.fact_id) k.* FROM iehe.facts k ORDER BY k.fact_id, k.revision DESC) AS f
    JOIN iehe.link_receivers r USING (type)
    WHERE f.keep_until > now() AND NOT f.withdrawn AND NOT EXISTS (
        SELECT FROM iehe.fact_deliveries d WHERE d.fact_id = f.fact_id AND d.process = r.process)
$$;
REVOKE EXECUTE ON FUNCTION iehe.catch_up_receivers FROM PUBLIC;

CREATE TRIGGER fact_deliveries_tell_relays AFTER INSERT ON iehe.fact_deliveries
    FOR EACH STATEMENT EXECUTE FUNCTION iehe.tell_relays();

-- a case that opens may be the one for which facts wait; what a relay has in its hands at that moment is looked at again
-- soon enough by itself
CREATE FUNCTION iehe.look_for_case_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE iehe.fact_deliveries d SET next_try_at = now()
    FROM (SELECT w.fact_id, w.revision FROM iehe.fact_deliveries w
          WHERE w.process = NEW.process AND w.state = 'waiting' AND w.reason = 'no-case' FOR UPDATE SKIP LOCKED) AS waiting
    WHERE d.process = NEW.process AND (d.fact_id, d.revision) = (waiting.fact_id, waiting.revision);
    RETURN NULL;
END
$$;
CREATE TRIGGER cases_open_for_facts AFTER INSERT ON iehe.cases
    FOR EACH ROW EXECUTE FUNCTION iehe.look_for_case_again();

-- arriving -------------------------------------------------------------------------------------------------

CREATE FUNCTION iehe.ask_about_fact(id text, number integer, receiver text, of_kind text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.office_tasks (process, key, kind, roles, opened_at, due_at)
    SELECT receiver, 'fact:' || id || ':' || number, of_kind, ARRAY[r.office], now(), now() + interval '3 days'
    FROM iehe.link_receivers r JOIN iehe.fact_deliveries d USING (type, process)
    WHERE r.process = receiver AND d.fact_id = id AND d.revision = number
    ON CONFLICT (process, key) WHERE closed_at IS NULL DO NOTHING
$$;
COMMENT ON FUNCTION iehe.ask_about_fact IS 'A task of the receiver''s office about a fact; done by iehe links settle.';

-- the words of the form with which a fact starts a case, as they are sealed: a case that has a key has its words
CREATE FUNCTION iehe.keep_first_words(of_case text, key_of_class text, sealed_key bytea, ids uuid[], authors text[], bodies bytea[])
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO iehe.case_keys (case_id, class_key, wrapped) SELECT of_case, key_of_class, sealed_key
    WHERE split_part(of_case, '/', 1) = ANY (iehe.rooms_here()) ON CONFLICT (case_id) DO NOTHING;
    IF FOUND THEN
        INSERT INTO iehe.texts (text_id, case_id, author, sealed)
        SELECT w.id, of_case, w.author, w.body FROM unnest(ids, authors, bodies) AS w (id, author, body);
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION iehe.keep_first_words FROM PUBLIC;

-- L10: what was told in these days and has not arrived. The first time it is sent again, the second time it is a task.
CREATE FUNCTION iehe.compare_facts(days integer) RETURNS TABLE (compared bigint, sent_again bigint, asked bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    lost  record;
BEGIN
    compared := 0; sent_again := 0; asked := 0;
    FOR lost IN
        SELECT f.fact_id, f.revision, r.process, d.process IS NOT NULL AS has_delivery,
               coalesce((f.resent ->> r.process)::int, 0) AS times,
               d.process IS NULL OR EXISTS (
                   SELECT FROM iehe.fact_reaches e
                   WHERE (e.fact_id, e.revision, e.process) = (d.fact_id, d.revision, d.process) AND e.event_id IS NOT NULL
                     AND e.at > now() - make_interval(days => days)
                     AND NOT EXISTS (SELECT FROM iehe.events i WHERE i.source = 'jp.ac.iehe' AND i.id = e.event_id)
                     AND NOT EXISTS (SELECT FROM iehe.case_log l
                                     WHERE l.case_id = e.case_id AND l.cause = 'jp.ac.iehe#' || e.event_id)) AS is_lost
        FROM (SELECT DISTINCT ON (k.fact_id) k.* FROM iehe.facts k
              WHERE k.told_at > now() - make_interval(days => days) ORDER BY k.fact_id, k.revision DESC) AS f
        JOIN iehe.link_receivers r USING (type)
        JOIN iehe.rooms m ON m.process = r.process AND m.room = ANY (iehe.rooms_here())
        LEFT JOIN iehe.fact_deliveries d ON (d.fact_id, d.revision, d.process) = (f.fact_id, f.revision, r.process)
        -- one that was withdrawn before there was such a receiver is none of its business
        WHERE d.process IS NOT NULL OR NOT f.withdrawn
    LOOP
        compared := compared + 1;
        CONTINUE WHEN NOT lost.is_lost;
        UPDATE iehe.facts f SET resent = f.resent || jsonb_build_object(lost.process, lost.times + 1)
        WHERE f.fact_id = lost.fact_id AND f.revision = lost.revision;
        PERFORM iehe.deliver_to(lost.fact_id, lost.revision, lost.process);
        IF lost.times > 0 THEN
            asked := asked + 1;
            PERFORM iehe.ask_about_fact(lost.fact_id, lost.revision, lost.process, 'fact-not-arrived');
            UPDATE iehe.fact_deliveries d SET state = 'asked', reason = 'not-arrived', since = now()
            WHERE (d.fact_id, d.revision, d.process) = (lost.fact_id, lost.revision, lost.process) AND d.state <> 'asked';
            -- what a person looks after is not lost any more
            DELETE FROM iehe.fact_reaches e
            WHERE (e.fact_id, e.revision, e.process) = (lost.fact_id, lost.revision, lost.process) AND e.event_id IS NOT NULL
              AND NOT EXISTS (SELECT FROM iehe.events i WHERE i.source = 'jp.ac.iehe' AND i.id = e.event_id);
        ELSE
            sent_again := sent_again + 1;
            DELETE FROM iehe.fact_reaches e
            WHERE (e.fact_id, e.revision, e.process) = (lost.fact_id, lost.revision, lost.process) AND e.event_id IS NOT NULL
              AND NOT EXISTS (SELECT FROM iehe.events i WHERE i.source = 'jp.ac.iehe' AND i.id = e.event_id);
            UPDATE iehe.fact_deliveries d SET state = 'waiting', reason = 'sent-again', since = now(), next_try_at = now()
            WHERE (d.fact_id, d.revision, d.process) = (lost.fact_id, lost.revision, lost.process);
        END IF;
    END LOOP;
    RETURN NEXT;
END
$$;
REVOKE EXECUTE ON FUNCTION iehe.tell_fact, iehe.compare_facts FROM PUBLIC;

-- who sees what --------------------------------------------------------------------------------------------

SELECT iehe.keep_at_home(NULL, 'facts', 'fact_deliveries', 'fact_reaches');
-- a delivery names no case: of what is confidential it is shown to who sees all the work of the producer or the receiver
CREATE FUNCTION iehe.processes_out_of_sight() RETURNS text[]
LANGUAGE sql STABLE AS $$
    SELECT coalesce(array_agg(r.process), '{}') FROM iehe.rooms r
    WHERE r.room = ANY (iehe.rooms_out_of_sight('work'))
$$;
DROP POLICY in_sight ON iehe.fact_deliveries;
CREATE POLICY in_sight ON iehe.fact_deliveries TO iehe_office
    USING (process <> ALL ((SELECT iehe.processes_out_of_sight())::text[])
           OR producer <> ALL ((SELECT iehe.processes_out_of_sight())::text[]));
CREATE POLICY of_process_in_sight ON iehe.facts AS RESTRICTIVE TO iehe_office
    USING (case_id IS NOT NULL OR process <> ALL ((SELECT iehe.processes_out_of_sight())::text[]));

GRANT SELECT ON iehe.link_receivers, iehe.facts, iehe.fact_deliveries, iehe.fact_reaches TO iehe_worker, iehe_office, iehe_auditor;
GRANT UPDATE (state, reason, since, attempts, next_try_at) ON iehe.fact_deliveries TO iehe_worker;
GRANT INSERT, DELETE ON iehe.fact_reaches TO iehe_worker;
GRANT UPDATE (state, reason, since, settled_by) ON iehe.fact_deliveries TO iehe_office;
GRANT UPDATE (closed_at) ON iehe.office_tasks TO iehe_office;
GRANT EXECUTE ON FUNCTION iehe.tell_fact, iehe.compare_facts, iehe.keep_first_words TO iehe_worker;
