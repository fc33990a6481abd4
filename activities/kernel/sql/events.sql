-- The inbox as the office sees and mends it, from the command line.

-- name: enter
-- A fact entered by hand. What an earlier run of the workflow took with it, or could not be delivered, is stored
-- again: the case knows what it has taken. No row: a person dropped it, or the id is another event's.
WITH durable AS (SELECT set_config('synchronous_commit', 'on', true))
INSERT INTO iehe.events AS e (source, id, type, process, case_id, envelope)
SELECT $1, $2, $3, $4, $5, $6 FROM durable
ON CONFLICT (source, id) DO UPDATE
SET state = 'stored', reason = NULL, next_try_at = now(), waiting_since = NULL, ended_at = NULL,
    refused = EXISTS (SELECT FROM iehe.case_log l WHERE l.case_id = e.case_id AND l.cause = e.cause
                      AND l.step = 'refuse-event')
WHERE e.state <> 'dropped' AND e.case_id = excluded.case_id AND e.type = excluded.type
  AND e.envelope -> 'data' IS NOT DISTINCT FROM excluded.envelope -> 'data'
  AND (e.envelope ->> 'occurred_at')::timestamptz
      IS NOT DISTINCT FROM (excluded.envelope ->> 'occurred_at')::timestamptz
RETURNING e.state

-- name: announce
-- A fact about many cases, told here; the row of each is written with it.
WITH durable AS (SELECT set_config('synchronous_commit', 'on', true))
SELECT iehe.announce($1, $2, $3, $4, $5, $6, $7) FROM durable

-- name: event
SELECT source, id, type, process, case_id, state, reason, fate, code, attempts, stored_at, next_try_at,
       waiting_since, ended_at, handled_by, handled_reason, cause_case, cause_version, envelope
FROM iehe.event_fates WHERE source = $1 AND id = $2

-- name: retry
WITH again AS (
    UPDATE iehe.events SET state = 'stored', reason = NULL, next_try_at = now(), waiting_since = NULL,
        ended_at = NULL, handled_by = $5
    WHERE state = 'dead' AND ($1::text IS NULL OR source = $1) AND ($2::text IS NULL OR id = $2)
      AND ($3::text IS NULL OR reason = $3) AND ($4::text IS NULL OR case_id = $4) AND process = ANY ($6)
    RETURNING source, id, case_id
), told AS (SELECT pg_notify('iehe_events', '') WHERE EXISTS (SELECT FROM again))
SELECT source, id, case_id FROM again LEFT JOIN told ON true ORDER BY source, id

-- name: drop
UPDATE iehe.events SET state = 'dropped', ended_at = now(), handled_by = $3, handled_reason = $4
WHERE source = $1 AND id = $2 AND state IN ('stored', 'dead')
RETURNING case_id
