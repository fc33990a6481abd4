-- What a reviewer is shown of an application.

-- name: review_of
SELECT r.state, r.late, d.due_at, c.stage, c.state AS remembered
FROM iehe.reviews r JOIN iehe.cases c USING (case_id)
LEFT JOIN iehe.deadlines d ON d.case_id = r.case_id AND d.name = 'score:' || r.reviewer
WHERE r.case_id = $1 AND r.reviewer = $2

-- name: scores_of
SELECT criterion, points FROM iehe.scores WHERE case_id = $1 AND reviewer = $2 ORDER BY criterion

-- name: review_material
SELECT programme, round_id, statement FROM iehe.review_material WHERE case_id = $1

-- name: personal_values
-- Personal: read only to take these values out of what a reviewer is shown.
SELECT p.family_name, p.given_name, p.family_kana, p.given_kana, p.birth_date, p.email, p.phone,
       p.postal_code, p.address, p.guardian_name, p.account, a.application_no, a.school_name, a.school_code,
       a.school_contact_email, a.related_staff, a.submitted_on
FROM iehe.applications a JOIN iehe.people p USING (person_id) WHERE a.case_id = $1
