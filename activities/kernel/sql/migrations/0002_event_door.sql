-- The event door: the inbox with its relay, the sources that may send, idempotent requests, decodings; and the
-- administration: who acts at the command line, and the log of what they changed.

ALTER TABLE iehe.events
    ADD COLUMN seq           bigint GENERATED ALWAYS AS IDENTITY,
    ADD COLUMN process       text NOT NULL,
    ADD COLUMN attempts      integer NOT NULL DEFAULT 0,
    ADD COLUMN next_try_at   timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN waiting_since timestamptz,
    ADD COLUMN taken         boolean NOT NULL DEFAULT false,
    ADD COLUMN refused       boolean NOT NULL DEFAULT false,
    ADD COLUMN handled_by    text,
    ADD COLUMN handled_reason text,
    -- columns, since by a term that the planner may not ask before the policy of a row no index is read
    ADD COLUMN cause         text NOT NULL GENERATED ALWAYS AS (source || '#' || id) STORED,
    ADD COLUMN rests_since   timestamptz NOT NULL GENERATED ALWAYS AS (coalesce(ended_at, stored_at)) STORED,
    ADD COLUMN reaches       text CHECK (reaches IN ('person', 'staff', 'all', 'none')),
    DROP CONSTRAINT events_state_check,
    ADD CONSTRAINT events_state_check CHECK (state IN ('stored', 'delivered', 'dead', 'dropped'));
COMMENT ON TABLE iehe.events IS
    'The inbox of every case. One row is one fact for one case, from another system or from another case; '
    'the relay delivers the rows of a case in the order of seq.';
COMMENT ON COLUMN iehe.events.state IS
    'stored (to be delivered), delivered (in the history of its workflow), dead (cannot be delivered: an '
    'open task of the office), dropped (a person decided that it is not wanted, or another case told it to one '
    'that had ended)';
COMMENT ON COLUMN iehe.events.reason IS 'Code of why it is dead, or why the last try to deliver it failed.';
COMMENT ON COLUMN iehe.events.handled_reason IS
    'Words of the person who dropped it; for the office, never for the sender.';
COMMENT ON COLUMN iehe.events.waiting_since IS 'Since when it has waited for a case that does not exist yet.';
COMMENT ON COLUMN iehe.events.taken IS
    'Seen in its case''s log by a relay: applied or refused. What is delivered and not taken is under way.';
COMMENT ON COLUMN iehe.events.cause IS 'As the log of its case calls it.';
COMMENT ON COLUMN iehe.events.rests_since IS 'Since when nothing has been done with it.';
COMMENT ON COLUMN iehe.events.reaches IS
    'Of a fact about many cases: by what it finds them. It is delivered to none itself: each of them has a row of its '
    'own, whose cause_case is what the fact is about.';
COMMENT ON COLUMN iehe.events.refused IS 'Taken and refused by its case.';
-- for lists, which go by seq
CREATE INDEX events_by_process ON iehe.events (process, seq);
CREATE INDEX events_by_source ON iehe.events (source, seq);
CREATE INDEX events_by_case ON iehe.events (case_id, seq);
CREATE INDEX events_by_state ON iehe.events (process, state, seq) WHERE state <> 'delivered';
CREATE INDEX events_refused ON iehe.events (process, seq) WHERE refused;
CREATE INDEX events_to_deliver ON iehe.events (case_id, seq) WHERE state = 'stored';
CREATE INDEX events_due ON iehe.events (next_try_at) WHERE state = 'stored';
CREATE INDEX events_dead ON iehe.events (process, rests_since) WHERE state = 'dead';
CREATE INDEX events_taken ON iehe.events (ended_at) WHERE state = 'delivered' AND taken;
CREATE INDEX events_under_way ON iehe.events (process, seq) WHERE state = 'delivered' AND NOT taken;

-- An idle relay learns of a new event at once instead of at its next look.
CREATE FUNCTION iehe.tell_relays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('iehe_events', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER events_tell_relays AFTER INSERT ON iehe.events
    FOR EACH STATEMENT EXECUTE FUNCTION iehe.tell_relays();
-- An event that starts cases brings its subject with it: stored, and noted to be started, or refused with it.
-- With the owner's rights: who refers is often none of those who see what becomes of it.
CREATE FUNCTION iehe.store_subject() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    of_room text;
BEGIN
    SELECT room INTO of_room FROM iehe.rooms WHERE starts_by = NEW.type;
    IF FOUND THEN
        EXECUTE format('SELECT iehe.%I($1, $2)', of_room || '_store')
            USING split_part(NEW.case_id, '/', 2), NEW.envelope -> 'data';
        INSERT INTO iehe.case_starts (case_id, starts_itself) VALUES (NEW.case_id, true)
        ON CONFLICT (case_id) DO NOTHING;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER events_store_subject AFTER INSERT ON iehe.events
    FOR EACH ROW EXECUTE FUNCTION iehe.store_subject();

CREATE TRIGGER starts_tell_relays AFTER INSERT ON iehe.case_starts
    FOR EACH STATEMENT EXECUTE FUNCTION iehe.tell_relays();

-- A fact about many cases reaches each that is open now, once: their rows are written with it, and what they are
-- called follows from it, so that whoever sends it again has sent it before. A case that is opened later does not hear
-- of it. One that has been referred and is not opened yet does: it waits for it like any other fact.
CREATE FUNCTION iehe.cases_reached(of_room text, reach text, subject text) RETURNS SETOF text LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF reach = 'none' THEN
        RETURN;
    ELSIF reach = 'all' THEN
        RETURN QUERY
        SELECT c.case_id FROM iehe.cases c
        WHERE c.case_id > of_room || '/' AND c.case_id < of_room || '0' AND c.closed_at IS NULL
        UNION ALL
        SELECT s.case_id FROM iehe.case_starts s
        WHERE s.case_id > of_room || '/' AND s.case_id < of_room || '0'
          AND NOT EXISTS (SELECT FROM iehe.cases c WHERE c.case_id = s.case_id);
    ELSIF reach = 'staff' THEN
        RETURN QUERY
        SELECT DISTINCT o.case_id FROM iehe.concerns o JOIN iehe.cases c USING (case_id)
        WHERE o.staff_id = subject AND split_part(c.case_id, '/', 1) = of_room AND c.closed_at IS NULL;
    ELSE
        RETURN QUERY EXECUTE format(
            'SELECT a.case_id FROM iehe.%I($1) AS a (case_id) LEFT JOIN iehe.cases c USING (case_id) '
            'WHERE c.closed_at IS NULL', of_room || '_about') USING subject;
    END IF;
END
$$;
COMMENT ON FUNCTION iehe.cases_reached IS
    'The open cases of a room: all, none, those that concern a member of staff, or those about a person, by its iehe.<room>_about.';

CREATE FUNCTION iehe.fan_out() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    of_room  text := split_part(NEW.case_id, '/', 1);
    subject  text := split_part(NEW.case_id, '/', 2);
    -- an event id has 128 characters at most
    own      text := CASE WHEN length(NEW.id) <= 96 THEN NEW.id ELSE left(NEW.id, 63) || '-' || md5(NEW.id) END;
    reached  bigint;
    stored   bigint;
BEGIN
    WITH found_cases AS MATERIALIZED (
        SELECT case_id, own || '/' || split_part(case_id, '/', 2) AS id
        FROM iehe.cases_reached(of_room, NEW.reaches, subject) AS r (case_id) WHERE of_room = ANY (iehe.rooms_here())
    ), told AS (
        INSERT INTO iehe.events (source, id, type, process, case_id, envelope, cause_case)
        SELECT NEW.source, f.id, NEW.type, NEW.process, f.case_id, jsonb_set(NEW.envelope, '{id}', to_jsonb(f.id)), NEW.case_id
        FROM found_cases f ORDER BY f.case_id
        ON CONFLICT (source, id) DO NOTHING RETURNING 1
    )
    SELECT (SELECT count(*) FROM found_cases), (SELECT count(*) FROM told) INTO reached, stored;
    IF stored < reached THEN
        PERFORM iehe.refuse('id-used-for-another-event', jsonb_build_object('source', NEW.source, 'id', NEW.id));
    END IF;
    UPDATE iehe.events SET state = 'delivered', taken = true, ended_at = now() WHERE source = NEW.source AND id = NEW.id;
    -- what is true from now on besides
    IF to_regprocedure(format('iehe.%I(text, text, jsonb, text)', of_room || '_took')) IS NOT NULL THEN
        EXECUTE format('SELECT iehe.%I($1, $2, $3, $4)', of_room || '_took')
            USING substring(NEW.type FROM '[^.]*$'), subject, NEW.envelope -> 'data', NEW.source;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER events_fan_out AFTER INSERT ON iehe.events
    FOR EACH ROW WHEN (NEW.reaches IS NOT NULL) EXECUTE FUNCTION iehe.fan_out();

-- with the owner's rights: what it is about is no case that anybody sees
CREATE FUNCTION iehe.announce(source text, id text, type text, process text, about text, envelope jsonb, reach text)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO iehe.events AS e (source, id, type, process, case_id, envelope, reaches)
    SELECT announce.source, announce.id, announce.type, announce.process, about, announce.envelope, reach
    WHERE split_part(about, '/', 1) = ANY (iehe.rooms_here())
    ON CONFLICT DO NOTHING;
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION iehe.announce IS 'Stores a fact about many cases; false: its id was used before.';

-- E19 for all processes: who has left acts and stands in for nobody
CREATE FUNCTION iehe.staff_left(who text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    UPDATE iehe.staff SET active = false WHERE staff_id = who AND active;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM iehe.logins WHERE staff_id = who;
    DELETE FROM iehe.office_sessions WHERE staff_id = who;
    DELETE FROM iehe.office_subjects WHERE staff_id = who;
    DELETE FROM iehe.office_links WHERE staff_id = who;
    DELETE FROM iehe.absences WHERE staff_id = who;
    UPDATE iehe.absences SET substitute = NULL WHERE substitute = who;
    RETURN true;
END
$$;

-- a fact for another case, stored in the transaction that makes it true; with the owner's rights, because that
-- case may have another home
CREATE FUNCTION iehe.queue_event(to_case text, from_case text, from_version integer, envelope jsonb)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO iehe.events (source, id, type, process, case_id, envelope, cause_case, cause_version)
    SELECT envelope ->> 'source', envelope ->> 'id', envelope ->> 'type', r.process, to_case, envelope,
           from_case, from_version
    FROM iehe.rooms r
    WHERE r.room = split_part(to_case, '/', 1) AND split_part(from_case, '/', 1) = ANY (iehe.rooms_here())
    ON CONFLICT (source, id) DO NOTHING
$$;

-- cases that are one ---------------------------------------------------------------------------------------

CREATE TABLE iehe.case_redirects (
    case_id  text PRIMARY KEY REFERENCES iehe.cases,
    to_case  text NOT NULL CHECK (to_case <> case_id),
    since    timestamptz NOT NULL
);
COMMENT ON TABLE iehe.case_redirects IS
    'Cases that a person found to be one with another: what systems tell the first of them is stored for the other. '
    'Never two in a row, and so no circle.';
CREATE INDEX case_redirects_by_target ON iehe.case_redirects (to_case);
SELECT iehe.keep_at_home(NULL, 'case_redirects');

-- one at a time: whoever decides the other way round at the same moment sees what was decided here
CREATE FUNCTION iehe.redirect_case(of_case text, target text, moment timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    LOCK TABLE iehe.case_redirects IN SHARE ROW EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM iehe.case_redirects r WHERE r.case_id IN (of_case, target) OR r.to_case = of_case) THEN
        PERFORM iehe.refuse('case-redirected');
    END IF;
    INSERT INTO iehe.case_redirects (case_id, to_case, since) VALUES (of_case, target, moment);
END
$$;
COMMENT ON FUNCTION iehe.redirect_case IS
    'Has what comes for a case go to another; refused when either is redirected already, or the first is a target.';

-- What the office has to look at beside the tasks of its cases: an undeliverable event may have no case.
CREATE FUNCTION iehe.look_within(of_process text) RETURNS interval LANGUAGE sql STABLE AS $$
    SELECT make_interval(days => coalesce((
        SELECT (p.body #>> '{events,look_days}')::int FROM iehe.policies p
        WHERE p.process = of_process AND p.valid_from <= (now() AT TIME ZONE 'Asia/Tokyo')::date
        ORDER BY p.valid_from DESC, p.loaded_at DESC LIMIT 1), 3))
$$;
COMMENT ON FUNCTION iehe.look_within IS 'After which time an event that could not be delivered is overdue.';

-- What became of an event: delivered says that its case has been told, the case's log what it made of it.
CREATE VIEW iehe.event_fates WITH (security_invoker) AS
SELECT e.*,
       CASE WHEN l.step = 'refuse-event' THEN 'refused'
            WHEN l.step IS NOT NULL OR e.reaches IS NOT NULL THEN 'applied'
            WHEN e.state = 'delivered' OR behind OR (e.state = 'stored' AND e.reason IS NOT NULL) THEN 'waiting'
            ELSE e.state END AS fate,
       CASE WHEN l.step IS NOT NULL THEN l.details ->> 'code' WHEN behind THEN coalesce(e.reason, 'case-behind')
            ELSE e.reason END AS code,
       coalesce(l.at, CASE WHEN e.state <> 'delivered' THEN e.ended_at END) AS fate_at
FROM iehe.events e LEFT JOIN LATERAL (
    -- at most one: looked up event by event, in the order in which a list goes through them
    SELECT * FROM iehe.case_log l WHERE l.case_id = e.case_id AND l.cause = e.cause LIMIT 1
) AS l ON true
CROSS JOIN LATERAL (SELECT e.state = 'stored' AND EXISTS (
    SELECT FROM iehe.events u WHERE u.case_id = e.case_id AND u.state = 'delivered' AND NOT u.taken
) AS behind) AS of_its_case;
COMMENT ON COLUMN iehe.event_fates.fate IS
    'stored (not tried yet), waiting (for its case, or for its turn there), applied (of one about many cases: passed on '
    'to each of them), refused (by its case), dead, dropped';
COMMENT ON COLUMN iehe.event_fates.code IS 'Why it waits, was refused or is dead.';

-- who may send ---------------------------------------------------------------------------------------------

CREATE TABLE iehe.sources (
    name        text PRIMARY KEY,
    uri         text NOT NULL UNIQUE,
    types       text[] NOT NULL CHECK (cardinality(types) > 0),
    per_minute  integer NOT NULL CHECK (per_minute > 0),
    issuer      text,
    audience    text,
    subject     text,
    jwks_url    text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    revoked_at  timestamptz,
    CHECK (num_nulls(issuer, audience, subject, jwks_url) IN (0, 4))
);
COMMENT ON COLUMN iehe.sources.uri IS 'The CloudEvents source attribute of everything it sends.';
COMMENT ON COLUMN iehe.sources.issuer IS 'With audience, subject and jwks_url: it sends bearer tokens.';

CREATE TABLE iehe.source_keys (
    key_id      text PRIMARY KEY,
    source      text NOT NULL REFERENCES iehe.sources,
    kind        text NOT NULL CHECK (kind IN ('v1', 'v1a')),
    sealed      bytea,
    public      bytea,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz,
    revoked_at  timestamptz,
    CHECK ((kind = 'v1') = (sealed IS NOT NULL) AND (kind = 'v1a') = (public IS NOT NULL))
);
COMMENT ON COLUMN iehe.source_keys.sealed IS
    'A shared secret, encrypted with a key that is not in the database.';
CREATE INDEX source_keys_by_source ON iehe.source_keys (source);

-- who takes notices, and by which channels staff are reached -------------------------------------------------

CREATE TABLE iehe.webhooks (
    name        text PRIMARY KEY,
    url         text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    gone_at     timestamptz,
    revoked_at  timestamptz
);
COMMENT ON TABLE iehe.webhooks IS 'Gateways that pages and notices are posted to, signed (Standard Webhooks).';
COMMENT ON COLUMN iehe.webhooks.gone_at IS 'It answered 410: nothing is sent there until a test is answered.';

CREATE TABLE iehe.webhook_keys (
    key_id      text PRIMARY KEY,
    webhook     text NOT NULL REFERENCES iehe.webhooks,
    sealed      bytea[] NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz
);
COMMENT ON COLUMN iehe.webhook_keys.sealed IS
    'A shared secret, encrypted for the workers of each home with a key that is not in the database.';
CREATE INDEX webhook_keys_by_webhook ON iehe.webhook_keys (webhook);

CREATE TABLE iehe.staff_channels (
    staff_id         text NOT NULL REFERENCES iehe.staff,
    channel          text NOT NULL CHECK (channel = 'mail' OR channel LIKE 'webhook:%'),
    webhook          text GENERATED ALWAYS AS (nullif(split_part(channel, ':', 2), '')) STORED REFERENCES iehe.webhooks,
    address          text NOT NULL,
    added_at         timestamptz NOT NULL DEFAULT now(),
    tested_at        timestamptz,
    code_hash        bytea,
    code_salt        bytea,
    code_expires_at  timestamptz,
    code_tries       integer NOT NULL DEFAULT 0,
    PRIMARY KEY (staff_id, channel)
);
COMMENT ON TABLE iehe.staff_channels IS 'How members of staff are reached: by mail, or at a gateway.';
COMMENT ON COLUMN iehe.staff_channels.address IS
    'Of mail the address that was tested; else what the person is called at the gateway, such as a pager''s number.';
COMMENT ON COLUMN iehe.staff_channels.tested_at IS 'When a code that was sent there was given back.';

CREATE FUNCTION iehe.tested_channels(of_staff text) RETURNS TABLE (channel text, tested_at timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT c.channel, c.tested_at
    FROM iehe.staff_channels c JOIN iehe.staff s USING (staff_id) LEFT JOIN iehe.webhooks w ON w.name = c.webhook
    WHERE c.staff_id = of_staff AND s.active AND c.tested_at IS NOT NULL
      AND CASE WHEN c.channel = 'mail' THEN c.address = s.email ELSE w.revoked_at IS NULL AND w.gone_at IS NULL END
$$;
COMMENT ON FUNCTION iehe.tested_channels IS
    'By what a member of staff is certainly reached: tested, at the address of today, at a gateway that answers.';

-- requests and what ops have read ----------------------------------------------------------------------------

CREATE TABLE iehe.requests (
    actor        text NOT NULL,
    key          text NOT NULL,
    operation    text NOT NULL,
    body_sha256  text NOT NULL,
    at           timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (actor, key)
);
COMMENT ON TABLE iehe.requests IS
    'Idempotency keys of staff systems: the same key with another request is refused.';

CREATE TABLE iehe.decodings (
    at          timestamptz NOT NULL DEFAULT now(),
    reader      text NOT NULL,
    data_class  text NOT NULL,
    payloads    integer NOT NULL,
    refused     boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE iehe.decodings IS 'Who had payloads of which class of data made readable, for the Temporal UI.';
CREATE INDEX decodings_by_time ON iehe.decodings (at);
CREATE TRIGGER decodings_stay BEFORE UPDATE OR DELETE ON iehe.decodings
    FOR EACH ROW EXECUTE FUNCTION iehe.refuse_change();

CREATE TABLE iehe.keys (
    key_id       text PRIMARY KEY,
    home         text NOT NULL,
    fingerprint  text NOT NULL,
    noted_at     timestamptz NOT NULL DEFAULT now(),
    lost_at      timestamptz
);
COMMENT ON TABLE iehe.keys IS
    'Fingerprints of the keys that payloads and secrets are encrypted with: a process with another ring does not '
    'start. Never a key.';
COMMENT ON COLUMN iehe.keys.home IS 'In whose ring it is.';
COMMENT ON COLUMN iehe.keys.lost_at IS 'A person has said that the key is lost for good.';

-- who acts at the command line, and what was changed there ----------------------------------------------------

CREATE TABLE iehe.logins (
    account   text NOT NULL,
    staff_id  text NOT NULL REFERENCES iehe.staff,
    bound_by  text NOT NULL,
    bound_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account, staff_id)
);
COMMENT ON TABLE iehe.logins IS
    'Whom an account of the operating system may act as, where no identity provider says who somebody is.';

CREATE TABLE iehe.administration_log (
    entry    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL DEFAULT now(),
    actor    text NOT NULL,
    act      text NOT NULL,
    subject  text NOT NULL,
    details  jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE iehe.administration_log IS
    'Who changed policies, staff, sources and keys; codes only, nothing personal and no secret.';
CREATE TRIGGER administration_log_rows_stay BEFORE UPDATE OR DELETE ON iehe.administration_log
    FOR EACH ROW EXECUTE FUNCTION iehe.refuse_change();
CREATE TRIGGER administration_log_stays BEFORE TRUNCATE ON iehe.administration_log
    FOR EACH STATEMENT EXECUTE FUNCTION iehe.refuse_change();

REVOKE EXECUTE ON FUNCTION iehe.queue_event, iehe.announce FROM PUBLIC;
GRANT EXECUTE ON FUNCTION iehe.announce TO iehe_worker, iehe_office;
GRANT EXECUTE ON FUNCTION iehe.queue_event TO iehe_worker;
GRANT SELECT ON iehe.sources, iehe.source_keys, iehe.event_fates TO iehe_office;
GRANT SELECT ON iehe.case_redirects TO iehe_worker, iehe_office;
GRANT INSERT, DELETE ON iehe.case_redirects TO iehe_worker;
GRANT SELECT ON iehe.webhooks, iehe.webhook_keys, iehe.staff_channels TO iehe_worker, iehe_office;
GRANT UPDATE (gone_at) ON iehe.webhooks TO iehe_worker, iehe_office;
GRANT INSERT, UPDATE, DELETE ON iehe.staff_channels TO iehe_office;
GRANT SELECT ON iehe.requests TO iehe_office;
GRANT INSERT ON iehe.events, iehe.requests, iehe.decodings TO iehe_office;
GRANT UPDATE (state, reason, next_try_at, waiting_since, ended_at, handled_by, handled_reason, refused)
    ON iehe.events TO iehe_office;
GRANT SELECT, INSERT ON iehe.administration_log, iehe.logins TO iehe_office;
GRANT DELETE ON iehe.logins TO iehe_office;
GRANT SELECT ON iehe.decodings, iehe.sources, iehe.webhooks, iehe.keys, iehe.administration_log, iehe.logins TO iehe_auditor;
GRANT SELECT, INSERT ON iehe.keys TO iehe_worker, iehe_office;
GRANT USAGE ON SCHEMA public TO iehe_office;
GRANT SELECT ON public.schema_migrations TO iehe_office;
