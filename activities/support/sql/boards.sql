-- What is looked at together: of cases of which whoever asks sees what others do.

-- name: queue
SELECT c.case_id, c.process, c.state, c.stage, (c.state ->> 'level')::int AS level, o.unit, o.owner, c.due_at, t.kind AS task,
       d.name AS deadline, d.state AS deadline_state, d.clock
FROM iehe.cases c
LEFT JOIN iehe.support_ownership o ON o.case_id = c.case_id AND o.until IS NULL
LEFT JOIN LATERAL (SELECT d.* FROM iehe.deadlines d WHERE d.case_id = c.case_id AND d.state = 'running' AND d.due_at = c.due_at
                   ORDER BY d.name LIMIT 1) AS d ON true
LEFT JOIN LATERAL (SELECT t.kind FROM iehe.tasks t WHERE t.case_id = c.case_id AND t.closed_at IS NULL AND t.due_at = c.due_at
                   ORDER BY t.key LIMIT 1) AS t ON true
WHERE c.process = 'support-case' AND c.closed_at IS NULL AND iehe.in_sight(c.case_id, 'work')
ORDER BY c.due_at NULLS LAST, c.case_id LIMIT $1

-- name: breaches
SELECT c.case_id, c.process, c.state, (c.state ->> 'level')::int AS level, o.unit, o.owner, m.due_at, m.ended_at,
       m.clock AS deadline, m.state AS deadline_state, m.counted AS clock
FROM iehe.support_missed m JOIN iehe.cases c USING (case_id)
LEFT JOIN iehe.support_ownership o ON o.case_id = c.case_id AND o.until IS NULL
WHERE m.due_at >= $2 AND iehe.in_sight(m.case_id, 'work')
ORDER BY m.due_at DESC, m.case_id, m.clock LIMIT $1

-- name: load
-- Of members of staff who have a case that the reader sees, or whose unit's list they are on.
WITH seen AS MATERIALIZED (
    SELECT o.unit, o.owner FROM iehe.cases c JOIN iehe.support_ownership o ON o.case_id = c.case_id AND o.until IS NULL
    WHERE c.process = 'support-case' AND c.closed_at IS NULL AND iehe.in_sight(c.case_id, 'work')
)
SELECT w.unit, w.owner, count(s) AS open, a.ends_at AS away_until, a.substitute
FROM (SELECT unit, owner FROM seen UNION SELECT unit, staff_id FROM iehe.support_members) AS w
LEFT JOIN seen s ON (s.unit, s.owner) IS NOT DISTINCT FROM (w.unit, w.owner)
LEFT JOIN LATERAL (SELECT a.ends_at, a.substitute FROM iehe.absences a
                   WHERE a.staff_id = w.owner AND now() >= a.begins_at AND now() < a.ends_at
                   ORDER BY a.ends_at DESC LIMIT 1) AS a ON true
GROUP BY w.unit, w.owner, a.ends_at, a.substitute ORDER BY w.unit NULLS FIRST, open DESC, w.owner NULLS FIRST

-- name: crises
SELECT c.case_id, (c.state ->> 'page')::int AS page, c.state #>> '{tracks,crisis}' AS step, p.rung,
       coalesce(array_remove(ARRAY[c.state ->> 'crisis_lead'], NULL), '{}') AS lead, coalesce(p.who, '{}') AS paged, p.since
FROM iehe.cases c
LEFT JOIN LATERAL (
    SELECT (array_agg(p.rung ORDER BY p.at DESC))[1] AS rung, min(p.at) AS since,
           (SELECT array_agg(DISTINCT q.staff_id) FROM iehe.support_pages q
            WHERE q.case_id = c.case_id AND q.version = max(p.version)) AS who
    FROM iehe.support_pages p WHERE p.case_id = c.case_id AND p.page = (c.state ->> 'page')::int) AS p ON true
WHERE c.process = 'support-case' AND c.closed_at IS NULL AND iehe.in_sight(c.case_id, 'work')
  AND c.state #>> '{tracks,crisis}' IN ('open', 'acknowledged', 'attending')
ORDER BY p.since, c.case_id

-- name: units_of_members
SELECT m.staff_id, m.unit FROM iehe.support_members m JOIN iehe.staff s USING (staff_id)
WHERE s.active ORDER BY m.staff_id, m.unit
