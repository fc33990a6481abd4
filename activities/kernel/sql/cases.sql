-- Writing the steps of a case.

-- name: lock_case
-- The case as it stands, and under which version it had taken this message before.
SELECT * FROM iehe.lock_case($1, $2)

-- name: write_steps
SELECT iehe.write_steps($1, $2)

-- name: staff_of
-- Members of staff whom an audience means at a time, without those whom the case is about.
SELECT found FROM iehe.staff_of($1, $2, $3) AS found ORDER BY found

-- name: closures
-- In the order in which they were noted: of two about a day the later one counts.
SELECT jsonb_strip_nulls(jsonb_build_object('first', first, 'last', last, 'calendar', calendar, 'why', why,
    'hours', CASE WHEN opens IS NULL THEN '[]' ELSE jsonb_build_array(
        jsonb_build_object('opens', opens, 'closes', closes)) END)) AS closure
FROM iehe.closures WHERE process = $1 AND last >= $2 ORDER BY closure

-- name: unreached
-- Of urgent notices to staff that failed for good, those without another channel that may still reach the reader.
SELECT n.notice_id FROM iehe.notices n
WHERE n.notice_id = ANY ($1::text[]) AND n.urgent AND n.recipient_kind = 'staff' AND NOT EXISTS (
    SELECT FROM iehe.notices o
    WHERE o.case_id = n.case_id AND o.version = n.version AND o.message = n.message AND o.recipient_kind = 'staff'
      AND o.recipient_id = n.recipient_id AND o.notice_id <> n.notice_id
      AND o.state IN ('queued', 'failed', 'sending', 'accepted'))

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
