-- One decision for many cases: each has its own answer, and who dies in between goes on where it was.

CREATE TABLE iehe.bulk_runs (
    bulk_id   uuid PRIMARY KEY,
    process   text NOT NULL,
    decision  text NOT NULL,
    staff_id  text NOT NULL REFERENCES iehe.staff,
    begun_at  timestamptz NOT NULL DEFAULT now(),
    ended_at  timestamptz
);
COMMENT ON TABLE iehe.bulk_runs IS 'Decisions that somebody makes for many cases at once.';
CREATE INDEX bulk_runs_of_somebody ON iehe.bulk_runs (staff_id, begun_at);
CREATE INDEX bulk_runs_under_way ON iehe.bulk_runs (begun_at) WHERE ended_at IS NULL;

CREATE TABLE iehe.bulk_cases (
    bulk_id      uuid NOT NULL REFERENCES iehe.bulk_runs,
    case_id      text NOT NULL REFERENCES iehe.case_keys ON DELETE CASCADE,
    place        integer NOT NULL,
    version      integer NOT NULL CHECK (version > 0),
    sealed       bytea CHECK (octet_length(sealed) <= 70000),
    state        text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'refused')),
    code         text,
    params       jsonb NOT NULL DEFAULT '{}',
    tried_at     timestamptz,
    answered_at  timestamptz,
    PRIMARY KEY (bulk_id, case_id),
    CHECK (state = 'waiting' OR sealed IS NULL)
);
COMMENT ON TABLE iehe.bulk_cases IS
    'What was decided for each case, sealed with its key until it is answered, and the answer: done, refused by a code, '
    'or not known yet.';
COMMENT ON COLUMN iehe.bulk_cases.version IS 'Of the case, as it was seen.';
COMMENT ON COLUMN iehe.bulk_cases.tried_at IS 'The last time; who waits is tried again a minute later, and its code says why.';
CREATE INDEX bulk_cases_waiting ON iehe.bulk_cases (bulk_id, place) WHERE state = 'waiting';

GRANT SELECT, INSERT, UPDATE ON iehe.bulk_runs, iehe.bulk_cases TO iehe_office;
SELECT iehe.keep_at_home(NULL, 'bulk_cases');
