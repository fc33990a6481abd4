-- Cases with their log, tasks, deadlines and notices; staff; policies; the step.
-- The roles are made by whoever provides the database (the embedded stack does); owner runs this.

CREATE SCHEMA iehe;
REVOKE ALL ON SCHEMA public FROM PUBLIC;

-- GiST compares ranges without any extension: one text is the range from itself to itself
CREATE TYPE iehe.text_range AS RANGE (subtype = text);

-- staff --------------------------------------------------------------------------------------------------

CREATE TABLE iehe.staff (
    staff_id        text PRIMARY KEY,
    name            text NOT NULL,
    email           text NOT NULL,
    language        text NOT NULL DEFAULT 'ja' CHECK (language IN ('ja', 'en')),
    roles           text[] NOT NULL,
    load_cap        integer CHECK (load_cap > 0),
    available_from  date,
    available_to    date,
    phone           text,
    address         text,
    employers       jsonb NOT NULL DEFAULT '[]',
    relations       text[] NOT NULL DEFAULT '{}',
    active          boolean NOT NULL DEFAULT true
);

CREATE TABLE iehe.absences (
    staff_id    text NOT NULL REFERENCES iehe.staff,
    begins_at   timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL,
    substitute  text REFERENCES iehe.staff CHECK (substitute <> staff_id),
    noted_by    text NOT NULL,
    noted_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (staff_id, begins_at),
    CHECK (ends_at > begins_at)
);
COMMENT ON TABLE iehe.absences IS
    'Who is away from when until when, and who gets meanwhile what is delegable of theirs.';

-- policies ----------- ------------------------------------------------------------------------------------

CREATE TABLE iehe.policies (
    process     text NOT NULL,
    version     text NOT NULL,
    valid_from  date NOT NULL,
    body        jsonb NOT NULL,
    sha256      text NOT NULL,
    loaded_at   timestamptz NOT NULL DEFAULT now(),
    loaded_by   text NOT NULL,
    PRIMARY KEY (process, version)
);

CREATE TABLE iehe.closures (
    closure   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    process   text NOT NULL,
    calendar  text,
    first     date NOT NULL,
    last      date NOT NULL CHECK (last >= first),
    opens     time,
    closes    time CHECK ((opens IS NULL) = (closes IS NULL)),
    why       text NOT NULL,
    noted_by  text NOT NULL,
    noted_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE NULLS NOT DISTINCT (process, calendar, first, last, opens, closes)
);
COMMENT ON TABLE iehe.closures IS
    'Days that are not as the calendars of a process''s policies say: closed, or open at other hours. A running case '
    'counts by those that it has been told of.';
COMMENT ON COLUMN iehe.closures.calendar IS 'Null: all calendars but the one that never closes.';
COMMENT ON COLUMN iehe.closures.closes IS '00:00 is the midnight that ends the day.';

CREATE TABLE iehe.rooms (
    room     text PRIMARY KEY,
    process  text NOT NULL UNIQUE,
    starts_by text UNIQUE,
    home     text NOT NULL DEFAULT 'common' CHECK (home ~ '^[a-z][a-z0-9]{1,19}$'),
    confidential boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE iehe.rooms IS 'The process to which the first part of a case id belongs.';
COMMENT ON COLUMN iehe.rooms.starts_by IS
    'Type of the event that brings a subject: stored by iehe.<room>_store in the transaction that takes the event.';

COMMENT ON COLUMN iehe.rooms.home IS
    'Where its cases live: the owner writes here what the descriptors of the processes say (iehe migrate).';
COMMENT ON COLUMN iehe.rooms.confidential IS
    'Its rows are shown to nobody but who sees the case, and each read of one is noted in iehe.case_reads.';

-- homes --------------------------------------------------------------------------------------------------
-- A worker sees and writes the rows of its home alone. Whose it is, is read from the name that the session has
-- signed in with, which neither SET ROLE nor a function with the owner's rights changes.

CREATE FUNCTION iehe.home_of(of_case text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT r.home FROM iehe.rooms r WHERE r.room = split_part(of_case, '/', 1)
$$;

CREATE FUNCTION iehe.home_here() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN session_user = 'iehe_worker' THEN 'common'
                WHEN session_user ~ '^iehe_[a-z][a-z0-9]{1,19}_worker$'
                THEN substring(session_user FROM '^iehe_(.*)_worker$')
                WHEN pg_has_role(session_user, 'iehe_worker', 'USAGE') THEN 'common' END
$$;
COMMENT ON FUNCTION iehe.home_here IS 'The home that the session works for; null: it is no worker''s.';

CREATE FUNCTION iehe.rooms_here() RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT array_agg(r.room) FROM iehe.rooms r, iehe.home_here() AS here WHERE here IS NULL OR r.home = here
$$;
COMMENT ON FUNCTION iehe.rooms_here IS 'The rooms of whose cases a worker has the rows; all of them for anybody else.';

-- sight --------------------------------------------------------------------------------------------------
-- What somebody of the office sees of a case is told by iehe.rights_of alone: to every door, and to the policies of
-- the rows of what is confidential. For whom a connection acts is set for each of its uses (iehe.acting), from who
-- was proven; nobody by default, and `*` for the host itself, which starts, repairs and counts.

CREATE TABLE iehe.sight (
    process  text NOT NULL,
    role     text NOT NULL,
    field    text NOT NULL CHECK (field IN ('case', 'work', 'personal', 'payloads')),
    concern  text NOT NULL,
    PRIMARY KEY (process, role, field, concern)
);
COMMENT ON TABLE iehe.sight IS
    'Which role sees which group of fields: the owner writes here what the processes say (iehe migrate).';
COMMENT ON COLUMN iehe.sight.concern IS 'Only of cases that concern them in this role; empty: of every case.';

CREATE FUNCTION iehe.acting() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(current_setting('iehe.acting', true), '')
$$;
COMMENT ON FUNCTION iehe.acting IS 'For whom the connection acts: a staff id, `*` for the host, nobody by default.';

-- plpgsql, so that the tables that it asks can be made after the policies that ask it
CREATE FUNCTION iehe.rights_of(of_case text, who text) RETURNS TABLE (field text, by_right text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- a worker is told of its home's cases alone
    IF split_part(of_case, '/', 1) <> ALL (iehe.rooms_here())
        OR EXISTS (SELECT FROM iehe.case_shut_out o WHERE o.case_id = of_case AND o.staff_id = who) THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT g.field, concat_ws('/', g.role, nullif(g.concern, ''))
    FROM iehe.staff s JOIN iehe.sight g ON g.role = ANY (s.roles) JOIN iehe.rooms r USING (process)
    WHERE s.staff_id = who AND s.active AND r.room = split_part(of_case, '/', 1)
      AND NOT EXISTS (SELECT FROM iehe.case_shut_out o WHERE o.case_id = of_case AND o.staff_id = 'role:' || g.role)
      AND (g.concern = '' OR EXISTS (SELECT FROM iehe.concerns c WHERE c.case_id = of_case AND c.role = g.concern
                                     AND c.staff_id IN (who, 'role:' || g.role)))
    UNION
    SELECT f.field, 'break-glass'
    FROM iehe.broken_glass b JOIN iehe.staff s USING (staff_id), unnest(ARRAY['case', 'work', 'personal']) AS f (field)
    WHERE b.case_id = of_case AND b.staff_id = who AND s.active AND now() < b.until
      AND NOT EXISTS (SELECT FROM iehe.case_shut_out o WHERE o.case_id = of_case AND o.staff_id LIKE 'role:%'
                      AND substr(o.staff_id, 6) = ANY (s.roles));
END
$$;
COMMENT ON FUNCTION iehe.rights_of IS
    'What a member of staff sees of a case, and by which right: role, role/concern, or break-glass.';

-- of no cost to the planner: it is asked of few rows, and the way of a list along its index is to stay
CREATE FUNCTION iehe.in_sight(of_case text, of_field text) RETURNS boolean
LANGUAGE sql STABLE COST 1 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM iehe.rights_of(of_case, iehe.acting()) r WHERE r.field = of_field)
$$;

CREATE FUNCTION iehe.rooms_out_of_sight(of_field text) RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(array_agg(r.room), '{}') FROM iehe.rooms r
    WHERE r.confidential AND iehe.acting() <> '*' AND NOT EXISTS (
        SELECT FROM iehe.sight g JOIN iehe.staff s ON g.role = ANY (s.roles)
        WHERE g.process = r.process AND g.field = of_field AND g.concern = '' AND s.staff_id = iehe.acting() AND s.active)
$$;
COMMENT ON FUNCTION iehe.rooms_out_of_sight IS
    'Confidential rooms of which whoever acts does not see every case; of the others they see all but a few.';

CREATE FUNCTION iehe.cases_out_of_sight() RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT coalesce(array_agg(o.case_id), '{}') FROM iehe.case_shut_out o
            WHERE o.staff_id = iehe.acting()
               OR o.staff_id IN (SELECT 'role:' || unnest(s.roles) FROM iehe.staff s WHERE s.staff_id = iehe.acting()));
END
$$;
COMMENT ON FUNCTION iehe.cases_out_of_sight IS
    'Cases that whoever acts is shut out of, or one of their roles is: iehe.rights_of tells what another one gives.';

CREATE FUNCTION iehe.keep_at_home(of_room text, VARIADIC tables text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    -- asked for once in a statement and not row by row; as queries, because a function costs more
    rooms      text := 'ANY (ARRAY(SELECT r.room FROM iehe.rooms r WHERE r.home = iehe.home_here()))';
    by_process text := 'process = ANY (ARRAY(SELECT r.process FROM iehe.rooms r WHERE r.home = iehe.home_here()))';
    by_case    text := 'split_part(case_id, ''/'', 1) = ' || rooms;
    -- what is not seen whole is asked for once in a statement, and only of that row by row; said as what is left out,
    -- since the planner takes it for little, and lists stay on their indexes
    in_sight   text := 'split_part(case_id, ''/'', 1) <> ALL ((SELECT iehe.rooms_out_of_sight(%1$L))::text[]) '
                       'AND case_id <> ALL ((SELECT iehe.cases_out_of_sight())::text[]) OR iehe.in_sight(case_id, %1$L)';
    each       text;
    of_case    boolean;
    of_none    boolean;
BEGIN
    FOREACH each IN ARRAY tables LOOP
        SELECT count(*) > 0, coalesce(bool_or(NOT a.attnotnull), false) INTO of_case, of_none FROM pg_attribute a
        WHERE a.attrelid = format('iehe.%I', each)::regclass AND a.attname = 'case_id';
        EXECUTE format('ALTER TABLE iehe.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', each);
        EXECUTE format('CREATE POLICY at_home ON iehe.%I TO iehe_worker USING (%s)', each, CASE
            WHEN of_none THEN format('%s OR case_id IS NULL AND %s', by_case, by_process)
            WHEN of_case THEN by_case
            WHEN of_room IS NULL THEN by_process
            ELSE quote_literal(of_room) || ' = ' || rooms END);
        EXECUTE format('CREATE POLICY of_all_homes ON iehe.%I TO CURRENT_USER, iehe_auditor USING (true)', each);
        EXECUTE format('CREATE POLICY in_sight ON iehe.%I TO iehe_office USING (%s) WITH CHECK (true)', each, CASE
            WHEN of_none THEN 'case_id IS NULL OR ' || format(in_sight, 'case')
            WHEN of_case THEN format(in_sight, CASE each WHEN 'texts' THEN 'personal' ELSE 'case' END)
                              || CASE each WHEN 'texts' THEN ' OR author = iehe.acting()' ELSE '' END
            ELSE 'true' END);
    END LOOP;
END
$$;
COMMENT ON FUNCTION iehe.keep_at_home IS
    'Shows the rows of some tables to the workers of their home alone: by the case that each is of, or by its process '
    'where it is of no case; a process''s own table that names no case belongs whole to the room that is given. To the '
    'office those of what is confidential are shown by who sees the case, and its words by who sees what is personal.';

-- what the office said of a header: its columns and the fields they hold
CREATE TABLE iehe.column_mappings (
    kind           text NOT NULL,
    header_sha256  text NOT NULL,
    mapping        jsonb NOT NULL,
    kept_by        text NOT NULL,
    kept_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (kind, header_sha256)
);

-- what is to be started ----------------------------------------------------------------------------------

CREATE TABLE iehe.case_starts (
    case_id       text PRIMARY KEY,
    attributes    jsonb NOT NULL DEFAULT '{}',
    starts_itself boolean NOT NULL DEFAULT false,
    stored_at     timestamptz NOT NULL DEFAULT now(),
    started_at    timestamptz
);
COMMENT ON TABLE iehe.case_starts IS
    'Subjects that are stored, whose workflow is to be started: written in the transaction that stores them.';
COMMENT ON COLUMN iehe.case_starts.attributes IS 'Search attributes that the workflow is started with.';
COMMENT ON COLUMN iehe.case_starts.starts_itself IS
    'Accepted while nobody waits: a relay starts what was stored and not started.';
CREATE INDEX case_starts_waiting ON iehe.case_starts (stored_at, case_id) WHERE started_at IS NULL AND starts_itself;

-- cases --------------------------------------------------------------------------------------------------

CREATE TABLE iehe.cases (
    case_id         text PRIMARY KEY,
    process         text NOT NULL,
    version         integer NOT NULL,
    stage           text NOT NULL,
    stage_since     timestamptz NOT NULL,
    opened_at       timestamptz NOT NULL,
    waiting_for     text,
    due_at          timestamptz,
    outcome         text,
    outcome_by      text CHECK (outcome_by IN ('person', 'system', 'clock')),
    closed_at       timestamptz,
    policy_version  text,
    hash            text NOT NULL DEFAULT repeat('0', 64),
    state           jsonb NOT NULL,
    owes            boolean NOT NULL GENERATED ALWAYS AS (coalesce(state -> 'owes', '[]') <> '[]') STORED
);
COMMENT ON COLUMN iehe.cases.owes IS 'Whether it has something to give back when it ends: `owes` of its state.';
COMMENT ON COLUMN iehe.cases.state IS
    'What the case remembered after its last written step. A step written by a workflow task that Temporal
     then lost is taken over from here, and a case can be started again from it.';
COMMENT ON COLUMN iehe.cases.hash IS 'Of the last entry of its log, which the next one follows.';
-- for lists, which go by case_id; the cases of a process are one range of it
CREATE INDEX cases_by_stage ON iehe.cases (stage, case_id);
CREATE INDEX cases_by_outcome ON iehe.cases (outcome, case_id) WHERE outcome IS NOT NULL;
CREATE INDEX cases_open_by_turn ON iehe.cases (waiting_for, case_id) WHERE closed_at IS NULL;
CREATE INDEX cases_open ON iehe.cases (case_id) INCLUDE (due_at) WHERE closed_at IS NULL;
CREATE INDEX cases_closed ON iehe.cases (case_id) WHERE closed_at IS NOT NULL;
CREATE INDEX cases_owing ON iehe.cases (case_id) WHERE owes AND closed_at IS NOT NULL;
CREATE INDEX cases_open_by_due ON iehe.cases (due_at) WHERE closed_at IS NULL;

CREATE TABLE iehe.case_labels (
    case_id  text NOT NULL,
    name     text NOT NULL,
    value    text NOT NULL,
    PRIMARY KEY (case_id, name)
);
COMMENT ON TABLE iehe.case_labels IS
    'By what the cases of a process are found beside where they stand; written by the process, for a case that may
     not be open yet.';
CREATE INDEX case_labels_by_value ON iehe.case_labels (name, value, case_id);

CREATE TABLE iehe.case_log (
    case_id      text NOT NULL REFERENCES iehe.cases,
    version      integer NOT NULL,
    at           timestamptz NOT NULL,
    step         text NOT NULL,
    from_stage   text NOT NULL,
    stage        text NOT NULL,
    actor_kind   text NOT NULL,
    actor_id     text NOT NULL,
    cause        text,
    details      jsonb NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT now(),
    prev_hash    text NOT NULL,
    hash         text NOT NULL,
    PRIMARY KEY (case_id, version)
);
CREATE UNIQUE INDEX case_log_by_cause ON iehe.case_log (case_id, cause) WHERE cause IS NOT NULL;

-- Rows go by the functions of retention, which run with `iehe.erasing` and the owner's rights. Who sets it without
-- these rights may not delete all the same.
CREATE FUNCTION iehe.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('iehe.erasing', true) = TG_TABLE_NAME THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '%.% is append-only', TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER case_log_rows_stay BEFORE UPDATE OR DELETE ON iehe.case_log
    FOR EACH ROW EXECUTE FUNCTION iehe.refuse_change();
CREATE TRIGGER case_log_stays BEFORE TRUNCATE ON iehe.case_log
    FOR EACH STATEMENT EXECUTE FUNCTION iehe.refuse_change();

CREATE TABLE iehe.tasks (
    case_id         text NOT NULL REFERENCES iehe.cases,
    key             text NOT NULL,
    opened_version  integer NOT NULL,
    kind            text NOT NULL,
    role            text NOT NULL,
    assignee        text,
    opened_at       timestamptz NOT NULL,
    due_at          timestamptz NOT NULL,
    closed_at       timestamptz,
    closed_how      text,
    closed_by       text,
    room            text NOT NULL GENERATED ALWAYS AS (split_part(case_id, '/', 1)) STORED,
    PRIMARY KEY (case_id, key, opened_version)
);
CREATE UNIQUE INDEX tasks_open ON iehe.tasks (case_id, key) WHERE closed_at IS NULL;
CREATE INDEX tasks_open_by_due ON iehe.tasks (room, due_at, case_id, key) WHERE closed_at IS NULL;
CREATE INDEX tasks_open_by_role ON iehe.tasks (room, role, due_at, case_id, key) WHERE closed_at IS NULL;
CREATE INDEX tasks_open_by_assignee ON iehe.tasks (assignee, case_id)
    WHERE closed_at IS NULL AND assignee IS NOT NULL;

CREATE TABLE iehe.office_tasks (
    task       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    process    text NOT NULL,
    key        text NOT NULL,
    kind       text NOT NULL,
    roles      text[] NOT NULL CHECK (cardinality(roles) > 0),
    opened_at  timestamptz NOT NULL,
    due_at     timestamptz NOT NULL,
    closed_at  timestamptz
);
COMMENT ON TABLE iehe.office_tasks IS
    'Work of a process that is of none of its cases: whoever has one of the roles, or sees all the work of the process, '
    'sees it; written and closed by the room''s own functions.';
CREATE UNIQUE INDEX office_tasks_open ON iehe.office_tasks (process, key) WHERE closed_at IS NULL;
CREATE INDEX office_tasks_open_by_due ON iehe.office_tasks (due_at, key) WHERE closed_at IS NULL;

CREATE TABLE iehe.case_people (
    staff_id  text NOT NULL,
    case_id   text NOT NULL,
    role      text NOT NULL,
    closed    boolean NOT NULL DEFAULT false,
    PRIMARY KEY (staff_id, case_id, role)
);
COMMENT ON TABLE iehe.case_people IS
    'Whom a case concerns beside those who have a task there; written by the process with its own records.';
COMMENT ON COLUMN iehe.case_people.closed IS 'As the case: kept here, for what one person has still to do with.';
CREATE INDEX case_people_open ON iehe.case_people (staff_id, case_id, role) WHERE NOT closed;
-- by its hash, so that no list takes it for the order of cases
CREATE INDEX case_people_by_case ON iehe.case_people USING hash (case_id);

CREATE FUNCTION iehe.note_whether_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'cases' THEN
        UPDATE iehe.case_people SET closed = NEW.closed_at IS NOT NULL WHERE case_id = NEW.case_id;
        RETURN NULL;
    END IF;
    NEW.closed := EXISTS (SELECT FROM iehe.cases c WHERE c.case_id = NEW.case_id AND c.closed_at IS NOT NULL);
    RETURN NEW;
END
$$;
CREATE TRIGGER case_people_as_their_case BEFORE INSERT ON iehe.case_people
    FOR EACH ROW EXECUTE FUNCTION iehe.note_whether_closed();
CREATE TRIGGER cases_close_for_people AFTER UPDATE OF closed_at ON iehe.cases
    FOR EACH ROW WHEN ((OLD.closed_at IS NULL) <> (NEW.closed_at IS NULL))
    EXECUTE FUNCTION iehe.note_whether_closed();

-- Whom a case concerns, and in which role: what a person may see is counted from it (cases/sight.py).
CREATE VIEW iehe.concerns WITH (security_invoker) AS
SELECT t.case_id, t.assignee AS staff_id, t.role FROM iehe.tasks t
WHERE t.assignee IS NOT NULL AND t.closed_at IS NULL
UNION ALL
SELECT p.case_id, p.staff_id, p.role FROM iehe.case_people p;

CREATE TABLE iehe.case_shut_out (
    case_id   text NOT NULL,
    staff_id  text NOT NULL,
    since     timestamptz NOT NULL,
    PRIMARY KEY (case_id, staff_id)
);
COMMENT ON TABLE iehe.case_shut_out IS
    'Members of staff whom a case is about or against: they get no message of it and see nothing of it, whatever '
    'their roles; and roles (role:<role>) that have no part in it any more. Written by the process with its records.';

CREATE TABLE iehe.case_receipts (
    hash     bytea PRIMARY KEY,
    case_id  text NOT NULL
);
COMMENT ON TABLE iehe.case_receipts IS
    'SHA-256 of the codes by which who has no address asks what became of what they have sent; never a code.';

CREATE TABLE iehe.case_covers (
    case_id     text NOT NULL,
    staff_id    text NOT NULL,
    substitute  text NOT NULL REFERENCES iehe.staff CHECK (substitute <> staff_id),
    begins_at   timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL CHECK (ends_at > begins_at),
    PRIMARY KEY (case_id, staff_id, begins_at)
);
COMMENT ON TABLE iehe.case_covers IS
    'Who stands in for somebody in one case for a while: it counts like an absence, there alone.';

CREATE TABLE iehe.deadlines (
    case_id      text NOT NULL REFERENCES iehe.cases,
    name         text NOT NULL,
    state        text NOT NULL,
    due_at       timestamptz NOT NULL,
    clock        jsonb NOT NULL,
    version      integer NOT NULL,
    PRIMARY KEY (case_id, name)
);

COMMENT ON COLUMN iehe.deadlines.clock IS 'How its due time came about: iehe case clock.';

CREATE TABLE iehe.case_keys (
    case_id    text PRIMARY KEY,
    key_id     uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    class_key  text NOT NULL,
    wrapped    bytea NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE iehe.case_keys IS
    'The key that the words of a case are encrypted with, itself encrypted with the key of its class; it goes with
     the case.';
COMMENT ON COLUMN iehe.case_keys.class_key IS 'The key in the ring that opens it.';

CREATE TABLE iehe.texts (
    text_id     uuid PRIMARY KEY,
    case_id     text NOT NULL REFERENCES iehe.case_keys,
    author      text NOT NULL,
    sealed      bytea NOT NULL CHECK (octet_length(sealed) <= 16100),
    created_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE iehe.texts IS 'Reasons and remarks in words, encrypted; commands carry only the id.';

CREATE TABLE iehe.broken_glass (
    case_id    text NOT NULL REFERENCES iehe.cases,
    staff_id   text NOT NULL REFERENCES iehe.staff,
    at         timestamptz NOT NULL DEFAULT now(),
    until      timestamptz NOT NULL,
    reason_id  uuid NOT NULL REFERENCES iehe.texts,
    event_id   text NOT NULL,
    PRIMARY KEY (case_id, staff_id, at)
);
COMMENT ON TABLE iehe.broken_glass IS
    'Who has opened a case that they do not see, for a while and a reason; the case asks somebody else to look at it.';

CREATE TABLE iehe.case_reads (
    read      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id   text NOT NULL,
    staff_id  text NOT NULL,
    at        timestamptz NOT NULL DEFAULT now(),
    what      text NOT NULL,
    by_right  text NOT NULL
);
COMMENT ON TABLE iehe.case_reads IS 'Every read of a confidential case: who, when, what, by which right.';
CREATE INDEX case_reads_by_case ON iehe.case_reads (case_id, read);
CREATE INDEX case_reads_by_reader ON iehe.case_reads (staff_id, read);

-- committed before anything of the case is shown: what could not be noted is not read
CREATE FUNCTION iehe.note_reads(of_cases text[], of_field text, what text) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH noted AS (
        INSERT INTO iehe.case_reads (case_id, staff_id, what, by_right)
        SELECT c.case_id, iehe.acting(), what, coalesce(
            (SELECT max(r.by_right) FROM iehe.rights_of(c.case_id, iehe.acting()) r WHERE r.field = of_field), 'none')
        FROM (SELECT DISTINCT unnest(of_cases)) AS c (case_id)
        JOIN iehe.rooms r ON r.room = split_part(c.case_id, '/', 1) AND r.confidential
        WHERE iehe.acting() <> '*'
        ORDER BY c.case_id
        RETURNING 1)
    SELECT count(*)::int FROM noted
$$;
CREATE TRIGGER case_reads_stay BEFORE UPDATE OR DELETE ON iehe.case_reads
    FOR EACH ROW EXECUTE FUNCTION iehe.refuse_change();
CREATE TRIGGER case_reads_stay_whole BEFORE TRUNCATE ON iehe.case_reads
    FOR EACH STATEMENT EXECUTE FUNCTION iehe.refuse_change();
COMMENT ON FUNCTION iehe.note_reads IS 'Notes who has read what of which cases, of those that are confidential.';

CREATE TABLE iehe.notices (
    notice_id           text PRIMARY KEY,
    case_id             text REFERENCES iehe.cases,
    digest_on           date,
    version             integer NOT NULL,
    process             text NOT NULL,
    message             text NOT NULL,
    channel             text NOT NULL DEFAULT 'mail',
    urgent              boolean NOT NULL DEFAULT false,
    recipient_kind      text NOT NULL,
    recipient_id        text NOT NULL,
    why                 text CHECK (why IN
        ('assignee', 'role', 'substitute', 'team', 'rung', 'named', 'outstanding')),
    facts               jsonb NOT NULL,
    state               text NOT NULL DEFAULT 'queued' CHECK (state IN
        ('queued', 'sending', 'accepted', 'failed', 'dead', 'unknown', 'suppressed')),
    attempts            integer NOT NULL DEFAULT 0,
    queued_at           timestamptz NOT NULL,
    held_until          timestamptz,
    once_on             date,
    retry_at            timestamptz,
    sent_at             timestamptz,
    reason              text,
    message_id          text,
    told_with           text,
    possible_duplicate  boolean NOT NULL DEFAULT false,
    by_hand             boolean NOT NULL DEFAULT false,
    CHECK ((case_id IS NULL) = (digest_on IS NOT NULL))
);
COMMENT ON COLUMN iehe.notices.digest_on IS 'Of no case: the day whose digest of outstanding work it is a part of.';
COMMENT ON COLUMN iehe.notices.why IS
    'Why a member of staff gets it: the task is theirs (assignee), they have the role, they stand in for somebody '
    'who is away (substitute) or whom nobody stands in for (team), a ladder asks them (rung), a rule names them '
    '(named), work waits for them (outstanding).';
COMMENT ON COLUMN iehe.notices.held_until IS
    'Quiet hours hold it until then; what a member of staff gets by mail is afterwards told in one letter.';
COMMENT ON COLUMN iehe.notices.once_on IS 'It is told at most once on this day: a second one is suppressed.';
COMMENT ON COLUMN iehe.notices.told_with IS 'The notice in whose letter it is told, with others.';
COMMENT ON COLUMN iehe.notices.channel IS
    'mail; webhook (the first tested gateway of its reader), or webhook:<name>';
COMMENT ON COLUMN iehe.notices.urgent IS 'quiet hours do not hold it, and it is given up after minutes';
COMMENT ON COLUMN iehe.notices.by_hand IS 'a person has it sent again: the case''s own attempts leave it alone';
COMMENT ON COLUMN iehe.notices.state IS
    'queued, sending (handed over, no answer yet), accepted, failed (will be tried again), '
    'dead (never will), unknown (died between acceptance and record), suppressed';
CREATE INDEX notices_by_case ON iehe.notices (case_id, version);
CREATE INDEX notices_by_time ON iehe.notices (process, queued_at, notice_id);
CREATE INDEX notices_by_state ON iehe.notices (state, process, queued_at, notice_id) WHERE state <> 'accepted';
CREATE INDEX notices_held ON iehe.notices (recipient_id, process)
    WHERE held_until IS NOT NULL AND state IN ('queued', 'failed');
CREATE INDEX notices_told_with ON iehe.notices (told_with) WHERE told_with IS NOT NULL;
CREATE INDEX notices_of_digests ON iehe.notices (digest_on, recipient_id) WHERE digest_on IS NOT NULL;
CREATE UNIQUE INDEX notices_once_a_day ON iehe.notices (case_id, once_on, message, channel, recipient_kind, recipient_id)
    WHERE once_on IS NOT NULL AND state <> 'suppressed';

CREATE TABLE iehe.digests (
    process  text NOT NULL,
    day      date NOT NULL,
    made_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (process, day)
);
COMMENT ON TABLE iehe.digests IS
    'Of which processes the outstanding work of a day was counted: written with the notices of it.';

CREATE TABLE iehe.events (
    source        text NOT NULL,
    id            text NOT NULL,
    type          text NOT NULL,
    case_id       text NOT NULL,
    envelope      jsonb NOT NULL,
    cause_case    text,
    cause_version integer,
    stored_at     timestamptz NOT NULL DEFAULT now(),
    state         text NOT NULL DEFAULT 'stored' CHECK (state IN ('stored', 'delivered', 'dead')),
    reason        text,
    ended_at      timestamptz,
    PRIMARY KEY (source, id)
);
CREATE INDEX events_by_cause ON iehe.events (cause_case, cause_version);

-- the step -----------------------------------------------------------------------------------------------

CREATE FUNCTION iehe.refuse(code text, params jsonb DEFAULT '{}') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', code USING ERRCODE = 'IE001', DETAIL = params::text;
END
$$;
COMMENT ON FUNCTION iehe.refuse IS 'Refuses the step that is being written, by a code that people are told the meaning of.';

-- an id of a text as a command carries it
CREATE FUNCTION iehe.text_of(id text) RETURNS uuid LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN id::uuid;
EXCEPTION WHEN invalid_text_representation THEN
    PERFORM iehe.refuse('unknown-text');
END
$$;

CREATE FUNCTION iehe.lock_case(of_case text, of_message text)
RETURNS TABLE (version integer, hash text, state jsonb, earlier integer) LANGUAGE plpgsql AS $$
BEGIN
    FOR version, hash, state IN
        SELECT c.version, c.hash, c.state FROM iehe.cases c WHERE c.case_id = of_case FOR UPDATE
    LOOP
        -- a statement of its own: the one that has waited for the lock does not see what was written meanwhile
        SELECT l.version INTO earlier FROM iehe.case_log l WHERE l.case_id = of_case AND l.cause = of_message;
        RETURN NEXT;
    END LOOP;
END
$$;

CREATE FUNCTION iehe.write_steps(written jsonb, new_state jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    of_case text := written ->> 'case_id';
    this    jsonb;
    last    jsonb;
    own     jsonb;
    moment  timestamptz;
    v       integer;
BEGIN
    IF (written #>> '{steps,0,version}')::int = 1 THEN
        INSERT INTO iehe.cases (case_id, process, version, stage, stage_since, opened_at, state)
        VALUES (of_case, written ->> 'process', 0, '', (written #>> '{steps,0,at}')::timestamptz,
                (written #>> '{steps,0,at}')::timestamptz, '{}')
        ON CONFLICT (case_id) DO NOTHING;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'opened meanwhile' USING ERRCODE = 'serialization_failure';
        END IF;
        -- what has waited for this case is delivered now
        UPDATE iehe.events SET next_try_at = now() WHERE case_id = of_case AND state = 'stored';
    ELSE
        PERFORM FROM iehe.cases
        WHERE case_id = of_case AND version = (written #>> '{steps,0,version}')::int - 1
          AND hash = written #>> '{steps,0,prev_hash}' FOR UPDATE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'overtaken' USING ERRCODE = 'IE002';
        END IF;
    END IF;
    FOR this IN SELECT * FROM jsonb_array_elements(written -> 'steps') LOOP
        last := this;
        v := (this ->> 'version')::int;
        moment := (this ->> 'at')::timestamptz;
        INSERT INTO iehe.case_log (case_id, version, at, step, from_stage, stage, actor_kind, actor_id, cause,
                                   details, prev_hash, hash)
        VALUES (of_case, v, moment, this ->> 'step', this ->> 'from_stage', this ->> 'stage', this ->> 'actor_kind',
                this ->> 'actor_id', this ->> 'cause', this -> 'details', this ->> 'prev_hash', this ->> 'hash');
        IF this ? 'tasks_closed' THEN
            UPDATE iehe.tasks t SET closed_at = moment, closed_how = c.how, closed_by = this ->> 'actor_id'
            FROM jsonb_to_recordset(this -> 'tasks_closed') AS c (key text, how text)
            WHERE t.case_id = of_case AND t.key = c.key AND t.closed_at IS NULL;
        END IF;
        IF this ? 'tasks_opened' THEN
            INSERT INTO iehe.tasks (case_id, key, opened_version, kind, role, assignee, opened_at, due_at)
            SELECT of_case, o.key, v, o.kind, o.role, o.assignee, moment, o.due_at
            FROM jsonb_to_recordset(this -> 'tasks_opened')
                AS o (key text, kind text, role text, assignee text, due_at timestamptz);
        END IF;
        IF this ? 'tasks_reassigned' THEN
            UPDATE iehe.tasks t SET role = c.role, assignee = c.assignee, due_at = c.due_at
            FROM jsonb_to_recordset(this -> 'tasks_reassigned')
                AS c (key text, role text, assignee text, due_at timestamptz)
            WHERE t.case_id = of_case AND t.key = c.key AND t.closed_at IS NULL;
        END IF;
        IF this ? 'deadlines' THEN
            INSERT INTO iehe.deadlines (case_id, name, state, due_at, clock, version)
            SELECT of_case, d.name, d.state, d.due_at, d.clock, v
            FROM jsonb_to_recordset(this -> 'deadlines')
                AS d (name text, state text, due_at timestamptz, clock jsonb)
            ON CONFLICT (case_id, name) DO UPDATE
            SET state = excluded.state, due_at = excluded.due_at, clock = excluded.clock,
                version = excluded.version;
        END IF;
        IF this ->> 'stage' <> this ->> 'from_stage' THEN
            -- what asks for something is not sent any more when the stage that asked for it is over
            UPDATE iehe.notices SET state = 'suppressed', reason = 'no-longer-asked'
            WHERE case_id = of_case AND version < v AND written -> 'asking' ? message AND state IN ('queued', 'failed');
        END IF;
        IF this ? 'notices' THEN
            INSERT INTO iehe.notices (notice_id, case_id, version, process, message, channel, urgent, recipient_kind,
                                      recipient_id, why, facts, state, reason, queued_at, held_until, once_on)
            SELECT iehe.notice_id(of_case, v, n.message, r.kind || ':' || r.recipient, n.channel), of_case, v,
                   written ->> 'process', n.message, n.channel, n.urgent, r.kind, r.recipient,
                   CASE WHEN r.why = 'named' THEN coalesce(n.why, r.why) ELSE r.why END,
                   n.facts || jsonb_build_object('case', of_case),
                   CASE WHEN told.today THEN 'suppressed' ELSE 'queued' END, CASE WHEN told.today THEN 'told-today' END,
                   moment, n.held_until, n.once_on
            FROM jsonb_to_recordset(this -> 'notices')
                AS n (message text, "to" text, channel text, urgent boolean, why text, facts jsonb,
                      held_until timestamptz, once_on date)
            CROSS JOIN LATERAL iehe.readers_of(of_case, n."to", moment) AS r
            CROSS JOIN LATERAL (SELECT EXISTS (
                SELECT FROM iehe.notices e
                WHERE e.case_id = of_case AND e.once_on = n.once_on AND e.message = n.message AND e.channel = n.channel
                  AND e.recipient_kind = r.kind AND e.recipient_id = r.recipient AND e.state <> 'suppressed')) AS told (today)
            -- who has no gateway of their own is reached by the other ways of the same message
            WHERE n.channel <> 'webhook' OR r.kind <> 'staff'
               OR EXISTS (SELECT FROM iehe.tested_channels(r.recipient) c WHERE c.channel LIKE 'webhook:%')
               OR NOT this -> 'notices' @> jsonb_build_array(
                   jsonb_build_object('message', n.message, 'to', n."to", 'channel', 'mail'))
            ON CONFLICT (notice_id) DO NOTHING;
        END IF;
        IF this ? 'events' THEN
            PERFORM iehe.queue_event(e ->> 'case_id', of_case, v, e -> 'envelope')
            FROM jsonb_array_elements(this -> 'events') AS e;
        END IF;
        IF this ? 'places' THEN
            PERFORM iehe.change_places(of_case, v, moment, this ->> 'actor_id', this -> 'places');
        END IF;
        IF this ? 'facts' THEN
            PERFORM iehe.tell_fact(of_case, written ->> 'process', v, f) FROM jsonb_array_elements(this -> 'facts') AS f;
        END IF;
        FOR own IN SELECT * FROM jsonb_array_elements(coalesce(this -> 'records', '[]')) LOOP
            EXECUTE format('SELECT iehe.%I($1, $2, $3, $4, $5)',
                           CASE WHEN own ->> 'kind' LIKE 'host-%' THEN '' ELSE (written ->> 'room') || '_record_' END
                           || replace(own ->> 'kind', '-', '_'))
            USING of_case, v, moment, this ->> 'actor_id', own;
        END LOOP;
    END LOOP;
    UPDATE iehe.cases
    SET version = v, stage = last ->> 'stage',
        stage_since = CASE WHEN stage = last ->> 'stage' THEN stage_since ELSE moment END,
        waiting_for = last ->> 'waiting_for', due_at = (last ->> 'due_at')::timestamptz,
        outcome = last ->> 'outcome', outcome_by = last ->> 'outcome_by',
        closed_at = CASE WHEN (last ->> 'closed')::boolean THEN coalesce(closed_at, moment) END,
        hash = last ->> 'hash', state = new_state, policy_version = new_state #>> '{policy_ref,version}'
    WHERE case_id = of_case;
END
$$;
COMMENT ON FUNCTION iehe.write_steps IS
    'Writes the steps that a message led to, in the transaction that has decided them. A record of kind `k` of '
    'the room `r` is written by the function iehe.r_record_k(case, version, at, actor, record); one of the host, whose '
    'kind begins with host-, by the function of that name.';

CREATE FUNCTION iehe.notice_id(case_id text, version integer, message text, reader text, channel text DEFAULT 'mail')
RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT encode(sha256(convert_to(concat_ws('|', case_id, version, message, reader, nullif(channel, 'mail')),
                                    'UTF8')), 'hex')
$$;
COMMENT ON FUNCTION iehe.notice_id IS
    'One cause, one recipient, one message, one channel: one id, and so at most one mail.';

-- whether somebody hears nothing of a case: the person is shut out, or a role of theirs is and no other one of theirs
-- sees anything of cases of the process
CREATE FUNCTION iehe.is_shut_out(of_case text, who text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM iehe.case_shut_out o WHERE o.case_id = of_case AND o.staff_id = who)
        OR EXISTS (
            SELECT FROM iehe.case_shut_out o JOIN iehe.staff s ON o.staff_id = ANY (SELECT 'role:' || unnest(s.roles))
            WHERE o.case_id = of_case AND s.staff_id = who AND NOT EXISTS (
                SELECT FROM iehe.sight g JOIN iehe.rooms r USING (process)
                WHERE r.room = split_part(of_case, '/', 1) AND g.role = ANY (s.roles) AND NOT EXISTS (
                    SELECT FROM iehe.case_shut_out x WHERE x.case_id = of_case AND x.staff_id = 'role:' || g.role)))
$$;

-- who stands in for a member of staff at a time: themselves, or whoever stands in for their substitute; nobody
-- where the chain ends with somebody who is away, has left, or whom the case is about
CREATE FUNCTION iehe.stand_in(of_case text, who text, moment timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
    WITH RECURSIVE chain AS (
        SELECT who AS staff_id, ARRAY[who] AS path
        UNION ALL
        SELECT a.substitute, path || a.substitute
        FROM chain JOIN (
            SELECT a.staff_id, a.substitute, a.begins_at, a.ends_at FROM iehe.absences a
            UNION ALL
            SELECT v.staff_id, v.substitute, v.begins_at, v.ends_at FROM iehe.case_covers v WHERE v.case_id = of_case
        ) AS a USING (staff_id)
        WHERE moment >= a.begins_at AND moment < a.ends_at AND a.substitute <> ALL (path)
    )
    SELECT c.staff_id FROM chain c JOIN iehe.staff s USING (staff_id)
    WHERE s.active
      AND NOT EXISTS (SELECT FROM iehe.absences a
                      WHERE a.staff_id = c.staff_id AND moment >= a.begins_at AND moment < a.ends_at)
      AND NOT EXISTS (SELECT FROM iehe.case_covers v WHERE v.case_id = of_case
                      AND v.staff_id = c.staff_id AND moment >= v.begins_at AND moment < v.ends_at)
      AND NOT iehe.is_shut_out(of_case, c.staff_id)
    ORDER BY cardinality(path) LIMIT 1
$$;

-- whom of the staff an audience means, `role:<role>` or `staff:<id>|role:<role>`, and why: whoever stands in for
-- them, and the role where nobody does
CREATE FUNCTION iehe.staff_meant(of_case text, audience text, moment timestamptz)
RETURNS TABLE (staff_id text, why text) LANGUAGE plpgsql STABLE AS $$
DECLARE
    who text := substring(audience FROM '^staff:([^|]*)');
BEGIN
    IF who IS NOT NULL THEN
        RETURN QUERY SELECT here, CASE WHEN here = who THEN 'assignee' ELSE 'substitute' END
                     FROM iehe.stand_in(of_case, who, moment) AS here WHERE here IS NOT NULL;
        IF FOUND OR audience NOT LIKE '%|role:%' THEN
            RETURN;
        END IF;
    ELSIF audience LIKE 'staff-of:%' THEN
        -- whom a process knows beside roles, such as who is on duty
        RETURN QUERY EXECUTE format(
            'SELECT here, CASE WHEN bool_or(here = named) THEN ''named'' ELSE ''substitute'' END '
            'FROM iehe.%I($1, $2, $3) AS named, iehe.stand_in($1, named, $3) AS here WHERE here IS NOT NULL GROUP BY here',
            split_part(of_case, '/', 1) || '_staff_of') USING of_case, substr(audience, 10), moment;
        RETURN;
    END IF;
    RETURN QUERY SELECT here, CASE WHEN NOT bool_or(here = s.staff_id) THEN 'substitute'
                                   WHEN who IS NULL THEN 'role' ELSE 'team' END
                 FROM iehe.staff s, iehe.stand_in(of_case, s.staff_id, moment) AS here
                 WHERE s.active AND substring(audience FROM 'role:(.*)$') = ANY (s.roles) AND here IS NOT NULL
                 GROUP BY here;
END
$$;

CREATE FUNCTION iehe.staff_of(of_case text, audience text, moment timestamptz) RETURNS SETOF text LANGUAGE sql STABLE AS $$
    SELECT m.staff_id FROM iehe.staff_meant(of_case, audience, moment) m
$$;

-- whom an audience means, and of the staff why; a role in which nobody is there fails visibly instead of vanishing
CREATE FUNCTION iehe.readers_of(of_case text, audience text, moment timestamptz)
RETURNS TABLE (kind text, recipient text, why text) LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF audience LIKE '%role:%' OR audience LIKE 'staff-of:%' THEN
        RETURN QUERY SELECT 'staff', m.staff_id, m.why FROM iehe.staff_meant(of_case, audience, moment) AS m;
        IF NOT FOUND THEN
            RETURN QUERY SELECT 'staff', '-', 'role';
        END IF;
    ELSE
        -- what is personal goes to nobody else
        RETURN QUERY
        SELECT split_part(audience, ':', 1), coalesce(nullif(split_part(audience, ':', 2), ''), split_part(of_case, '/', 2)),
               CASE WHEN audience LIKE 'staff:%' THEN 'named' END
        WHERE audience NOT LIKE 'staff:%' OR NOT iehe.is_shut_out(of_case, substr(audience, 7));
    END IF;
END
$$;

-- who reads a message as of now: staff, or whom the process knows; nobody when there is no such reader any more. Who
-- was shut out of the case since hears nothing
CREATE FUNCTION iehe.recipient_of(of_case text, kind text, id text)
RETURNS TABLE (address text, language text, name text, silenced boolean) LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF kind = 'staff' THEN
        RETURN QUERY SELECT s.email, s.language, s.name, iehe.is_shut_out(of_case, s.staff_id)
        FROM iehe.staff s WHERE s.staff_id = id AND s.active;
    ELSE
        RETURN QUERY EXECUTE format('SELECT * FROM iehe.%I($1, $2, $3)', split_part(of_case, '/', 1) || '_recipient')
            USING of_case, kind, id;
    END IF;
END
$$;

SELECT iehe.keep_at_home(NULL, 'case_starts', 'cases', 'case_labels', 'case_log', 'tasks', 'office_tasks', 'case_people', 'case_shut_out', 'case_receipts', 'case_covers', 'closures',
    'deadlines', 'case_keys', 'texts', 'notices', 'digests', 'events', 'broken_glass', 'case_reads');

-- rights: least privilege --------------------------------------------------------------------------------

GRANT USAGE ON SCHEMA iehe TO iehe_worker, iehe_office, iehe_auditor;
GRANT SELECT ON ALL TABLES IN SCHEMA iehe TO iehe_worker, iehe_office;
-- reasons in words are none of its business: it knows them by id
REVOKE SELECT ON iehe.texts, iehe.case_keys FROM iehe_worker;
REVOKE SELECT ON iehe.broken_glass FROM iehe_worker;
REVOKE EXECUTE ON FUNCTION iehe.note_reads, iehe.rights_of, iehe.in_sight, iehe.rooms_out_of_sight, iehe.cases_out_of_sight
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION iehe.note_reads, iehe.rights_of, iehe.in_sight, iehe.rooms_out_of_sight, iehe.cases_out_of_sight
    TO iehe_office;
GRANT EXECUTE ON FUNCTION iehe.rights_of TO iehe_worker;
GRANT INSERT ON iehe.broken_glass TO iehe_office;
GRANT SELECT ON iehe.case_reads, iehe.broken_glass TO iehe_auditor;
GRANT INSERT ON iehe.cases, iehe.case_log, iehe.tasks, iehe.office_tasks, iehe.deadlines, iehe.notices, iehe.digests, iehe.events
    TO iehe_worker;
GRANT UPDATE ON iehe.cases, iehe.tasks, iehe.office_tasks, iehe.deadlines, iehe.notices, iehe.events TO iehe_worker;
GRANT INSERT, UPDATE, DELETE ON iehe.case_people, iehe.case_shut_out, iehe.case_covers TO iehe_worker;
GRANT UPDATE (started_at) ON iehe.case_starts TO iehe_worker;
-- a row lock that serialises loads
GRANT UPDATE (load_cap) ON iehe.staff TO iehe_worker;

GRANT INSERT, UPDATE ON iehe.staff, iehe.case_starts, iehe.column_mappings TO iehe_office;
GRANT INSERT, UPDATE, DELETE ON iehe.absences TO iehe_office;
GRANT INSERT, DELETE ON iehe.closures TO iehe_office;
GRANT INSERT ON iehe.case_receipts TO iehe_office;
GRANT INSERT ON iehe.policies, iehe.texts, iehe.case_keys TO iehe_office;
-- a text whose decision was refused; one that anything refers to is held by its foreign key
GRANT DELETE ON iehe.texts TO iehe_office;
-- to have a message sent again
GRANT UPDATE (state, reason, queued_at, retry_at, possible_duplicate, by_hand) ON iehe.notices TO iehe_office;

GRANT SELECT ON iehe.cases, iehe.case_log, iehe.policies TO iehe_auditor;
