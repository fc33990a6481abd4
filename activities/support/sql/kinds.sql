-- Kinds of concerns by term: counts of cases and nothing else of them.

-- name: policy
SELECT r.value FROM iehe.policies_in_force p, jsonb_each(p.body -> 'routes') AS r
WHERE p.process = 'support-case' ORDER BY r.key LIMIT 1

-- name: count_kinds
-- The kind as it was judged last. Cases that are one are counted once, as the one that goes on; what was not for the
-- office is not counted. The academic year begins in April, its second half in October.
WITH judged AS (
    SELECT DISTINCT ON (s.case_id) s.case_id, s.kind FROM iehe.support_scores s
    WHERE s.kind IS NOT NULL ORDER BY s.case_id, s.version DESC
), of_term AS (
    SELECT j.kind, (r.received_at AT TIME ZONE 'Asia/Tokyo' - interval '3 months')::date AS day
    FROM judged j JOIN iehe.support_referrals r USING (case_id) JOIN iehe.cases c USING (case_id)
    WHERE c.stage NOT IN ('linked', 'misdirected') AND r.received_at > now() - interval '400 days'
)
SELECT kind, extract(year FROM day)::int || CASE WHEN extract(month FROM day) <= 6 THEN '-1' ELSE '-2' END AS term,
       count(*)::int AS cases
FROM of_term GROUP BY 1, 2 HAVING count(*) >= $1 ORDER BY 1, 2

-- name: is_told
SELECT EXISTS (SELECT FROM iehe.facts f WHERE f.process = $1 AND f.case_id IS NULL AND f.key = $2)
