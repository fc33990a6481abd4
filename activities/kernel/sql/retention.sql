-- What goes when its time is over, and what is held.

-- name: rules
SELECT kind, process FROM iehe.retention_rules ORDER BY process NULLS FIRST, kind

-- name: sweep
SELECT iehe.sweep($1, $2, $3, $4)

-- name: cases_to_erase
-- Along the cases' ids, so that one which cannot go holds up no other.
SELECT case_id FROM iehe.cases_due WHERE case_id > $1 AND iehe.kept_because(case_id) IS NULL ORDER BY case_id LIMIT $2

-- name: erase_case
SELECT iehe.erase_case($1, $2, $3)

-- name: due
SELECT * FROM iehe.retention_due()

-- name: cases_due
SELECT d.process, d.years, d.policy_version, coalesce(iehe.kept_because(d.case_id), '') AS kept_because,
       count(*) AS cases, min(d.closed_at) AS oldest, max(d.closed_at) AS newest
FROM iehe.cases_due d GROUP BY 1, 2, 3, 4 ORDER BY 1, 4

-- name: gone
SELECT at, run, kind, process, days, years, policy_version, rows, parts, oldest, newest
FROM iehe.erasures_by_run ORDER BY at DESC, kind, process LIMIT $1

-- name: certificates
SELECT case_id, process, closed_at, erased_at, run, years, policy_version, rows, workflow_runs, last_hash, key_id
FROM iehe.case_certificates WHERE process = ANY ($1) ORDER BY erased_at DESC, case_id LIMIT $2

-- name: erased_at
SELECT erased_at FROM iehe.case_certificates WHERE case_id = $1

-- name: hold
INSERT INTO iehe.case_holds (case_id, held_by, reason_id) VALUES ($1, $2, $3)
ON CONFLICT (case_id) WHERE released_at IS NULL DO NOTHING RETURNING held_at

-- name: release
UPDATE iehe.case_holds SET released_at = now(), released_by = $2 WHERE case_id = $1 AND released_at IS NULL
RETURNING held_at

-- name: set_days
-- As the owner: what the settings say of a kind that belongs to no process.
INSERT INTO iehe.retention_settings (kind, days) VALUES ($1, $2)
ON CONFLICT (kind) DO UPDATE SET days = excluded.days WHERE retention_settings.days <> excluded.days
