-- Who administers the system, whom accounts may act as, and the log of what was changed.

-- name: note
INSERT INTO iehe.administration_log (actor, act, subject, details) VALUES ($1, $2, $3, $4)

-- name: entries
SELECT entry, at, actor, act, subject, details FROM iehe.administration_log
WHERE ($1::text IS NULL OR act = $1) AND ($2::bigint IS NULL OR entry < $2)
ORDER BY entry DESC LIMIT $3

-- name: lock
-- Two who are the first at once would both begin the installation.
SELECT pg_advisory_xact_lock(hashtextextended('iehe/administration', 0))

-- name: has_administrator
SELECT EXISTS (SELECT FROM iehe.staff WHERE active AND 'administrator' = ANY (roles))

-- name: has_bound_administrator
SELECT EXISTS (SELECT FROM iehe.logins JOIN iehe.staff s USING (staff_id)
               WHERE s.active AND 'administrator' = ANY (s.roles))

-- name: roles_on_record
-- Of those who are active: somebody who comes back is given all their roles anew.
SELECT staff_id, roles FROM iehe.staff WHERE active AND staff_id = ANY ($1)

-- name: bound
SELECT staff_id FROM iehe.logins WHERE account = $1 ORDER BY staff_id

-- name: bind
INSERT INTO iehe.logins (account, staff_id, bound_by) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING account

-- name: unbind
DELETE FROM iehe.logins WHERE account = $1 AND staff_id = $2 RETURNING account
