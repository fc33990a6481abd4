-- Cases with their log, tasks, deadlines and notices; people and staff; admission; imports; policies.
-- The four roles are made by whoever provides the database (the embedded stack does); owner runs this.

CREATE SCHEMA iehe;
REVOKE ALL ON SCHEMA public FROM PUBLIC;

-- people -------------------------------------------------------------------------------------------------

CREATE TABLE iehe.people (
    person_id      uuid PRIMARY KEY,
    identity_key   text NOT NULL UNIQUE,
    account        text,
    family_name    text NOT NULL,
    given_name     text NOT NULL,
    family_kana    text NOT NULL,
    given_kana     text NOT NULL,
    birth_date     date NOT NULL,
    sex            text,
    email          text NOT NULL,
    phone          text,
    postal_code    text NOT NULL,
    address        text NOT NULL,
    guardian_name  text,
    language       text NOT NULL DEFAULT 'ja' CHECK (language IN ('ja', 'en'))
);
COMMENT ON COLUMN iehe.people.identity_key IS
    'Keyed by portal account, else by kana name, birth date and e-mail: equal means one person.';
CREATE INDEX people_by_birth_date ON iehe.people (birth_date);
CREATE INDEX people_by_email ON iehe.people (lower(email));

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

-- policies and rounds ------------------------------------------------------------------------------------

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

CREATE TABLE iehe.rounds (
    round_id        text PRIMARY KEY,
    route           text NOT NULL,
    title_ja        text NOT NULL,
    title_en        text NOT NULL,
    opens_at        timestamptz NOT NULL,
    closes_at       timestamptz NOT NULL CHECK (closes_at > opens_at),
    post_cutoff_at  timestamptz,
    enrol_by        date NOT NULL,
    waitlist_until  date NOT NULL
);

CREATE TABLE iehe.round_places (
    round_id   text NOT NULL REFERENCES iehe.rounds,
    programme  text NOT NULL,
    places     integer NOT NULL CHECK (places >= 0),
    PRIMARY KEY (round_id, programme)
);

-- imports and applications -------------------------------------------------------------------------------

CREATE TABLE iehe.import_batches (
    batch_id     uuid PRIMARY KEY,
    file_sha256  text NOT NULL,
    round_id     text NOT NULL REFERENCES iehe.rounds,
    rows         integer NOT NULL,
    skipped      integer NOT NULL DEFAULT 0,
    imported_by  text NOT NULL,
    imported_at  timestamptz NOT NULL DEFAULT now()
);

-- what the office said of a header: its columns and the fields they hold
CREATE TABLE iehe.column_mappings (
    kind           text NOT NULL,
    header_sha256  text NOT NULL,
    mapping        jsonb NOT NULL,
    kept_by        text NOT NULL,
    kept_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (kind, header_sha256)
);

CREATE TABLE iehe.applications (
    application_no              text PRIMARY KEY,
    case_id                     text NOT NULL UNIQUE,
    round_id                    text NOT NULL REFERENCES iehe.rounds,
    programme                   text NOT NULL,
    person_id                   uuid NOT NULL REFERENCES iehe.people,
    school_name                 text NOT NULL,
    school_code                 text,
    school_contact_email        text,
    related_staff               text,
    statement                   text,
    submitted_on                date NOT NULL,
    accommodation_requested_on  date,
    accommodation_sudden        boolean NOT NULL DEFAULT false,
    row_sha256                  text NOT NULL,
    -- set by the acceptance of a sibling: from then on nothing more is sent for this one
    superseded_by               text
);
CREATE INDEX applications_by_person ON iehe.applications (person_id, round_id);
CREATE INDEX applications_by_place ON iehe.applications (round_id, programme);

CREATE TABLE iehe.import_rows (
    application_no  text PRIMARY KEY REFERENCES iehe.applications,
    batch_id        uuid NOT NULL REFERENCES iehe.import_batches,
    row             integer NOT NULL,
    started_at      timestamptz
);
CREATE INDEX import_rows_by_batch ON iehe.import_rows (batch_id);
CREATE INDEX import_rows_to_start ON iehe.import_rows (application_no) WHERE started_at IS NULL;

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
    state           jsonb NOT NULL
);
COMMENT ON COLUMN iehe.cases.state IS
    'What the case remembered after its last written step. A step written by a workflow task that Temporal
     then lost is taken over from here, and a case can be started again from it.';
CREATE INDEX cases_open_by_stage ON iehe.cases (process, stage) WHERE closed_at IS NULL;
CREATE INDEX cases_open_by_due ON iehe.cases (due_at) WHERE closed_at IS NULL;

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

CREATE FUNCTION iehe.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'iehe.case_log is append-only' USING ERRCODE = 'insufficient_privilege';
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
    PRIMARY KEY (case_id, key, opened_version)
);
CREATE UNIQUE INDEX tasks_open ON iehe.tasks (case_id, key) WHERE closed_at IS NULL;
CREATE INDEX tasks_open_by_due ON iehe.tasks (role, due_at) WHERE closed_at IS NULL;

CREATE TABLE iehe.deadlines (
    case_id      text NOT NULL REFERENCES iehe.cases,
    name         text NOT NULL,
    state        text NOT NULL,
    due_at       timestamptz NOT NULL,
    calculation  text[] NOT NULL,
    version      integer NOT NULL,
    PRIMARY KEY (case_id, name)
);

CREATE TABLE iehe.texts (
    text_id     uuid PRIMARY KEY,
    case_id     text NOT NULL,
    author      text NOT NULL,
    body        text NOT NULL CHECK (length(body) <= 4000),
    created_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE iehe.texts IS 'Reasons and remarks in words; commands carry only the id.';

CREATE TABLE iehe.notices (
    notice_id           text PRIMARY KEY,
    case_id             text NOT NULL REFERENCES iehe.cases,
    version             integer NOT NULL,
    process             text NOT NULL,
    message             text NOT NULL,
    recipient_kind      text NOT NULL CHECK (recipient_kind IN ('applicant', 'referee', 'staff')),
    recipient_id        text NOT NULL,
    facts               jsonb NOT NULL,
    state               text NOT NULL DEFAULT 'queued' CHECK (state IN
        ('queued', 'sending', 'accepted', 'failed', 'dead', 'unknown', 'suppressed')),
    attempts            integer NOT NULL DEFAULT 0,
    queued_at           timestamptz NOT NULL,
    sent_at             timestamptz,
    reason              text,
    message_id          text,
    possible_duplicate  boolean NOT NULL DEFAULT false
);
COMMENT ON COLUMN iehe.notices.state IS
    'queued, sending (handed to SMTP, no answer yet), accepted, failed (will be tried again), '
    'dead (never will), unknown (died between acceptance and record), suppressed';
CREATE INDEX notices_by_case ON iehe.notices (case_id, version);
CREATE INDEX notices_unfinished ON iehe.notices (state) WHERE state IN ('queued', 'sending', 'failed');

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

-- admission ----------------------------------------------------------------------------------------------

CREATE TABLE iehe.application_items (
    case_id      text NOT NULL REFERENCES iehe.cases,
    item         text NOT NULL,
    present      boolean NOT NULL,
    late         boolean NOT NULL,
    occurred_at  timestamptz NOT NULL,
    reference    text,
    PRIMARY KEY (case_id, item)
);

CREATE TABLE iehe.late_permits (
    case_id    text NOT NULL REFERENCES iehe.cases,
    item       text NOT NULL,
    until      timestamptz NOT NULL,
    permitted_by text NOT NULL,
    reason_id  uuid REFERENCES iehe.texts,
    PRIMARY KEY (case_id, item)
);

CREATE TABLE iehe.reviews (
    case_id      text NOT NULL REFERENCES iehe.cases,
    reviewer     text NOT NULL REFERENCES iehe.staff,
    state        text NOT NULL,
    assigned_at  timestamptz NOT NULL,
    changed_at   timestamptz NOT NULL,
    total        double precision,
    verdict      text,
    late         boolean NOT NULL DEFAULT false,
    remark_id    uuid REFERENCES iehe.texts,
    PRIMARY KEY (case_id, reviewer)
);
CREATE INDEX reviews_open ON iehe.reviews (reviewer) WHERE state IN ('invited', 'accepted');

CREATE TABLE iehe.scores (
    case_id    text NOT NULL,
    reviewer   text NOT NULL,
    criterion  text NOT NULL,
    points     double precision NOT NULL,
    PRIMARY KEY (case_id, reviewer, criterion),
    FOREIGN KEY (case_id, reviewer) REFERENCES iehe.reviews
);

CREATE TABLE iehe.votes (
    case_id    text NOT NULL REFERENCES iehe.cases,
    ballot     integer NOT NULL,
    member     text NOT NULL REFERENCES iehe.staff,
    choice     text NOT NULL CHECK (choice IN ('admit', 'reject', 'abstain')),
    casting    boolean NOT NULL DEFAULT false,
    reason_id  uuid REFERENCES iehe.texts,
    at         timestamptz NOT NULL,
    PRIMARY KEY (case_id, ballot, member, casting)
);

CREATE TABLE iehe.decisions (
    case_id      text NOT NULL REFERENCES iehe.cases,
    version      integer NOT NULL,
    decision     text NOT NULL,
    made_by      text NOT NULL,
    made_by_kind text NOT NULL,
    reason_id    uuid REFERENCES iehe.texts,
    reason_code  text,
    beyond_places boolean NOT NULL DEFAULT false,
    at           timestamptz NOT NULL,
    PRIMARY KEY (case_id, version)
);

CREATE TABLE iehe.accommodations (
    case_id    text PRIMARY KEY REFERENCES iehe.cases,
    state      text NOT NULL,
    reason_id  uuid REFERENCES iehe.texts,
    changed_at timestamptz NOT NULL
);

CREATE TABLE iehe.duplicate_findings (
    case_id      text NOT NULL REFERENCES iehe.cases,
    other        text NOT NULL,
    same_person  boolean,
    decided_by   text NOT NULL,
    reason_id    uuid REFERENCES iehe.texts,
    at           timestamptz NOT NULL,
    PRIMARY KEY (case_id, other)
);
COMMENT ON COLUMN iehe.duplicate_findings.same_person IS 'Null: the finding was taken back.';
CREATE INDEX duplicate_findings_by_other ON iehe.duplicate_findings (other) WHERE same_person;

-- Who is one person in a round follows from identity and findings, and is nowhere written down: a finding
-- that is taken back leaves nothing behind.
CREATE FUNCTION iehe.cases_of_person(of_case text) RETURNS SETOF text LANGUAGE sql STABLE ROWS 3 AS $$
    WITH RECURSIVE same AS (
        SELECT a.case_id, a.person_id, a.round_id FROM iehe.applications a WHERE a.case_id = of_case
        UNION
        SELECT o.case_id, o.person_id, o.round_id FROM same s
        CROSS JOIN LATERAL (
            SELECT a.case_id FROM iehe.applications a
            WHERE a.person_id = s.person_id AND a.round_id = s.round_id
            UNION ALL SELECT f.other FROM iehe.duplicate_findings f WHERE f.case_id = s.case_id AND f.same_person
            UNION ALL SELECT f.case_id FROM iehe.duplicate_findings f WHERE f.other = s.case_id AND f.same_person
        ) linked
        JOIN iehe.applications o ON o.case_id = linked.case_id
    )
    SELECT case_id FROM same
$$;

-- What a reviewer may see of an application (rule A9): nothing that tells who it is.
-- `statement` still passes through the redaction in activities/admission/material.py.
CREATE VIEW iehe.review_material AS
SELECT a.case_id, a.programme, a.round_id, a.statement
FROM iehe.applications a;

-- rights: least privilege ----------------------------------------------------------------------------------

GRANT USAGE ON SCHEMA iehe TO iehe_worker, iehe_office, iehe_auditor;

GRANT SELECT ON ALL TABLES IN SCHEMA iehe TO iehe_worker;
-- reasons in words are none of its business: it knows them by id
REVOKE SELECT ON iehe.texts FROM iehe_worker;
GRANT INSERT ON iehe.cases, iehe.case_log, iehe.tasks, iehe.deadlines, iehe.notices, iehe.events,
    iehe.application_items, iehe.late_permits, iehe.reviews, iehe.scores, iehe.votes, iehe.decisions,
    iehe.accommodations, iehe.duplicate_findings TO iehe_worker;
GRANT UPDATE ON iehe.cases, iehe.tasks, iehe.deadlines, iehe.notices, iehe.events,
    iehe.application_items, iehe.late_permits, iehe.reviews, iehe.accommodations,
    iehe.duplicate_findings TO iehe_worker;
GRANT UPDATE (superseded_by) ON iehe.applications TO iehe_worker;
-- row locks that serialise loads and places
GRANT UPDATE (load_cap) ON iehe.staff TO iehe_worker;
GRANT UPDATE (places) ON iehe.round_places TO iehe_worker;

GRANT SELECT ON ALL TABLES IN SCHEMA iehe TO iehe_office;
GRANT INSERT, UPDATE ON iehe.people, iehe.staff, iehe.rounds, iehe.round_places, iehe.import_batches,
    iehe.import_rows, iehe.column_mappings TO iehe_office;
GRANT INSERT ON iehe.applications, iehe.policies, iehe.texts TO iehe_office;
-- a text whose decision was refused; one that anything refers to is held by its foreign key
GRANT DELETE ON iehe.texts TO iehe_office;
-- to have a message sent again
GRANT UPDATE (state, reason, queued_at, possible_duplicate) ON iehe.notices TO iehe_office;

GRANT SELECT ON iehe.cases, iehe.case_log, iehe.decisions, iehe.votes, iehe.policies, iehe.rounds,
    iehe.round_places, iehe.duplicate_findings, iehe.late_permits TO iehe_auditor;
