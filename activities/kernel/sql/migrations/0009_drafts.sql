-- Drafts: what somebody has typed into the form of a decision and not sent yet.

CREATE TABLE iehe.drafts (
    case_id   text NOT NULL REFERENCES iehe.case_keys ON DELETE CASCADE,
    staff_id  text NOT NULL REFERENCES iehe.staff,
    decision  text NOT NULL,
    version   integer NOT NULL CHECK (version > 0),
    sealed    bytea NOT NULL CHECK (octet_length(sealed) <= 70000),
    kept_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (case_id, staff_id, decision)
);
COMMENT ON TABLE iehe.drafts IS 'What was typed and not sent, sealed with the key of the case; each person has their own.';
COMMENT ON COLUMN iehe.drafts.version IS 'Of the case, as it was seen.';
CREATE INDEX drafts_of_somebody ON iehe.drafts (staff_id, kept_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON iehe.drafts TO iehe_office;
SELECT iehe.keep_at_home(NULL, 'drafts');
CREATE POLICY own ON iehe.drafts AS RESTRICTIVE TO iehe_office
    USING (staff_id = current_setting('iehe.acting', true)) WITH CHECK (staff_id = current_setting('iehe.acting', true));
