-- The register of past counselling.

-- name: known
-- Rows that came before: a case of their own, or what is left of one that was erased.
SELECT case_id FROM iehe.support_referrals WHERE case_id = ANY ($1)
UNION ALL
SELECT case_id FROM iehe.case_certificates WHERE case_id = ANY ($1)

-- name: policy
-- In force today: what a case follows that somebody asks to see.
SELECT p.version, route.route FROM iehe.policies p, jsonb_object_keys(p.body -> 'routes') AS route (route)
WHERE p.process = 'support-case' AND p.valid_from <= (now() AT TIME ZONE 'Asia/Tokyo')::date
ORDER BY p.valid_from DESC, p.loaded_at DESC, p.version DESC LIMIT 1

-- name: staff
SELECT staff_id, name FROM iehe.staff ORDER BY staff_id

-- name: take_over
SELECT iehe.support_take_over($1, $2, $3, $4, $5)
