-- The yearly report (P9), and what was missed.

-- name: published
SELECT body FROM iehe.support_reports WHERE year = $1

-- name: publish
-- Whoever was faster has published it.
INSERT INTO iehe.support_reports (year, published_by, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING

-- name: referrals
-- Of each referral of a time what is counted of it; a clock that is counted again and again by its last time.
SELECT r.received_at, r.way, (c.state ->> 'level')::int AS level, c.outcome,
       (SELECT o.unit FROM iehe.support_ownership o WHERE o.case_id = c.case_id AND o.unit IS NOT NULL
        ORDER BY o.since DESC, o.version DESC LIMIT 1) AS unit,
       EXISTS (SELECT FROM iehe.support_pages p WHERE p.case_id = c.case_id) AS crisis,
       (SELECT min(k.at) FROM iehe.support_contacts k WHERE k.case_id = c.case_id AND k.outcome = 'reached') AS responded_at,
       ARRAY(SELECT m.clock FROM iehe.support_missed m WHERE m.case_id = c.case_id AND m.due_at < $3) AS missed
FROM iehe.support_referrals r JOIN iehe.cases c USING (case_id)
WHERE r.received_at >= $1 AND r.received_at < $2
