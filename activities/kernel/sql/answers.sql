-- What a person is asked by a letter that is answered by a link.

-- name: asked
-- A notice to one of staff that asks for a decision. What it asks is the task of that decision and reader; it is
-- over when the task was taken off the list without them, or opened anew after the letter was written.
SELECT n.notice_id, n.case_id, n.process, n.message, n.recipient_id, n.facts, n.facts ->> 'answer' AS decision,
       s.roles, t.closed_how IS NOT DISTINCT FROM 'moved_on' OR (n.version >= t.opened_version) IS NOT TRUE AS over
FROM iehe.notices n
JOIN iehe.staff s ON s.staff_id = n.recipient_id AND s.active
LEFT JOIN LATERAL (
    SELECT opened_version, closed_how FROM iehe.tasks
    WHERE case_id = n.case_id AND kind = n.facts ->> 'answer' AND assignee = n.recipient_id
    ORDER BY opened_version DESC LIMIT 1
) AS t ON true
WHERE n.notice_id = $1 AND n.recipient_kind = 'staff' AND n.facts ? 'answer' AND n.queued_at > now() - $2::interval

-- name: own
-- A notice to who is no staff, with the case as it is now; none when that has ended so long ago, or the reader is to
-- hear nothing more.
SELECT n.notice_id, n.case_id, n.process, n.recipient_kind, c.version, c.stage, c.state, c.closed_at
FROM iehe.notices n JOIN iehe.cases c USING (case_id)
WHERE n.notice_id = $1 AND n.recipient_kind <> 'staff' AND (c.closed_at IS NULL OR c.closed_at > now() - $2::interval)
  AND NOT EXISTS (SELECT FROM iehe.recipient_of(n.case_id, n.recipient_kind, n.recipient_id) r WHERE r.silenced)

-- name: queue_own_page
SELECT notice_id, version FROM iehe.queue_own_page($1, $2, $3)
