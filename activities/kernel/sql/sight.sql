-- Who sees what of which case, and who has read it: iehe.rights_of answers.

-- name: fields
SELECT DISTINCT field FROM iehe.rights_of($1, $2)

-- name: note_reads
SELECT iehe.note_reads($1::text[], $2, $3)

-- name: not_to_be_opened
-- No such case; or the person is shut out of it, or each of their roles is.
SELECT NOT EXISTS (SELECT FROM iehe.cases c WHERE c.case_id = $1 AND c.version > 0)
    OR EXISTS (SELECT FROM iehe.case_shut_out o WHERE o.case_id = $1 AND o.staff_id = $2)
    OR (cardinality($3::text[]) > 0 AND NOT EXISTS (
        SELECT FROM unnest($3::text[]) AS r (role) WHERE NOT EXISTS (
            SELECT FROM iehe.case_shut_out o WHERE o.case_id = $1 AND o.staff_id = 'role:' || r.role)))

-- name: broken_until
SELECT until FROM iehe.broken_glass WHERE case_id = $1 AND staff_id = $2 AND event_id = $3

-- name: break_glass
INSERT INTO iehe.broken_glass (case_id, staff_id, until, reason_id, event_id) VALUES ($1, $2, $3, $4, $5)

-- name: openings
-- What was read of the case itself; lists and searches that had it among others are counted apart.
SELECT at, staff_id, what, by_right FROM iehe.case_reads
WHERE case_id = $1 AND what <> ALL ($2::text[]) ORDER BY read DESC LIMIT $3

-- name: passings
SELECT staff_id, count(*) AS times, max(at) AS last FROM iehe.case_reads
WHERE case_id = $1 AND what = ANY ($2::text[]) GROUP BY staff_id ORDER BY max(at) DESC, staff_id

-- name: reads
SELECT read, at, staff_id, what, by_right FROM iehe.case_reads
WHERE case_id = $1 AND ($2::bigint IS NULL OR read < $2) ORDER BY read DESC LIMIT $3
