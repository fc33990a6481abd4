-- Notes of the office on a case: rows are added, never changed; the last version of a note is what it says.

-- name: lock
-- Two who correct the same note at once: the second finds what the first has written.
SELECT pg_advisory_xact_lock(hashtextextended($1 || '|notes', 0))

-- name: made
SELECT note_id, version, act FROM iehe.case_notes WHERE case_id = $1 AND staff_id = $2 AND key = $3

-- name: last
SELECT n.version, n.act, f.staff_id AS author FROM iehe.case_notes n
JOIN iehe.case_notes f ON f.note_id = n.note_id AND f.version = 1
WHERE n.note_id = $1 AND n.case_id = $2 ORDER BY n.version DESC LIMIT 1

-- name: keep
INSERT INTO iehe.case_notes (note_id, version, case_id, act, staff_id, key, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7)

-- name: of_case
SELECT note_id, version, act, staff_id, at, sealed FROM iehe.case_notes WHERE case_id = $1 ORDER BY seq
