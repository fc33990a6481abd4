-- Reading and writing of the admission process.

-- name: application
SELECT a.application_no, a.case_id, a.programme, a.round_id, a.submitted_on,
       coalesce(a.superseded_by, (
           SELECT c.case_id FROM iehe.cases_of_person(a.case_id) AS o (case_id) JOIN iehe.cases c USING (case_id)
           WHERE c.case_id <> a.case_id AND c.stage IN ('accepted', 'enrolled') LIMIT 1)) AS superseded_by,
       a.accommodation_requested_on, a.accommodation_sudden, extract(year FROM age(r.enrol_by, p.birth_date))::int AS age_at_enrolment,
       r.route, r.opens_at, r.closes_at, r.post_cutoff_at, r.enrol_by, r.waitlist_until
FROM iehe.applications a JOIN iehe.people p USING (person_id) JOIN iehe.rounds r USING (round_id)
WHERE a.application_no = $1

-- name: policy_in_force
SELECT version, body -> 'routes' -> $2 AS route FROM iehe.policies
WHERE process = 'admission-review' AND valid_from <= $1 AND body -> 'routes' ? $2
ORDER BY valid_from DESC, loaded_at DESC, version DESC LIMIT 1

-- name: policy_version
SELECT body -> 'routes' -> $2 AS route FROM iehe.policies
WHERE process = 'admission-review' AND version = $1 AND body -> 'routes' ? $2

-- name: possible_duplicates
-- Other applications of the round that came before this one and may be the same person's: more than the
-- route allows under one identity, or one mail address; and `to_compare` those of who was born on one day.
WITH arrived AS (
    SELECT a.application_no, a.case_id, a.person_id, a.programme, a.round_id, (b.imported_at, a.application_no) AS place
    FROM iehe.applications a
    LEFT JOIN iehe.import_rows r USING (application_no)
    LEFT JOIN iehe.import_batches b USING (batch_id)
    WHERE a.round_id = (SELECT round_id FROM iehe.applications WHERE application_no = $1)
), own AS (
    SELECT iehe.cases_of_person(case_id) FROM iehe.applications WHERE application_no = $1
)
SELECT o.application_no,
       o.case_id NOT IN (SELECT * FROM own) AND lower(p.email) <> lower(q.email) AS to_compare,
       p.family_name, p.given_name, p.family_kana, p.given_kana, p.phone,
       q.family_name AS other_family_name, q.given_name AS other_given_name,
       q.family_kana AS other_family_kana, q.given_kana AS other_given_kana, q.phone AS other_phone
FROM arrived a
JOIN iehe.people p ON p.person_id = a.person_id
JOIN arrived o ON o.place < a.place
JOIN iehe.people q ON q.person_id = o.person_id
WHERE a.application_no = $1
  AND CASE WHEN o.case_id IN (SELECT * FROM own)
           THEN o.programme = a.programme OR $2 <= (
                SELECT count(*) FROM arrived e WHERE e.case_id IN (SELECT * FROM own) AND e.place < a.place)
           ELSE p.birth_date = q.birth_date OR lower(p.email) = lower(q.email)
      END
ORDER BY o.application_no

-- name: applicant_for_conflicts
SELECT p.family_name, p.given_name, p.family_kana, p.given_kana, p.email, p.phone, p.address, p.guardian_name,
       a.school_name, a.related_staff
FROM iehe.applications a JOIN iehe.people p USING (person_id) WHERE a.case_id = $1

-- name: staff_for_conflicts
SELECT s.staff_id, s.name, s.email, s.phone, s.address, s.roles, s.employers, s.relations,
       least(coalesce(s.load_cap, $2), $2) AS cap,
       (SELECT count(*) FROM iehe.reviews r JOIN iehe.cases c USING (case_id)
        WHERE r.reviewer = s.staff_id AND r.state IN ('invited', 'accepted') AND c.stage = 'review') AS load
FROM iehe.staff s
WHERE s.active AND s.roles && $1::text[]
  AND coalesce(s.available_from <= $3, true) AND coalesce(s.available_to >= $3, true)
ORDER BY s.staff_id

-- name: lock_reviewer
SELECT least(coalesce(load_cap, $2), $2) FROM iehe.staff WHERE staff_id = $1 AND active FOR UPDATE

-- name: open_reviews
SELECT count(*) FROM iehe.reviews r JOIN iehe.cases c USING (case_id)
WHERE r.reviewer = $1 AND r.state IN ('invited', 'accepted') AND c.stage = 'review'

-- name: assign_reviewer
INSERT INTO iehe.reviews (case_id, reviewer, state, assigned_at, changed_at) VALUES ($1, $2, 'invited', $3, $3)

-- name: change_review
UPDATE iehe.reviews SET state = $3, changed_at = $4, total = $5, verdict = $6, late = $7, remark_id = $8
WHERE case_id = $1 AND reviewer = $2

-- name: silence_reviewer
UPDATE iehe.notices SET state = 'suppressed', reason = 'no-longer-asked'
WHERE case_id = $1 AND version < $2 AND recipient_kind = 'staff' AND recipient_id = $3
  AND message LIKE 'review-%' AND state IN ('queued', 'failed')

-- name: record_score
INSERT INTO iehe.scores (case_id, reviewer, criterion, points) VALUES ($1, $2, $3, $4)

-- name: record_vote
INSERT INTO iehe.votes (case_id, ballot, member, choice, casting, reason_id, at)
VALUES ($1, $2, $3, $4, $5, $6, $7)

-- name: record_decision
INSERT INTO iehe.decisions (case_id, version, decision, made_by, made_by_kind, reason_id, reason_code,
                            beyond_places, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- name: lock_places
SELECT p.places, a.round_id, a.programme
FROM iehe.applications a JOIN iehe.round_places p USING (round_id, programme)
WHERE a.case_id = $1 FOR UPDATE OF p

-- name: places_taken
-- An offer takes its place from the moment it is made, not when the applicant enrols.
SELECT count(*) FROM iehe.applications a JOIN iehe.cases c USING (case_id)
WHERE a.round_id = $1 AND a.programme = $2 AND a.case_id <> $3
  AND c.stage IN ('offered', 'accepted', 'enrolled')
  AND NOT EXISTS (SELECT FROM iehe.decisions d WHERE d.case_id = a.case_id AND d.beyond_places)

-- name: lock_persons_of_round
-- Who is one person is neither asked while it changes nor changed while it is asked.
SELECT pg_advisory_xact_lock(hashtextextended('persons/' || round_id, 0))
FROM iehe.applications WHERE case_id = $1

-- name: other_offer
-- The case whose accepted offer ends this one: noted by its acceptance, or still standing.
SELECT coalesce(a.superseded_by, (
    SELECT c.case_id FROM iehe.cases_of_person(a.case_id) AS o (case_id) JOIN iehe.cases c USING (case_id)
    WHERE c.case_id <> a.case_id AND c.stage IN ('accepted', 'enrolled') LIMIT 1))
FROM iehe.applications a WHERE a.case_id = $1

-- name: supersede_siblings
UPDATE iehe.applications o SET superseded_by = $1
WHERE o.case_id IN (SELECT iehe.cases_of_person($1)) AND o.case_id <> $1 AND o.superseded_by IS NULL
  AND NOT EXISTS (SELECT FROM iehe.cases c WHERE c.case_id = o.case_id AND c.closed_at IS NOT NULL)
RETURNING o.case_id

-- name: suppress_notices
UPDATE iehe.notices SET state = 'suppressed', reason = 'superseded'
WHERE case_id = $1 AND recipient_kind IN ('applicant', 'referee') AND state IN ('queued', 'failed')

-- name: record_item
INSERT INTO iehe.application_items (case_id, item, present, late, occurred_at, reference)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (case_id, item) DO UPDATE
SET present = excluded.present, late = excluded.late, occurred_at = excluded.occurred_at,
    reference = coalesce(excluded.reference, application_items.reference)

-- name: permit_late
INSERT INTO iehe.late_permits (case_id, item, until, permitted_by, reason_id) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (case_id, item) DO UPDATE
SET until = excluded.until, permitted_by = excluded.permitted_by, reason_id = excluded.reason_id

-- name: record_accommodation
INSERT INTO iehe.accommodations (case_id, state, reason_id, changed_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (case_id) DO UPDATE
SET state = excluded.state, reason_id = excluded.reason_id, changed_at = excluded.changed_at

-- name: record_duplicate
INSERT INTO iehe.duplicate_findings (case_id, other, same_person, decided_by, reason_id, at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (case_id, other) DO UPDATE
SET same_person = excluded.same_person, decided_by = excluded.decided_by, reason_id = excluded.reason_id,
    at = excluded.at
