-- Writing the steps of a case.

-- name: lock_case
-- The case as it stands, and under which version it had taken this message before.
SELECT * FROM iehe.lock_case($1, $2)

-- name: write_steps
SELECT iehe.write_steps($1, $2)

-- name: staff_of
-- Members of staff whom an audience means at a time, without those whom the case is about.
SELECT found FROM iehe.staff_of($1, $2, $3) AS found ORDER BY found

-- name: owed
SELECT DISTINCT version FROM iehe.notices
WHERE case_id = $1 AND version > $2 AND state IN ('queued', 'sending', 'failed') ORDER BY version

-- name: policy
SELECT body -> 'routes' -> $3 FROM iehe.policies
WHERE process = $1 AND version = $2 AND body -> 'routes' ? $3

-- name: policy_in_force
SELECT version FROM iehe.policies
WHERE process = $1 AND valid_from <= $3 AND body -> 'routes' ? $2
ORDER BY valid_from DESC, loaded_at DESC, version DESC LIMIT 1

-- name: handover
-- What a case needs to be started again.
SELECT version, state, ARRAY(
    SELECT DISTINCT n.version FROM iehe.notices n
    WHERE n.case_id = c.case_id AND n.state IN ('queued', 'sending', 'failed') ORDER BY 1) AS undelivered
FROM iehe.cases c WHERE case_id = $1
