-- Early alerts of the learning system.

-- name: known
SELECT id FROM iehe.events WHERE source = $1 AND id = ANY ($2::text[])

-- name: open_case
-- Of a person by the keyed hash of who that is; one that is not opened yet waits for its first step.
SELECT r.case_id FROM iehe.support_referrals r LEFT JOIN iehe.cases c USING (case_id)
WHERE r.person = $1 AND c.closed_at IS NULL ORDER BY c.stage = 'linked' NULLS FIRST, r.received_at DESC LIMIT 1
