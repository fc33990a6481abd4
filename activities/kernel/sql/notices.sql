-- name: pending
-- What is to be sent, each with its reader as of now; and what was still marked as being sent at the start of
-- the attempt: its sender died before it knew. One that a person has sent again ($3) has an attempt of its own,
-- beside the case's. What its receiver takes once, however often it comes ($4: kinds of channels), is sent again.
WITH interrupted AS (
    UPDATE iehe.notices
    SET state = CASE WHEN split_part(channel, ':', 1) = ANY ($4::text[]) THEN 'failed' ELSE 'unknown' END,
        reason = 'interrupted', possible_duplicate = true
    WHERE case_id = $1 AND version = $2 AND state = 'sending'
      AND CASE WHEN $3::text IS NULL THEN NOT by_hand ELSE notice_id = $3 END
    RETURNING *
), taken AS (
    SELECT * FROM interrupted
    UNION ALL
    SELECT * FROM iehe.notices
    WHERE case_id = $1 AND version = $2 AND state IN ('queued', 'failed')
      AND CASE WHEN $3::text IS NULL THEN NOT by_hand ELSE notice_id = $3 END
)
SELECT n.*, r.address, coalesce(r.language, 'ja') AS language, r.name, coalesce(r.silenced, false) AS silenced,
       c.state -> 'policy_ref' AS policy_ref
FROM taken n JOIN iehe.cases c USING (case_id)
LEFT JOIN LATERAL iehe.recipient_of(n.case_id, n.recipient_kind, n.recipient_id) r ON true
ORDER BY n.urgent DESC, n.queued_at, n.notice_id

-- name: claim
-- Right before the text is handed over. Nobody else's attempt, and not for who is to hear nothing more.
UPDATE iehe.notices n
SET state = 'sending', attempts = n.attempts + 1, reason = NULL, retry_at = NULL, message_id = $3
WHERE n.notice_id = $1 AND n.attempts = $2 AND n.state IN ('queued', 'failed')
  AND NOT EXISTS (SELECT FROM iehe.recipient_of(n.case_id, n.recipient_kind, n.recipient_id) r WHERE r.silenced)
RETURNING n.attempts

-- name: silence
-- Of one that could not be claimed: because its reader is to hear nothing more.
UPDATE iehe.notices n
SET state = 'suppressed', reason = 'superseded', attempts = attempts + 1
WHERE notice_id = $1 AND attempts = $2 AND state IN ('queued', 'failed')
  AND EXISTS (SELECT FROM iehe.recipient_of(n.case_id, n.recipient_kind, n.recipient_id) r WHERE r.silenced)

-- name: settle
-- The end of an attempt that never came to handing over.
UPDATE iehe.notices
SET state = $3, reason = $4, retry_at = $5, attempts = attempts + 1
WHERE notice_id = $1 AND attempts = $2 AND state IN ('queued', 'failed')

-- name: answered
-- The receiver's answer. Acceptance is a fact even when another attempt had to call it unknown meanwhile.
UPDATE iehe.notices
SET state = $3, reason = $4, retry_at = $6, possible_duplicate = possible_duplicate OR $3 = 'unknown',
    sent_at = CASE WHEN $3 = 'accepted' THEN $5::timestamptz END
WHERE notice_id = $1 AND attempts = $2
  AND (state = 'sending' OR $3 = 'accepted' AND state IN ('unknown', 'queued'))

-- name: left
-- What is not sent: to be tried again, or for a person to look at.
SELECT notice_id, state, reason, attempts, channel, urgent, message, recipient_kind, recipient_id, retry_at
FROM iehe.notices
WHERE case_id = $1 AND version = $2 AND state NOT IN ('accepted', 'suppressed')
  AND CASE WHEN $3::text IS NULL THEN NOT by_hand ELSE notice_id = $3 END
ORDER BY notice_id

-- name: requeue
-- Queued anew for an attempt of its own, with the full time to try; one whose fate is unknown may arrive twice.
UPDATE iehe.notices
SET possible_duplicate = possible_duplicate OR state = 'unknown',
    state = 'queued', reason = 'requeued', queued_at = $2, retry_at = NULL, by_hand = true
WHERE notice_id = $1 AND state IN ('dead', 'unknown')
RETURNING case_id, version
