-- Cases that are to be started because their subject is stored.

-- name: without_case
-- Whatever was noted of its start: a workflow may have ended before its first step. Of these cases, of some rooms, or all.
SELECT s.case_id, s.attributes, s.started_at FROM iehe.case_starts s
WHERE NOT EXISTS (SELECT FROM iehe.cases c WHERE c.case_id = s.case_id AND c.version > 0)
  AND ($1::text[] IS NULL OR s.case_id = ANY ($1::text[])) AND ($2::text[] IS NULL OR split_part(s.case_id, '/', 1) = ANY ($2))
ORDER BY s.case_id

-- name: by_themselves
-- Accepted and not started yet, oldest first.
SELECT case_id, attributes FROM iehe.case_starts WHERE started_at IS NULL AND starts_itself
ORDER BY stored_at, case_id LIMIT $1

-- name: keep_receipt
INSERT INTO iehe.case_receipts (hash, case_id) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING

-- name: receipt
SELECT case_id FROM iehe.case_receipts WHERE hash = $1 AND split_part(case_id, '/', 1) = $2

-- name: asked_for
-- From now on the relay starts it, too.
UPDATE iehe.case_starts s SET starts_itself = true WHERE s.case_id = $1
RETURNING s.attributes, EXISTS (SELECT FROM iehe.cases c WHERE c.case_id = s.case_id AND c.version > 0) AS opened

-- name: is_stored
SELECT EXISTS (SELECT FROM iehe.case_starts WHERE case_id = $1)

-- name: mark_started
UPDATE iehe.case_starts SET started_at = now() WHERE case_id = ANY ($1::text[]) AND started_at IS NULL

-- name: forget
-- Started long ago and still without a case: the relay looks whether a workflow runs, and starts what has none.
UPDATE iehe.case_starts s SET started_at = NULL
WHERE s.starts_itself AND s.started_at < now() - make_interval(secs => $1)
  AND NOT EXISTS (SELECT FROM iehe.cases c WHERE c.case_id = s.case_id AND c.version > 0)
