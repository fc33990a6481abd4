-- The digest of outstanding work: how much of it waits for each member of staff, as notices of no case.

-- name: processes
-- Those whose policy in force wants it, with the calendars of its routes.
SELECT p.process, (SELECT jsonb_agg(route -> 'calendar') FROM jsonb_each(p.body -> 'routes') AS r (name, route)) AS calendars
FROM iehe.policies_in_force p WHERE (p.body -> 'digest')::boolean AND p.process = ANY ($1)

-- name: make
-- Once for a process ($1, room $2) and day ($3), as of a moment ($4): what is theirs, and what nobody has yet of their
-- roles. Nothing of a case that somebody is shut out of is counted for them.
WITH this AS (
    INSERT INTO iehe.digests (process, day) VALUES ($1, $3) ON CONFLICT DO NOTHING RETURNING day
), waiting AS (
    SELECT t.case_id, s.staff_id, t.due_at FROM iehe.tasks t JOIN iehe.staff s ON s.staff_id = t.assignee AND s.active
    WHERE t.closed_at IS NULL AND t.room = $2
    UNION ALL
    SELECT t.case_id, s.staff_id, t.due_at FROM iehe.tasks t
    JOIN (SELECT staff_id, unnest(roles) AS role FROM iehe.staff WHERE active) AS s USING (role)
    WHERE t.closed_at IS NULL AND t.room = $2 AND t.assignee IS NULL
    UNION ALL
    SELECT NULL, s.staff_id, t.due_at FROM iehe.office_tasks t JOIN iehe.staff s ON s.active AND s.roles && t.roles
    WHERE t.closed_at IS NULL AND t.process = $1
), outstanding AS (
    SELECT w.staff_id, count(*) AS open, count(*) FILTER (WHERE w.due_at < $4) AS overdue,
           count(*) FILTER (WHERE w.due_at >= $4 AND (w.due_at AT TIME ZONE 'Asia/Tokyo')::date = $3) AS due_today
    FROM waiting w
    WHERE NOT iehe.is_shut_out(w.case_id, w.staff_id)
    GROUP BY w.staff_id
)
INSERT INTO iehe.notices (notice_id, digest_on, version, process, message, recipient_kind, recipient_id, why, facts, queued_at)
SELECT iehe.notice_id($1 || '/' || this.day, 0, 'digest', 'staff:' || o.staff_id), this.day, 0, $1, 'digest', 'staff',
       o.staff_id, 'outstanding', jsonb_build_object('open', o.open, 'overdue', o.overdue, 'due_today', o.due_today), $4
FROM outstanding o CROSS JOIN this

-- name: pass_over
-- Of earlier days: whoever was down for days gets today's alone.
UPDATE iehe.notices SET state = 'suppressed', reason = 'superseded'
WHERE digest_on < $1 AND state IN ('queued', 'failed') AND NOT by_hand

-- name: owed
SELECT EXISTS (SELECT FROM iehe.notices WHERE digest_on = $1 AND state IN ('queued', 'failed', 'sending'))
