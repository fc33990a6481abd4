-- What the rules and the page of a support case look up.

-- name: referral
-- Nothing personal: whether there is a name, a referrer, and how pressing it is said to be.
SELECT r.received_at, r.way, r.language, r.person IS NULL AS anonymous, r.referrer_email IS NOT NULL AS referrer,
       r.danger, r.urgent, r.unit, p.version, p.route
FROM iehe.support_referrals r
CROSS JOIN LATERAL (
    SELECT p.version, route.route FROM iehe.policies p, jsonb_object_keys(p.body -> 'routes') AS route (route)
    WHERE p.process = 'support-case' AND p.valid_from <= (r.received_at AT TIME ZONE 'Asia/Tokyo')::date
    ORDER BY p.valid_from DESC, p.loaded_at DESC, p.version DESC LIMIT 1) p
WHERE r.case_id = $1

-- name: referred_by
SELECT * FROM iehe.support_referred_by()

-- name: member
SELECT EXISTS (SELECT FROM iehe.support_members m JOIN iehe.staff s USING (staff_id)
               WHERE s.active AND m.unit = $2 AND m.staff_id = $3) AS of_unit,
       EXISTS (SELECT FROM iehe.case_shut_out o WHERE o.case_id = $1 AND o.staff_id = $3) AS concerned

-- name: contacts
SELECT at, by, channel, outcome FROM iehe.support_contacts WHERE case_id = $1 ORDER BY at, version

-- name: pages
SELECT page, rung, staff_id, at FROM iehe.support_pages WHERE case_id = $1 ORDER BY at, staff_id

-- name: ownership
SELECT unit, owner, why, since, until FROM iehe.support_ownership WHERE case_id = $1 ORDER BY since, version

-- name: consents
SELECT unit, content, purpose, form, since, until, ended_at, ended_how FROM iehe.support_consents
WHERE case_id = $1 ORDER BY since, version

-- name: disclosures
SELECT at, by, ground, receiver FROM iehe.support_disclosures WHERE case_id = $1 ORDER BY at, version

-- name: scores
SELECT at, by, distress, hostility, level FROM iehe.support_scores WHERE case_id = $1 ORDER BY at, version
