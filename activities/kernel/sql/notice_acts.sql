-- What a person does to a notice before it goes; cases/notice_acts.py holds its row from the first query to the commit.

-- name: lock
-- Against the sender, who marks it under the same lock: one of the two finds what the other has done.
SELECT notice_id, case_id, process, channel, state, held_since, revision, words IS NOT NULL AS changed
FROM iehe.notices WHERE notice_id = $1 FOR UPDATE

-- name: made
SELECT revision, act FROM iehe.notice_acts WHERE notice_id = $1 AND staff_id = $2 AND key = $3

-- name: hold
UPDATE iehe.notices SET held_since = $3, revision = $2 WHERE notice_id = $1

-- name: release
-- With the full time to try from now on.
UPDATE iehe.notices SET held_since = NULL, state = 'queued', reason = 'released', retry_at = NULL, queued_at = $3,
    revision = $2
WHERE notice_id = $1

-- name: cancel
UPDATE iehe.notices SET held_since = NULL, state = 'suppressed', reason = 'cancelled', retry_at = NULL, revision = $2
WHERE notice_id = $1

-- name: change
-- The office's words by language, as ids; null: none any more.
UPDATE iehe.notices SET words = $3, revision = $2 WHERE notice_id = $1

-- name: keep
INSERT INTO iehe.notice_acts (notice_id, revision, case_id, act, staff_id, key, at, reason_id, ja_id, en_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: history
SELECT revision, act, staff_id, at, reason_id, ja_id, en_id FROM iehe.notice_acts
WHERE notice_id = $1 ORDER BY revision

-- name: held_long
-- What a person has held since before $1, the longest first.
SELECT notice_id, case_id, held_since FROM iehe.notices
WHERE held_since < $1 AND state IN ('queued', 'failed') ORDER BY held_since, notice_id
