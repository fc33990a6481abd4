-- One decision for many cases.

-- name: begin
INSERT INTO iehe.bulk_runs (bulk_id, process, decision, staff_id) VALUES ($1, $2, $3, $4)
ON CONFLICT (bulk_id) DO NOTHING RETURNING bulk_id

-- name: add
INSERT INTO iehe.bulk_cases (bulk_id, case_id, place, version, sealed) VALUES ($1, $2, $3, $4, $5)

-- name: run
SELECT bulk_id, process, decision, staff_id, begun_at, ended_at FROM iehe.bulk_runs WHERE bulk_id = $1

-- name: cases
SELECT case_id, place, version, state, code, params, answered_at FROM iehe.bulk_cases WHERE bulk_id = $1 ORDER BY place

-- name: under_way
SELECT bulk_id, process, decision, staff_id FROM iehe.bulk_runs WHERE ended_at IS NULL ORDER BY begun_at

-- name: waiting
SELECT case_id, version, sealed FROM iehe.bulk_cases
WHERE bulk_id = $1 AND state = 'waiting' AND (tried_at IS NULL OR tried_at < now() - interval '1 minute')
ORDER BY place LIMIT $2

-- name: answer
UPDATE iehe.bulk_cases SET state = $3, code = $4, params = $5, tried_at = now(),
       answered_at = CASE WHEN $3 <> 'waiting' THEN now() END, sealed = CASE WHEN $3 = 'waiting' THEN sealed END
WHERE bulk_id = $1 AND case_id = $2 AND state = 'waiting'

-- name: end
UPDATE iehe.bulk_runs SET ended_at = now() WHERE bulk_id = $1 AND ended_at IS NULL
AND NOT EXISTS (SELECT FROM iehe.bulk_cases b WHERE b.bulk_id = $1 AND b.state = 'waiting')

-- name: of_somebody
SELECT r.bulk_id, r.process, r.decision, r.begun_at, r.ended_at,
       (SELECT count(*) FROM iehe.bulk_cases b WHERE b.bulk_id = r.bulk_id) AS cases,
       (SELECT count(*) FROM iehe.bulk_cases b WHERE b.bulk_id = r.bulk_id AND b.state = 'refused') AS refused
FROM iehe.bulk_runs r WHERE r.staff_id = $1 ORDER BY r.begun_at DESC LIMIT 50

-- name: try_lock
SELECT pg_try_advisory_lock($1)

-- name: unlock
SELECT pg_advisory_unlock($1)
