-- The offices' pages: who is signed in, whose subject of the identity provider a member of staff is, and links that
-- hold once. What a browser shows is stored as its SHA-256 alone, so that nobody signs in with what stands here.

CREATE TABLE iehe.office_sessions (
    number        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id_hash       bytea NOT NULL UNIQUE,
    staff_id      text NOT NULL REFERENCES iehe.staff,
    csrf          text NOT NULL,
    language      text NOT NULL CHECK (language IN ('ja', 'en')),
    begun_at      timestamptz NOT NULL DEFAULT now(),
    signed_in_at  timestamptz NOT NULL,
    seen_at       timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE iehe.office_sessions IS
    'Who is signed in to the pages. Neither an address nor a browser is kept; rows go when their time is over.';
COMMENT ON COLUMN iehe.office_sessions.csrf IS 'What each form of the session carries; of no use without its cookie.';
COMMENT ON COLUMN iehe.office_sessions.signed_in_at IS 'When they last showed who they are, as the provider says (auth_time).';
COMMENT ON COLUMN iehe.office_sessions.seen_at IS 'Written at most once a minute.';
CREATE INDEX office_sessions_by_staff ON iehe.office_sessions (staff_id, number);

CREATE VIEW iehe.office_sessions_in_force WITH (security_invoker) AS
SELECT s.*, f.roles,
       least(s.begun_at + interval '10 hours', s.seen_at + interval '60 minutes') AS ends_at
FROM iehe.office_sessions s JOIN iehe.staff f USING (staff_id)
WHERE f.active AND now() < s.begun_at + interval '10 hours' AND now() < s.seen_at + interval '60 minutes';
COMMENT ON VIEW iehe.office_sessions_in_force IS
    'Those that hold: ten hours in all, an hour without use, and only while the person is active.';

CREATE TABLE iehe.office_subjects (
    issuer        text NOT NULL,
    subject_hash  bytea NOT NULL,
    staff_id      text NOT NULL UNIQUE REFERENCES iehe.staff,
    invited_by    text NOT NULL,
    bound_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (issuer, subject_hash)
);
COMMENT ON TABLE iehe.office_subjects IS
    'Which member of staff a subject of an identity provider is: bound once, by an invitation, never by an address.';

CREATE TABLE iehe.office_links (
    link_hash  bytea PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('sign-in', 'invitation')),
    staff_id   text NOT NULL REFERENCES iehe.staff,
    made_by    text NOT NULL,
    ends_at    timestamptz NOT NULL,
    UNIQUE (kind, staff_id)
);
COMMENT ON TABLE iehe.office_links IS 'Links that hold once: whoever uses one takes its row. A newer one replaces it.';

GRANT SELECT, INSERT, DELETE ON iehe.office_sessions, iehe.office_subjects, iehe.office_links TO iehe_office;
GRANT SELECT ON iehe.office_sessions_in_force TO iehe_office;
GRANT UPDATE (id_hash, language, signed_in_at, seen_at) ON iehe.office_sessions TO iehe_office;
GRANT UPDATE (link_hash, made_by, ends_at) ON iehe.office_links TO iehe_office;
GRANT SELECT (issuer, staff_id, invited_by, bound_at) ON iehe.office_subjects TO iehe_auditor;
