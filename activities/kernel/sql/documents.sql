-- Documents of cases: which versions are in the store, who had them, what is still missing.

-- name: keep
SELECT version, stored_as, at FROM iehe.keep_document($1, $2, $3, $4, $5, $6, $7)

-- name: of_case
-- Without where it lies.
SELECT name, version, sha256, bytes, media_type, by, at, revoked_at, erased_at
FROM iehe.documents WHERE case_id = $1 ORDER BY name, version

-- name: hand_out
SELECT version, sha256, bytes, media_type, stored_as FROM iehe.hand_out_document($1, $2, $3)

-- name: reads
SELECT read, name, version, staff_id, at, by_right FROM iehe.document_reads
WHERE case_id = $1 ORDER BY read DESC LIMIT $2

-- name: to_chase
-- Open cases of a process that miss a document, or that one, along their ids.
SELECT c.case_id FROM iehe.cases c
WHERE c.process = $1 AND c.closed_at IS NULL AND c.case_id > $3 AND EXISTS (
    SELECT FROM jsonb_each(c.state -> 'documents') AS d (name, told)
    WHERE told ->> 'state' IN ('wanted', 'rejected', 'revoked') AND coalesce($2, name) = name)
ORDER BY c.case_id LIMIT $4

-- name: expire
SELECT place FROM iehe.expire_documents($1, $2, $3, $4, $5) AS place

-- name: not_kept
-- Of some keys those that no row names, or one whose time is over.
SELECT k.place FROM unnest($1::text[]) AS k (place)
WHERE NOT EXISTS (SELECT FROM iehe.documents d WHERE d.stored_as = k.place AND d.erased_at IS NULL)

-- name: some
-- For doctor: what rows name, some of it, the last first.
SELECT concat_ws(' ', case_id, name, version) AS place, stored_as FROM iehe.documents WHERE erased_at IS NULL ORDER BY at DESC LIMIT $1

-- name: asked
-- What a letter asks to be sent by its link, of whom, and how the documents stand now.
SELECT n.notice_id, n.case_id, n.process, n.message, n.recipient_kind, n.facts,
       CASE WHEN c.closed_at IS NULL THEN c.state -> 'documents' ELSE '{}' END AS documents
FROM iehe.notices n JOIN iehe.cases c USING (case_id)
WHERE n.notice_id = $1 AND n.recipient_kind <> 'staff' AND n.facts ? 'documents' AND n.queued_at > now() - $2::interval
