-- Absences and substitutes of the members of staff.

-- name: is_active
SELECT EXISTS (SELECT FROM iehe.staff WHERE staff_id = $1 AND active)

-- name: lock
SELECT pg_advisory_xact_lock(hashtext('absence ' || $1))

-- name: overlapping
SELECT begins_at AT TIME ZONE 'Asia/Tokyo' AS begins_at FROM iehe.absences
WHERE staff_id = $1 AND begins_at < $3 AND ends_at > $2 AND begins_at <> $2 LIMIT 1

-- name: note
INSERT INTO iehe.absences (staff_id, begins_at, ends_at, substitute, noted_by) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (staff_id, begins_at) DO UPDATE
SET ends_at = excluded.ends_at, substitute = excluded.substitute, noted_by = excluded.noted_by, noted_at = now()

-- name: end
WITH over AS (
    DELETE FROM iehe.absences WHERE staff_id = $1 AND begins_at >= $2 RETURNING staff_id
), shortened AS (
    UPDATE iehe.absences SET ends_at = $2 WHERE staff_id = $1 AND begins_at < $2 AND ends_at > $2 RETURNING staff_id
)
SELECT * FROM over UNION ALL SELECT * FROM shortened

-- name: list
SELECT a.staff_id, a.begins_at, a.ends_at, a.substitute, a.noted_by,
       a.begins_at <= now() AS away, iehe.stand_in('', a.staff_id, greatest(now(), a.begins_at)) AS stands_in
FROM iehe.absences a
WHERE a.ends_at > now() AND ($1::text IS NULL OR a.staff_id = $1)
ORDER BY a.begins_at, a.staff_id

-- name: cases_of
-- Open cases that concern somebody, with their open tasks there.
SELECT c.case_id, c.process, ARRAY(
    SELECT t.key FROM iehe.tasks t WHERE t.case_id = c.case_id AND t.assignee = $1 AND t.closed_at IS NULL ORDER BY 1
) AS tasks
FROM iehe.cases c
WHERE c.closed_at IS NULL AND EXISTS (SELECT FROM iehe.concerns p WHERE p.case_id = c.case_id AND p.staff_id = $1)
ORDER BY c.case_id
