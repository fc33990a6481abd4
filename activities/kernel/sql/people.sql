-- The members of staff as their colleagues see them: what they have to do, and when they are away.

-- name: people
-- Active staff in some roles, with what they have in the rooms that whoever asks sees.
SELECT s.staff_id, s.name, s.roles, s.load_cap, coalesce(l.open_tasks, 0) AS open_tasks, coalesce(l.overdue, 0) AS overdue,
       a.ends_at AS away_until, CASE WHEN a.ends_at IS NOT NULL THEN iehe.stand_in('', s.staff_id, now()) END AS stands_in
FROM iehe.staff s
LEFT JOIN (
    SELECT t.assignee, count(*) AS open_tasks, count(*) FILTER (WHERE t.due_at < now()) AS overdue FROM iehe.tasks t
    WHERE t.closed_at IS NULL AND t.assignee IS NOT NULL AND t.room = ANY ($2::text[]) GROUP BY t.assignee
) AS l ON l.assignee = s.staff_id
LEFT JOIN LATERAL (
    SELECT max(b.ends_at) AS ends_at FROM iehe.absences b
    WHERE b.staff_id = s.staff_id AND b.begins_at <= now() AND b.ends_at > now()
) AS a ON true
WHERE s.active AND s.roles && $1::text[] AND ($3::text IS NULL OR s.staff_id = $3)
ORDER BY s.staff_id
