-- Makes of the cases of lists.sql what pages show: under review, half of all of them, each with two tasks, as one that
-- went there by real steps: $1 its id.

-- name: cases
UPDATE iehe.cases c SET state = m.state, stage = m.stage, version = m.version, waiting_for = m.waiting_for,
       policy_version = m.policy_version, outcome = NULL, outcome_by = NULL, closed_at = NULL,
       due_at = now() + make_interval(mins => (hashtext(c.case_id) & 65535) % 40000 - 4000)
FROM iehe.cases m WHERE m.case_id = $1 AND c.case_id <> m.case_id
AND (c.closed_at IS NULL OR hashtext(c.case_id) % 2 = 0)

-- name: former_tasks
DELETE FROM iehe.tasks t WHERE t.case_id <> $1

-- name: tasks
INSERT INTO iehe.tasks (case_id, key, opened_version, kind, role, assignee, opened_at, due_at)
SELECT c.case_id, t.key, 1, t.kind, t.role, t.assignee, now(), c.due_at
FROM iehe.cases c CROSS JOIN LATERAL (VALUES
    ('look:1', 'assign-reviewers', 'admissions_office', NULL),
    ('review:1', 'submit-scores', 'reviewer', 'reviewer-' || (hashtext(c.case_id) & 65535) % 400)
) AS t (key, kind, role, assignee)
WHERE c.closed_at IS NULL AND c.case_id <> $1

-- name: deadlines
INSERT INTO iehe.deadlines SELECT (jsonb_populate_record(d, jsonb_build_object('case_id', c.case_id))).*
FROM iehe.deadlines d, iehe.cases c WHERE d.case_id = $1 AND c.case_id <> $1 AND c.closed_at IS NULL

-- name: log
INSERT INTO iehe.case_log SELECT (jsonb_populate_record(l, jsonb_build_object('case_id', c.case_id))).*
FROM iehe.case_log l, iehe.cases c
WHERE l.case_id = $1 AND l.version > 1 AND c.case_id <> $1 AND c.closed_at IS NULL
