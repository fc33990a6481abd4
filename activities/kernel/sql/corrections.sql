-- Values on their way into a record of a case, and what has been corrected.

-- name: asked
SELECT iehe.correction_asked($1, $2::uuid, $3, $4::text[])

-- name: try
SELECT iehe.apply_correction($1, $2::uuid)

-- name: keep
-- Of the office. Values that have been taken over already are not stored again.
INSERT INTO iehe.pending_corrections (correction_id, case_id, author, record, new_values)
SELECT $1, $2, $3, $4, $5::jsonb
WHERE NOT EXISTS (SELECT FROM iehe.corrections c WHERE c.case_id = $2 AND c.correction_id = $1)
ON CONFLICT (correction_id) DO NOTHING RETURNING correction_id

-- name: withdraw
DELETE FROM iehe.pending_corrections WHERE correction_id = $1 AND author = $2

-- name: of_case
SELECT version, record, fields, made_by, made_at FROM iehe.corrections WHERE case_id = $1 ORDER BY version

-- name: personal_of_case
-- Personal: what the record said, and what it says since.
SELECT version, record, fields, made_by, made_at, reason_id, before, after
FROM iehe.corrections WHERE case_id = $1 ORDER BY version
