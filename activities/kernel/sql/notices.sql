-- name: interrupted
-- A notice still marked as being sent at the start of an attempt: its sender died before it knew.
UPDATE iehe.notices
SET state = 'unknown', reason = 'interrupted', possible_duplicate = true
WHERE case_id = $1 AND version = $2 AND state = 'sending'
RETURNING case_id, notice_id, message, state, reason, attempts

-- name: pending
SELECT notice_id FROM iehe.notices
WHERE case_id = $1 AND version = $2 AND state IN ('queued', 'failed')
ORDER BY queued_at, notice_id

-- name: addressed
-- One notice with its reader as of now.
SELECT n.notice_id, n.case_id, n.process, n.message, n.recipient_kind, n.facts, n.attempts, n.queued_at,
       a.application_no,
       a.superseded_by IS NOT NULL AS superseded,
       CASE n.recipient_kind WHEN 'applicant' THEN p.email WHEN 'referee' THEN a.school_contact_email
            ELSE s.email END AS address,
       CASE n.recipient_kind WHEN 'applicant' THEN p.language WHEN 'staff' THEN s.language
            ELSE 'ja' END AS language,
       p.family_name, p.given_name,
       CASE n.recipient_kind WHEN 'referee' THEN a.school_name ELSE s.name END AS name
FROM iehe.notices n
LEFT JOIN iehe.applications a
       ON n.recipient_kind IN ('applicant', 'referee') AND a.application_no = n.recipient_id
LEFT JOIN iehe.people p ON n.recipient_kind = 'applicant' AND p.person_id = a.person_id
LEFT JOIN iehe.staff s ON n.recipient_kind = 'staff' AND s.staff_id = n.recipient_id AND s.active
WHERE n.notice_id = $1 AND n.state IN ('queued', 'failed')

-- name: claim
-- Right before the text is handed over. Nobody else's attempt, and not for a superseded application.
UPDATE iehe.notices n
SET state = 'sending', attempts = n.attempts + 1, reason = NULL, message_id = $3
WHERE n.notice_id = $1 AND n.attempts = $2 AND n.state IN ('queued', 'failed')
  AND (n.recipient_kind = 'staff' OR NOT EXISTS (
      SELECT FROM iehe.applications a
      WHERE a.application_no = n.recipient_id AND a.superseded_by IS NOT NULL))
RETURNING n.attempts

-- name: settle
-- The end of an attempt that never came to handing over.
UPDATE iehe.notices
SET state = $3, reason = $4, attempts = attempts + 1
WHERE notice_id = $1 AND attempts = $2 AND state IN ('queued', 'failed')

-- name: answered
-- The server's answer. Acceptance is a fact even when another attempt had to call it unknown meanwhile.
UPDATE iehe.notices
SET state = $3, reason = $4, possible_duplicate = possible_duplicate OR $3 = 'unknown',
    sent_at = CASE WHEN $3 = 'accepted' THEN $5::timestamptz END
WHERE notice_id = $1 AND attempts = $2
  AND (state = 'sending' OR $3 = 'accepted' AND state IN ('unknown', 'queued'))

-- name: unfinished
SELECT count(*) AS notices, coalesce(max(attempts), 0) AS attempts FROM iehe.notices
WHERE case_id = $1 AND version = $2 AND state IN ('queued', 'failed', 'sending')

-- name: for_a_person
SELECT notice_id, reason FROM iehe.notices
WHERE case_id = $1 AND version = $2 AND state IN ('dead', 'unknown')
ORDER BY notice_id

-- name: listed
SELECT notice_id, case_id, version, message, recipient_kind, recipient_id, state, attempts, queued_at, sent_at,
       reason, message_id, possible_duplicate
FROM iehe.notices
WHERE ($1::text IS NULL OR case_id = $1) AND ($2::text IS NULL OR state = $2)
ORDER BY queued_at DESC, notice_id
LIMIT $3

-- name: requeue
-- Queued anew, with the full time to try; one whose fate is unknown may arrive twice.
UPDATE iehe.notices
SET possible_duplicate = possible_duplicate OR state = 'unknown',
    state = 'queued', reason = 'requeued', queued_at = $2
WHERE notice_id = $1 AND state IN ('dead', 'unknown')
RETURNING case_id, version
