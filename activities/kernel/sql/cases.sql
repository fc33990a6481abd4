-- Writing a transition and reading cases.

-- name: open_case
INSERT INTO iehe.cases (case_id, process, version, stage, stage_since, opened_at, state)
VALUES ($1, $2, 0, '', $3, $3, '{}')
ON CONFLICT (case_id) DO NOTHING

-- name: lock_case
SELECT version, state FROM iehe.cases WHERE case_id = $1 FOR UPDATE

-- name: log_at
SELECT step, cause FROM iehe.case_log WHERE case_id = $1 AND version = $2

-- name: version_of_cause
SELECT version FROM iehe.case_log WHERE case_id = $1 AND cause = $2

-- name: last_hash
SELECT hash FROM iehe.case_log WHERE case_id = $1 ORDER BY version DESC LIMIT 1

-- name: owed
SELECT DISTINCT version FROM iehe.notices WHERE case_id = $1 AND version >= $2 ORDER BY version

-- name: append_log
INSERT INTO iehe.case_log (case_id, version, at, step, from_stage, stage, actor_kind, actor_id, cause,
                           details, prev_hash, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)

-- name: move_case
UPDATE iehe.cases
SET version = $2, stage = $3,
    stage_since = CASE WHEN stage = $3 THEN stage_since ELSE $4 END,
    waiting_for = $5, due_at = $6, outcome = $7, outcome_by = $8,
    closed_at = CASE WHEN $9 THEN coalesce(closed_at, $4) END,
    state = $10, policy_version = $10::jsonb #>> '{policy,version}'
WHERE case_id = $1

-- name: open_task
INSERT INTO iehe.tasks (case_id, key, opened_version, kind, role, assignee, opened_at, due_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: close_task
UPDATE iehe.tasks SET closed_at = $3, closed_how = $4, closed_by = $5
WHERE case_id = $1 AND key = $2 AND closed_at IS NULL

-- name: change_task
UPDATE iehe.tasks SET assignee = $3, due_at = $4 WHERE case_id = $1 AND key = $2 AND closed_at IS NULL

-- name: set_deadline
INSERT INTO iehe.deadlines (case_id, name, state, due_at, calculation, version)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (case_id, name) DO UPDATE
SET state = excluded.state, due_at = excluded.due_at, calculation = excluded.calculation,
    version = excluded.version

-- name: silence
-- What asks for something is not sent any more when the stage that asked for it is over.
UPDATE iehe.notices SET state = 'suppressed', reason = 'no-longer-asked'
WHERE case_id = $1 AND version < $2 AND message = ANY ($3) AND state IN ('queued', 'failed')

-- name: staff_in_role
SELECT staff_id FROM iehe.staff WHERE active AND $1 = ANY (roles) ORDER BY staff_id

-- name: queue_notice
INSERT INTO iehe.notices (notice_id, case_id, version, process, message, recipient_kind, recipient_id,
                          facts, queued_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (notice_id) DO NOTHING

-- name: queue_event
INSERT INTO iehe.events (source, id, type, process, case_id, envelope, cause_case, cause_version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (source, id) DO NOTHING
