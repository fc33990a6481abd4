-- What the office reads and, of notices and texts, changes. Nothing personal except where a query says so.

-- name: case
SELECT case_id, process, version, stage, stage_since, opened_at, waiting_for, due_at, outcome, outcome_by,
       closed_at, policy_version, state,
       coalesce((SELECT jsonb_object_agg(l.name, l.value) FROM iehe.case_labels l WHERE l.case_id = c.case_id), '{}')
           AS labels
FROM iehe.cases c WHERE case_id = $1 AND version > 0

-- name: label_values
-- Each once, from one to the next along the index: there are few of them, and very many cases.
WITH RECURSIVE found (value) AS (
    (SELECT value FROM iehe.case_labels WHERE name = $1 ORDER BY value LIMIT 1)
    UNION ALL
    SELECT (SELECT l.value FROM iehe.case_labels l WHERE l.name = $1 AND l.value > f.value ORDER BY l.value LIMIT 1)
    FROM found f WHERE f.value IS NOT NULL
)
SELECT value FROM found WHERE value IS NOT NULL

-- name: cases_in_need
-- Cases of some rooms that need a running workflow: open, or closed with letters to be sent, tasks to be done, or
-- something to be given back.
SELECT c.case_id, c.closed_at IS NOT NULL AS closed, coalesce(jsonb_array_length(c.state -> 'owes'), 0) AS owes,
       (SELECT count(*) FROM iehe.notices n WHERE n.case_id = c.case_id AND n.state IN ('queued', 'sending', 'failed')
        AND n.reason IS DISTINCT FROM 'requeued') AS letters,
       coalesce(c.due_at < now() - interval '2 minutes' AND c.closed_at IS NULL, false)
       OR EXISTS (SELECT FROM iehe.events e WHERE e.case_id = c.case_id AND e.state = 'delivered'
                  AND e.ended_at > now() - interval '7 days' AND NOT EXISTS (
                      SELECT FROM iehe.case_log l
                      WHERE l.case_id = e.case_id AND l.cause = e.cause)) AS late
FROM iehe.cases c
WHERE c.version > 0 AND split_part(c.case_id, '/', 1) = ANY ($1::text[]) AND (
    c.closed_at IS NULL
    OR c.owes AND c.closed_at IS NOT NULL
    OR EXISTS (SELECT FROM iehe.notices n WHERE n.case_id = c.case_id AND n.state IN ('queued', 'sending', 'failed')
               AND n.reason IS DISTINCT FROM 'requeued')
    OR EXISTS (SELECT FROM iehe.tasks t WHERE t.case_id = c.case_id AND t.closed_at IS NULL))
ORDER BY c.case_id

-- name: tasks_of_case
SELECT key AS task, kind, role, assignee, opened_at, due_at FROM iehe.tasks
WHERE case_id = $1 AND closed_at IS NULL
ORDER BY due_at, key

-- name: deadlines_of_case
SELECT name AS deadline, state, due_at, clock FROM iehe.deadlines
WHERE case_id = $1 ORDER BY state IN ('running', 'paused') DESC, due_at, name

-- name: texts_of_case
-- Personal: a reason in words may name anybody.
SELECT text_id, author, sealed, created_at FROM iehe.texts WHERE case_id = $1 ORDER BY created_at, text_id

-- name: log_of_case
SELECT case_id, version, at, step, from_stage, stage, actor_kind, actor_id, cause, details, recorded_at,
       prev_hash, hash
FROM iehe.case_log WHERE case_id = $1 ORDER BY version

-- name: last_step_at
SELECT at FROM iehe.case_log WHERE case_id = $1 ORDER BY version DESC LIMIT 1

-- name: facts_of_case
-- What a person or a system has entered with the time at which it happened.
SELECT version, step, (details ->> 'happened_at')::timestamptz AS happened_at, at AS entered_at, actor_id
FROM iehe.case_log WHERE case_id = $1 AND details ? 'happened_at' ORDER BY version

-- name: log_of_cause
-- Version and stage are those of the answer: after what the case did by itself in the same transaction.
SELECT last.version, e.at, e.step, last.stage, e.details FROM iehe.case_log e
JOIN LATERAL (
    SELECT l.version, l.stage FROM iehe.case_log l
    WHERE l.case_id = e.case_id AND l.version >= e.version AND l.recorded_at = e.recorded_at
    ORDER BY l.version DESC LIMIT 1) AS last ON true
WHERE e.case_id = $1 AND e.cause = $2

-- name: role_of_task
SELECT role FROM iehe.tasks WHERE case_id = $1 AND key = $2 AND closed_at IS NULL

-- name: staff_with_role
SELECT EXISTS (SELECT FROM iehe.staff WHERE staff_id = $1 AND active AND $2 = ANY (roles))

-- name: key_of_case
SELECT class_key, wrapped FROM iehe.case_keys WHERE case_id = $1

-- name: keep_key
INSERT INTO iehe.case_keys (case_id, class_key, wrapped) VALUES ($1, $2, $3) ON CONFLICT (case_id) DO NOTHING

-- name: keep_text
INSERT INTO iehe.texts (text_id, case_id, author, sealed) VALUES ($1, $2, $3, $4)
ON CONFLICT (text_id) DO NOTHING RETURNING text_id

-- name: delete_text
-- Of a decision that was refused; a text that anything refers to is held by its foreign key.
DELETE FROM iehe.texts WHERE text_id = $1 AND author = $2

-- name: notice
SELECT notice_id, case_id, version, digest_on, process, message, channel, urgent, recipient_kind, recipient_id, why, facts,
       state, attempts, queued_at, held_until, CASE WHEN state IN ('queued', 'failed') THEN held_since END AS held_since,
       retry_at, sent_at, reason, message_id, told_with, possible_duplicate, by_hand, revision, words IS NOT NULL AS changed
FROM iehe.notices WHERE notice_id = $1

-- name: notices_beginning
SELECT notice_id FROM iehe.notices WHERE notice_id ^@ $1 ORDER BY notice_id LIMIT 2

-- name: letter
-- Personal: a notice with its reader as of now, whatever has become of it, in their language or in $2.
SELECT n.notice_id, n.case_id, n.digest_on, n.process, n.message, n.channel, n.recipient_kind, n.recipient_id, n.why,
       n.facts, n.queued_at, n.words, r.address, l.language, coalesce(r.language, 'ja') AS reads, r.name, (
           SELECT 'sealed:' || concat_ws(':', k.class_key, encode(k.wrapped, 'base64'), t.text_id, encode(t.sealed, 'base64'))
           FROM iehe.texts t JOIN iehe.case_keys k USING (case_id)
           WHERE t.text_id = coalesce(n.words ->> l.language, n.words ->> 'ja', n.words ->> 'en')::uuid) AS own_words
FROM iehe.notices n LEFT JOIN LATERAL iehe.recipient_of(n.case_id, n.recipient_kind, n.recipient_id) r ON true
CROSS JOIN LATERAL (SELECT coalesce($2, r.language, 'ja') AS language) AS l
WHERE n.notice_id = $1

-- name: roles_of_staff
SELECT roles FROM iehe.staff WHERE staff_id = $1 AND active

-- name: note_request
INSERT INTO iehe.requests (actor, key, operation, body_sha256) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING

-- name: is_same_request
SELECT operation = $3 AND body_sha256 = $4 FROM iehe.requests WHERE actor = $1 AND key = $2
