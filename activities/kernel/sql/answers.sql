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
