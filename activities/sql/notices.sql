-- name: of_version
-- What is still to be brought to an end for one version of a case.
SELECT notice_id FROM iehe.notices
WHERE case_id = $1 AND version = $2
ORDER BY queued_at, notice_id
