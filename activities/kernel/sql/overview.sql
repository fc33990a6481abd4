-- How a process stands: counts of its cases and tasks, as whoever asks sees them.

-- name: stages
-- Open cases by stage and by whom they wait for.
SELECT c.stage, coalesce(c.waiting_for, '') AS waiting_for, count(*) AS cases FROM iehe.cases c
WHERE c.version > 0 AND c.closed_at IS NULL AND c.case_id > $1 || '/' AND c.case_id < $1 || '0'
GROUP BY 1, 2

-- name: due
-- Open tasks by the day on which they are due, until a day; what is overdue has none.
SELECT CASE WHEN t.due_at >= $2 THEN (t.due_at AT TIME ZONE 'Asia/Tokyo')::date END AS day, count(*) AS tasks
FROM iehe.tasks t WHERE t.room = $1 AND t.closed_at IS NULL AND t.due_at < $3 GROUP BY 1

-- name: ages
-- Open tasks by which of the moments they were opened after; the moments go back.
SELECT (SELECT count(*) FROM unnest($2::timestamptz[]) AS m (moment) WHERE t.opened_at < m.moment) AS age, count(*) AS tasks
FROM iehe.tasks t WHERE t.room = $1 AND t.closed_at IS NULL GROUP BY 1

-- name: latest_label
-- Of the newest case that has the label.
SELECT l.value FROM iehe.case_labels l JOIN iehe.cases c USING (case_id)
WHERE l.name = $1 AND c.version > 0 ORDER BY c.opened_at DESC LIMIT 1

-- name: reached
-- How many cases with a label have been at each stage.
SELECT p.stage, count(DISTINCT c.case_id) AS cases
FROM iehe.case_labels l JOIN iehe.cases c USING (case_id)
CROSS JOIN LATERAL (SELECT jsonb_array_elements_text(c.state -> 'path') AS stage UNION SELECT c.stage) AS p
WHERE l.name = $1 AND l.value = $2 AND c.version > 0 GROUP BY 1
