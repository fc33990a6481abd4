-- Cases that are to be started because their subject is stored.

-- name: to_start
SELECT case_id, attributes FROM iehe.case_starts WHERE started_at IS NULL ORDER BY stored_at LIMIT $1

-- name: started
UPDATE iehe.case_starts SET started_at = now() WHERE case_id = $1
