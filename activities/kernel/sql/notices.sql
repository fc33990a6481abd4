-- name: pending
-- What is to be sent and held by nobody, each with its reader as of now; and what was still marked as being sent at the start of
-- the attempt: its sender died before it knew. One that a person has sent again ($3) has an attempt of its own,
-- beside the case's. What its receiver takes once, however often it comes ($4: kinds of channels), is sent again. What was being told in the letter of one
-- of them shares its fate, of whatever case it is; what is being told in another one's letter is left to that one.
WITH mine AS (
    SELECT notice_id FROM iehe.notices
    WHERE (case_id = $1 AND version = $2 OR digest_on = $5)
      AND CASE WHEN $3::text IS NULL THEN NOT by_hand ELSE notice_id = $3 END
), interrupted AS (
    UPDATE iehe.notices
    SET state = CASE WHEN split_part(channel, ':', 1) = ANY ($4::text[]) THEN 'failed' ELSE 'unknown' END,
        reason = 'interrupted', possible_duplicate = true
    WHERE state = 'sending' AND (notice_id = ANY (ARRAY(SELECT m.notice_id FROM mine m)) AND told_with IS NULL
                                 OR told_with = ANY (ARRAY(SELECT m.notice_id FROM mine m)))
    RETURNING *
), taken AS (
    SELECT i.* FROM interrupted i JOIN mine USING (notice_id)
    UNION ALL
    SELECT n.* FROM iehe.notices n JOIN mine USING (notice_id)
    WHERE n.state IN ('queued', 'failed') AND n.held_since IS NULL
)
SELECT n.*, r.address, coalesce(r.language, 'ja') AS language, r.name, coalesce(r.silenced, false) AS silenced,
       CASE WHEN n.words IS NOT NULL THEN iehe.words_of_notice(n.notice_id, coalesce(r.language, 'ja')) END AS own_words,
       c.state -> 'policy_ref' AS policy_ref
FROM taken n LEFT JOIN iehe.cases c USING (case_id)
LEFT JOIN LATERAL iehe.recipient_of(n.case_id, n.recipient_kind, n.recipient_id) r ON true
ORDER BY n.urgent DESC, n.queued_at, n.notice_id

-- name: hold
-- What quiet hours hold.
UPDATE iehe.notices SET held_until = $3
WHERE (case_id = $1 AND version = $2 OR digest_on = $4) AND state IN ('queued', 'failed') AND NOT urgent
  AND held_until IS DISTINCT FROM $3

-- name: beside
-- What may be told in the same letter as a notice $1: mail to the same member of staff $2 that was held as well and
-- is of the same process ($3, until $4), or of the same digest ($5). Each as it is wanted now; what is answered by a
-- link, or has words of the office's own, has a letter of its own.
SELECT n.*, r.address, r.language, r.name
FROM iehe.notices n JOIN LATERAL iehe.recipient_of(n.case_id, n.recipient_kind, n.recipient_id) r ON NOT r.silenced
WHERE n.notice_id <> $1 AND n.recipient_kind = 'staff' AND n.recipient_id = $2
  AND (n.process = $3 AND n.held_until <= $4 AND n.digest_on IS NULL OR n.digest_on = $5)
  AND n.state IN ('queued', 'failed') AND n.channel = 'mail' AND NOT n.urgent AND NOT n.by_hand
  AND NOT n.facts ? 'answer' AND n.held_since IS NULL AND n.words IS NULL
ORDER BY n.queued_at, n.notice_id LIMIT 99

-- name: claim
-- Right before the text is handed over: all that it tells ($1, at the attempts $2, of the revisions $5) or nothing, in
-- the letter of $4 if it is several. Nobody else's attempt, nothing that a person holds or has changed since it was
-- written, and not for who is to hear nothing more.
WITH locked AS (
    SELECT n.notice_id FROM iehe.notices n
    JOIN unnest($1::text[], $2::int[], $5::int[]) AS w (notice_id, attempts, revision) USING (notice_id, attempts, revision)
    WHERE n.state IN ('queued', 'failed') AND n.held_since IS NULL
      AND NOT EXISTS (SELECT FROM iehe.recipient_of(n.case_id, n.recipient_kind, n.recipient_id) r WHERE r.silenced)
    ORDER BY n.notice_id FOR UPDATE OF n
)
UPDATE iehe.notices n
SET state = 'sending', attempts = n.attempts + 1, reason = NULL, retry_at = NULL, message_id = $3, told_with = $4
FROM locked l
WHERE n.notice_id = l.notice_id AND (SELECT count(*) FROM locked) = cardinality($1::text[])
RETURNING n.notice_id, n.attempts

-- name: silence
-- Of one that could not be claimed: because its reader is to hear nothing more.
UPDATE iehe.notices n
SET state = 'suppressed', reason = 'superseded', attempts = attempts + 1
WHERE notice_id = $1 AND attempts = $2 AND state IN ('queued', 'failed') AND held_since IS NULL
  AND EXISTS (SELECT FROM iehe.recipient_of(n.case_id, n.recipient_kind, n.recipient_id) r WHERE r.silenced)

-- name: settle
-- The end of an attempt that never came to handing over; a person who was faster decides.
UPDATE iehe.notices
SET state = $3, reason = $4, retry_at = $5, attempts = attempts + 1
WHERE notice_id = $1 AND attempts = $2 AND revision = $6 AND state IN ('queued', 'failed') AND held_since IS NULL

-- name: answered
-- The receiver's answer. Acceptance is a fact even when another attempt had to call it unknown meanwhile. What was told
-- in the same letter shares it, but what was not taken goes back to its own case.
UPDATE iehe.notices
SET state = CASE WHEN notice_id = $1 OR $3 IN ('accepted', 'unknown') THEN $3 ELSE 'failed' END, reason = $4,
    retry_at = $6, possible_duplicate = possible_duplicate OR $3 = 'unknown',
    told_with = CASE WHEN $3 IN ('accepted', 'unknown') THEN told_with END,
    sent_at = CASE WHEN $3 = 'accepted' THEN $5::timestamptz END
WHERE (notice_id = $1 AND attempts = $2
       OR told_with = $1 AND notice_id <> $1
          AND EXISTS (SELECT FROM iehe.notices f WHERE f.notice_id = $1 AND f.attempts = $2))
  AND (state = 'sending' OR $3 = 'accepted' AND state IN ('unknown', 'queued'))

-- name: left
-- What is not sent: to be tried again, or for a person to look at.
SELECT notice_id, state, reason, attempts, channel, urgent, message, recipient_kind, recipient_id, retry_at, held_since
FROM iehe.notices
WHERE (case_id = $1 AND version = $2 OR digest_on = $4) AND state NOT IN ('accepted', 'suppressed')
  AND CASE WHEN $3::text IS NULL THEN NOT by_hand ELSE notice_id = $3 END
ORDER BY notice_id

-- name: requeue
-- Queued anew for an attempt of its own, with the full time to try; one whose fate is unknown may arrive twice.
UPDATE iehe.notices
SET possible_duplicate = possible_duplicate OR state = 'unknown',
    state = 'queued', reason = 'requeued', queued_at = $2, retry_at = NULL, by_hand = true
WHERE notice_id = $1 AND state IN ('dead', 'unknown')
RETURNING case_id, version, digest_on
