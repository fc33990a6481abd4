-- What the rules and the page of a support case look up.

-- name: referral
-- Nothing personal: whether there is a name, a referrer, and how pressing it is said to be.
SELECT r.received_at, r.way, r.language, r.person IS NULL AS anonymous, r.referrer_email IS NOT NULL AS referrer,
       r.danger, r.urgent, r.unit, p.version, p.route, iehe.support_same_person(r.case_id) AS same_person,
       iehe.support_under_age(r.case_id, r.received_at) AS under_age
FROM iehe.support_referrals r
CROSS JOIN LATERAL (
    SELECT p.version, route.route FROM iehe.policies p, jsonb_object_keys(p.body -> 'routes') AS route (route)
    -- what came before there was any policy follows the first one
    WHERE p.process = 'support-case' AND p.valid_from <= greatest((r.received_at AT TIME ZONE 'Asia/Tokyo')::date, (
        SELECT min(f.valid_from) FROM iehe.policies f
        WHERE f.process = p.process AND f.valid_from <= (now() AT TIME ZONE 'Asia/Tokyo')::date))
    ORDER BY p.valid_from DESC, p.loaded_at DESC, p.version DESC LIMIT 1) p
WHERE r.case_id = $1

-- name: referred_by
SELECT * FROM iehe.support_referred_by()

-- name: member
SELECT EXISTS (SELECT FROM iehe.support_members m JOIN iehe.staff s USING (staff_id)
               WHERE s.active AND m.unit = $2 AND m.staff_id = $3
                 AND (m.unit <> 'harassment' OR 'harassment_officer' = ANY (s.roles))) AS of_unit,
       EXISTS (SELECT FROM iehe.case_shut_out o WHERE o.case_id = $1 AND o.staff_id = $3) AS concerned

-- name: investigator
SELECT EXISTS (SELECT FROM iehe.support_members m JOIN iehe.staff s USING (staff_id)
               WHERE s.active AND m.unit = 'harassment' AND m.staff_id = $2 AND 'harassment_officer' = ANY (s.roles)) AS of_desk,
       EXISTS (SELECT FROM iehe.case_shut_out o WHERE o.case_id = $1 AND o.staff_id = $2) AS concerned,
       iehe.support_counselled($1, $2) AS counselled

-- name: staff_by_key
SELECT k.staff_id FROM iehe.support_staff_keys k WHERE k.key = split_part($1, '.', 1) ORDER BY k.staff_id

-- name: desk
SELECT at, by, what, staff_id, code, until FROM iehe.support_desk WHERE case_id = $1 ORDER BY at, version

-- name: under_age
SELECT iehe.support_under_age($1, $2)

-- name: interpreter
SELECT EXISTS (SELECT FROM iehe.staff s WHERE s.staff_id = $2 AND s.active)
   AND NOT EXISTS (SELECT FROM iehe.case_shut_out o WHERE o.case_id = $1 AND o.staff_id = $2)

-- name: guardians
SELECT at, by, told, relation FROM iehe.support_guardians WHERE case_id = $1 ORDER BY at, version

-- name: calls
SELECT at, contact AS called, proposed_by, decided_by, confirmed FROM iehe.support_calls WHERE case_id = $1 ORDER BY at, version

-- name: interpreters
SELECT since, language, interpreter, named_by FROM iehe.support_interpreters WHERE case_id = $1 ORDER BY since, version

-- name: link
SELECT c.closed_at IS NULL AND c.stage <> 'linked' AS open, other.person = own.person AS same_person,
       ARRAY(SELECT o.staff_id FROM iehe.case_shut_out o WHERE o.case_id = own.case_id ORDER BY 1) AS shut_out
FROM iehe.support_referrals own, iehe.support_referrals other JOIN iehe.cases c USING (case_id)
WHERE own.case_id = $1 AND other.case_id = $2 AND iehe.support_may_open(other.case_id, $3)

-- name: shut_out
SELECT staff_id FROM iehe.case_shut_out WHERE case_id = $1 ORDER BY staff_id

-- name: same_person
-- Not one of which somebody is kept out who may read this one.
SELECT c.case_id, c.stage, c.opened_at FROM iehe.cases c
WHERE c.case_id = ANY (iehe.support_same_person($1)) AND NOT EXISTS (
    SELECT o.staff_id FROM iehe.case_shut_out o WHERE o.case_id = c.case_id
    EXCEPT SELECT h.staff_id FROM iehe.case_shut_out h WHERE h.case_id = $1)
ORDER BY c.opened_at

-- name: before
-- What has ended about the same person, of that what the reader sees; and as same_person of who is kept out.
SELECT c.case_id, c.stage, c.opened_at, c.closed_at, w.unit
FROM iehe.support_referrals own JOIN iehe.support_referrals r ON r.person = own.person AND r.case_id <> own.case_id
JOIN iehe.cases c ON c.case_id = r.case_id
LEFT JOIN iehe.support_ownership w ON w.case_id = c.case_id AND w.until IS NULL
WHERE own.case_id = $1 AND c.closed_at IS NOT NULL AND NOT EXISTS (
    SELECT o.staff_id FROM iehe.case_shut_out o WHERE o.case_id = c.case_id
    EXCEPT SELECT h.staff_id FROM iehe.case_shut_out h WHERE h.case_id = $1)
ORDER BY c.opened_at, c.case_id

-- name: note_before
SELECT iehe.note_reads($1::text[], 'case', 'list')

-- name: links
SELECT case_id AS linked, survivor, linked_at, linked_by, unlinked_at, unlinked_by FROM iehe.support_links
WHERE $1 IN (case_id, survivor) ORDER BY linked_at, case_id

-- name: readers
SELECT r.staff_id, l.survivor, l.linked_at, l.unlinked_at FROM iehe.support_link_readers r
JOIN iehe.support_links l USING (case_id, link) WHERE r.case_id = $1 ORDER BY l.linked_at, r.staff_id

-- name: contacts
SELECT at, by, channel, outcome FROM iehe.support_contacts WHERE case_id = $1 ORDER BY at, version

-- name: appointments
SELECT booking, counsellor, lower(during) AS at, upper(during) AS ends_at, channel, state FROM iehe.support_appointments
WHERE case_id = $1 ORDER BY lower(during), booking

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

-- name: is_person
SELECT person = split_part($2, '.', 1) FROM iehe.support_referrals WHERE case_id = $1

-- name: disclosable
SELECT iehe.support_disclosable($1, $2::uuid[])

-- name: access
SELECT request, requested_at, due_at, state, extended, objected, answered_at, answered_by, ground, parts, open_from
FROM iehe.support_access WHERE case_id = $1 ORDER BY request

-- name: answered
SELECT ground, parts, texts, open_from, open_from > now() AS waits FROM iehe.support_access
WHERE case_id = $1 AND state = 'answered'

-- name: names_of_referrer
SELECT referrer_name, referrer_email FROM iehe.support_referrals WHERE case_id = $1

-- name: names_of_staff
SELECT name, email FROM iehe.staff

-- name: person_text
SELECT person_text FROM iehe.support_referrals WHERE case_id = $1

-- name: letter
SELECT l.details ->> 'to' AS receiver, l.details -> 'parts' AS parts, l.details ->> 'remark_id' AS remark
FROM iehe.case_log l WHERE l.case_id = $1 AND l.cause = $2 AND l.step = 'write-letter'
