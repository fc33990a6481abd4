-- Documents: which versions are in the store, sealed with the key of their case, and who had which of them.

CREATE TABLE iehe.documents (
    case_id     text NOT NULL REFERENCES iehe.cases,
    name        text NOT NULL,
    version     integer NOT NULL CHECK (version > 0),
    sha256      text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    bytes       bigint NOT NULL CHECK (bytes > 0),
    media_type  text NOT NULL,
    stored_as   text NOT NULL UNIQUE,
    by          text NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    revoked_at  timestamptz,
    erased_at   timestamptz,
    PRIMARY KEY (case_id, name, version)
);
COMMENT ON TABLE iehe.documents IS
    'Versions of documents that are in the store whole: written after the content, with the fact that tells the case.';
COMMENT ON COLUMN iehe.documents.sha256 IS 'Of the content in clear, as it was sent.';
COMMENT ON COLUMN iehe.documents.stored_as IS 'Its key in the store: home and chance, and nothing of the case.';
COMMENT ON COLUMN iehe.documents.by IS 'Staff id, or the kind of reader who sent it by the link of a letter.';
COMMENT ON COLUMN iehe.documents.revoked_at IS 'From then on it is handed out to nobody.';
COMMENT ON COLUMN iehe.documents.erased_at IS 'Its time is over: the content goes from the store.';
CREATE INDEX documents_kept ON iehe.documents (case_id) WHERE erased_at IS NULL;

CREATE TABLE iehe.document_reads (
    read      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id   text NOT NULL,
    name      text NOT NULL,
    version   integer NOT NULL,
    staff_id  text NOT NULL,
    at        timestamptz NOT NULL DEFAULT now(),
    by_right  text NOT NULL
);
COMMENT ON TABLE iehe.document_reads IS 'Every document that was handed out: who had it, when, by which right.';
CREATE INDEX document_reads_by_case ON iehe.document_reads (case_id, read);
CREATE TRIGGER document_reads_stay BEFORE UPDATE OR DELETE ON iehe.document_reads
    FOR EACH ROW EXECUTE FUNCTION iehe.refuse_change();
CREATE TRIGGER document_reads_stay_whole BEFORE TRUNCATE ON iehe.document_reads
    FOR EACH STATEMENT EXECUTE FUNCTION iehe.refuse_change();

-- the next version, unless the last one says the same; with the lock of its case's document, so that two who send at
-- once get two versions, or one
CREATE FUNCTION iehe.keep_document(of_case text, of_name text, hash text, size bigint, of_type text, place text, sender text)
RETURNS TABLE (version integer, stored_as text, at timestamptz) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(of_case || '|' || of_name, 6));
    RETURN QUERY
    SELECT d.version, d.stored_as, d.at FROM iehe.documents d
    WHERE d.case_id = of_case AND d.name = of_name AND d.sha256 = hash AND d.revoked_at IS NULL AND d.erased_at IS NULL
      AND NOT EXISTS (SELECT FROM iehe.documents n
                      WHERE n.case_id = of_case AND n.name = of_name AND n.version > d.version);
    IF FOUND THEN
        RETURN;
    END IF;
    RETURN QUERY
    INSERT INTO iehe.documents AS d (case_id, name, version, sha256, bytes, media_type, stored_as, by)
    SELECT of_case, of_name, coalesce(max(o.version), 0) + 1, hash, size, of_type, place, sender
    FROM iehe.documents o WHERE o.case_id = of_case AND o.name = of_name
    RETURNING d.version, d.stored_as, d.at;
END
$$;
COMMENT ON FUNCTION iehe.keep_document IS
    'Notes what is in the store under `place`, as the next version; or gives the last one, which says the same.';

-- committed before anything is shown, as iehe.note_reads: what could not be noted is not handed out
CREATE FUNCTION iehe.hand_out_document(of_case text, of_name text, of_version integer)
RETURNS TABLE (version integer, sha256 text, bytes bigint, media_type text, stored_as text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    by_which  text;
BEGIN
    SELECT max(r.by_right) INTO by_which FROM iehe.rights_of(of_case, iehe.acting()) r WHERE r.field = 'personal';
    IF by_which IS NULL THEN
        RETURN;
    END IF;
    SELECT d.version, d.sha256, d.bytes, d.media_type, d.stored_as
    INTO version, sha256, bytes, media_type, stored_as
    FROM iehe.documents d
    WHERE d.case_id = of_case AND d.name = of_name AND d.version = coalesce(of_version, (
        SELECT max(l.version) FROM iehe.documents l WHERE l.case_id = of_case AND l.name = of_name))
      AND d.revoked_at IS NULL AND d.erased_at IS NULL;
    IF FOUND THEN
        INSERT INTO iehe.document_reads (case_id, name, version, staff_id, by_right)
        VALUES (of_case, of_name, version, iehe.acting(), by_which);
        RETURN NEXT;
    END IF;
END
$$;
COMMENT ON FUNCTION iehe.hand_out_document IS
    'Where a document is, for who acts and sees what is personal of its case, and notes that they had it.';

-- the host's record of a step: a version counts no more
CREATE FUNCTION iehe.host_document_revoked(of_case text, of_version integer, moment timestamptz, actor text, record jsonb)
RETURNS void LANGUAGE sql AS $$
    UPDATE iehe.documents SET revoked_at = coalesce(revoked_at, moment)
    WHERE case_id = of_case AND name = record ->> 'document' AND version <= (record ->> 'version')::int
$$;

-- what goes before its case: of closed cases of a process, the documents of a name whose days are over
CREATE FUNCTION iehe.expire_documents(of_run text, of_process text, of_name text, of_days integer, most integer)
RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    gone    text[];
    oldest  timestamptz;
    newest  timestamptz;
BEGIN
    WITH due AS MATERIALIZED (
        SELECT d.stored_as, c.closed_at FROM iehe.documents d JOIN iehe.cases c USING (case_id)
        JOIN iehe.rooms r ON r.process = c.process
        WHERE c.process = of_process AND r.room = ANY (iehe.rooms_here()) AND d.name = of_name AND d.erased_at IS NULL
          AND c.closed_at < now() - make_interval(days => of_days)
          AND NOT EXISTS (SELECT FROM iehe.case_holds h WHERE h.case_id = d.case_id AND h.released_at IS NULL)
        LIMIT most FOR UPDATE OF d SKIP LOCKED
    ), marked AS (
        UPDATE iehe.documents d SET erased_at = now() FROM due WHERE d.stored_as = due.stored_as
        RETURNING d.stored_as, due.closed_at
    )
    SELECT array_agg(m.stored_as), min(m.closed_at), max(m.closed_at) INTO gone, oldest, newest FROM marked m;
    IF gone IS NOT NULL THEN
        INSERT INTO iehe.erasures (run, kind, process, days, policy_version, rows, oldest, newest)
        VALUES (of_run, 'documents', of_process, of_days, NULL, jsonb_build_object(of_name, cardinality(gone)),
                oldest, newest);
    END IF;
    RETURN QUERY SELECT unnest(gone);
END
$$;
COMMENT ON FUNCTION iehe.expire_documents IS
    'Marks a batch as erased and records it; the answer is what goes from the store after the commit.';

SELECT iehe.keep_at_home(NULL, 'documents', 'document_reads');

REVOKE EXECUTE ON FUNCTION iehe.hand_out_document, iehe.expire_documents FROM PUBLIC;
GRANT EXECUTE ON FUNCTION iehe.hand_out_document TO iehe_office;
GRANT EXECUTE ON FUNCTION iehe.expire_documents TO iehe_worker;
GRANT SELECT, INSERT ON iehe.documents TO iehe_office;
GRANT SELECT ON iehe.documents TO iehe_worker;
GRANT UPDATE (revoked_at) ON iehe.documents TO iehe_worker;
GRANT SELECT ON iehe.document_reads TO iehe_office, iehe_auditor;
