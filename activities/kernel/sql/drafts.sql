-- What was typed into forms and not sent yet.

-- name: keep
INSERT INTO iehe.drafts (case_id, staff_id, decision, version, sealed) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (case_id, staff_id, decision) DO UPDATE
SET version = excluded.version, sealed = excluded.sealed, kept_at = now()

-- name: draft
SELECT version, sealed, kept_at FROM iehe.drafts WHERE case_id = $1 AND staff_id = $2 AND decision = $3

-- name: drop
DELETE FROM iehe.drafts WHERE case_id = $1 AND staff_id = $2 AND decision = $3

-- name: of_somebody
SELECT case_id, decision, kept_at FROM iehe.drafts WHERE staff_id = $1 ORDER BY kept_at DESC LIMIT 50
