-- What the page of an admission review shows beside what every case has.

-- name: place
SELECT a.superseded_by, r.title_ja, r.title_en
FROM iehe.applications a JOIN iehe.rounds r USING (round_id) WHERE a.case_id = $1

-- name: reviews
SELECT reviewer, state, assigned_at, changed_at, total, verdict, late FROM iehe.reviews
WHERE case_id = $1 ORDER BY assigned_at, reviewer

-- name: votes
SELECT ballot, casting, choice, count(*) AS votes FROM iehe.votes WHERE case_id = $1
GROUP BY ballot, casting, choice ORDER BY ballot, casting, choice

-- name: decisions
SELECT version, decision, made_by, made_by_kind, reason_code, reason_id, beyond_places, at
FROM iehe.decisions WHERE case_id = $1 ORDER BY version

-- name: applicant
-- Personal.
SELECT p.family_name, p.given_name, p.family_kana, p.given_kana, p.birth_date, p.sex, p.email, p.phone,
       p.postal_code, p.address, p.guardian_name, p.language, a.school_name, a.school_code,
       a.school_contact_email, a.related_staff, a.submitted_on, a.statement
FROM iehe.applications a JOIN iehe.people p USING (person_id) WHERE a.case_id = $1
