-- Group incidents; which of their cases somebody may open is said by cases/sight.py.

-- name: open
-- Nothing where the label is open already.
INSERT INTO iehe.support_incidents (label, opened_by) VALUES ($1, $2)
ON CONFLICT (label) WHERE closed_at IS NULL DO NOTHING RETURNING incident

-- name: open_of
SELECT incident FROM iehe.support_incidents WHERE label = $1 AND closed_at IS NULL

-- name: add
WITH of_it AS (SELECT i.incident FROM iehe.support_incidents i WHERE i.incident = $1 AND i.closed_at IS NULL),
added AS (
    INSERT INTO iehe.support_incident_cases (case_id, incident, added_by) SELECT $2, incident, $3 FROM of_it
    ON CONFLICT (case_id, incident) DO NOTHING
)
SELECT incident FROM of_it

-- name: close
UPDATE iehe.support_incidents SET closed_by = $2, closed_at = now() WHERE incident = $1 AND closed_at IS NULL
RETURNING incident

-- name: incidents
SELECT incident, label, opened_by, opened_at, closed_at FROM iehe.support_incidents
WHERE $1::bigint IS NULL OR incident = $1 ORDER BY incident

-- name: cases
SELECT m.incident, m.case_id, c.stage, c.due_at FROM iehe.support_incident_cases m JOIN iehe.cases c USING (case_id)
WHERE ($1::bigint IS NULL OR m.incident = $1)
  AND NOT EXISTS (SELECT FROM iehe.case_shut_out o WHERE o.case_id = m.case_id AND o.staff_id = $2)
ORDER BY m.incident, m.case_id
