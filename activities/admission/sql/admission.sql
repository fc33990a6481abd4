-- Reading and writing of the admission process.

-- name: application
SELECT a.application_no, a.case_id, a.programme, a.round_id, a.submitted_on,
       iehe.admission_other_offer(a.case_id) AS superseded_by,
       a.accommodation_requested_on, a.accommodation_sudden, extract(year FROM age(r.enrol_by, p.birth_date))::int AS age_at_enrolment,
       r.route, r.opens_at, iehe.admission_closes_at(r.round_id, r.closes_at) AS closes_at, r.post_cutoff_at, r.enrol_by, r.waitlist_until,
       left(encode(sha256(convert_to(a.round_id || '/' || a.person_id, 'UTF8')), 'hex'), 32) AS person_key, a.further_choices
FROM iehe.applications a JOIN iehe.people p USING (person_id) JOIN iehe.rounds r USING (round_id)
WHERE a.application_no = $1

-- name: possible_duplicates
-- Other applications of the round that came before this one and may be the same person's: more than the
-- route allows under one identity, or one mail address; and `to_compare` those of who was born on one day. With $3
-- those that came later too, but for their number: that is theirs to answer.
WITH this AS MATERIALIZED (
    SELECT a.case_id, a.round_id, p.birth_date, p.mailbox
    FROM iehe.applications a JOIN iehe.people p USING (person_id) WHERE a.application_no = $1
), own AS MATERIALIZED (
    SELECT iehe.cases_of_person(case_id) AS case_id FROM this
), may_be AS (
    SELECT person_id FROM this JOIN iehe.people USING (birth_date)
    UNION SELECT person_id FROM this JOIN iehe.people p ON p.mailbox = this.mailbox
    UNION SELECT person_id FROM own JOIN iehe.applications USING (case_id)
), arrived AS (
    SELECT a.application_no, a.case_id, a.person_id, a.programme, (b.imported_at, a.application_no) AS place
    FROM may_be JOIN iehe.applications a USING (person_id)
    JOIN this USING (round_id)
    LEFT JOIN iehe.import_rows r USING (application_no)
    LEFT JOIN iehe.import_batches b USING (batch_id)
)
SELECT o.application_no,
       o.case_id NOT IN (SELECT * FROM own) AND p.mailbox <> q.mailbox AS to_compare,
       p.family_name, p.given_name, p.family_kana, p.given_kana, p.phone,
       q.family_name AS other_family_name, q.given_name AS other_given_name,
       q.family_kana AS other_family_kana, q.given_kana AS other_given_kana, q.phone AS other_phone
FROM arrived a
JOIN iehe.people p ON p.person_id = a.person_id
JOIN arrived o ON o.place < a.place OR $3 AND o.place > a.place
JOIN iehe.people q ON q.person_id = o.person_id
WHERE a.application_no = $1
  AND CASE WHEN o.case_id IN (SELECT * FROM own)
           THEN o.programme = a.programme OR o.place < a.place AND $2 <= (
                SELECT count(*) FROM arrived e WHERE e.case_id IN (SELECT * FROM own) AND e.place < a.place)
           ELSE p.birth_date = q.birth_date OR p.mailbox = q.mailbox
      END
ORDER BY o.application_no

-- name: applicant_for_conflicts
SELECT p.family_name, p.given_name, p.family_kana, p.given_kana, p.email, p.phone, p.address, p.guardian_name,
       a.school_name, a.related_staff
FROM iehe.applications a JOIN iehe.people p USING (person_id) WHERE a.case_id = $1

-- name: staff_for_conflicts
SELECT s.staff_id, s.name, s.email, s.phone, s.address, s.roles, s.employers, s.relations,
       least(coalesce(s.load_cap, $2), $2) AS cap,
       iehe.admission_load(s.staff_id) AS load
FROM iehe.staff s
WHERE s.active AND s.roles && $1::text[]
  AND coalesce(s.available_from <= $3, true) AND coalesce(s.available_to >= $3, true)
ORDER BY s.staff_id

-- name: lock_free_reviewers
-- Those of the given who have room for one more, counted once nobody else can take it.
WITH locked AS (
    SELECT staff_id, least(coalesce(load_cap, $2), $2) AS cap FROM iehe.staff
    WHERE staff_id = ANY ($1::text[]) AND active ORDER BY staff_id FOR UPDATE
)
SELECT staff_id FROM locked WHERE iehe.admission_load(staff_id) < cap

-- name: superseded_by
SELECT iehe.admission_other_offer($1)
