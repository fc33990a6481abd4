-- What a mobility's rules look up. Nothing personal.

-- name: nomination
SELECT m.received_at, m.term, m.partner, m.agreement, m.faculty, m.first, m.last, m.months, m.needs_coe, m.language,
       m.revision, m.deferred_from, p.version, p.route
FROM iehe.exchange_mobilities m
CROSS JOIN LATERAL (
    SELECT p.version, route.route FROM iehe.policies p, jsonb_object_keys(p.body -> 'routes') AS route (route)
    WHERE p.process = 'exchange-onboarding' AND p.valid_from <= (m.received_at AT TIME ZONE 'Asia/Tokyo')::date
    ORDER BY p.valid_from DESC, p.loaded_at DESC, p.version DESC LIMIT 1) p
WHERE m.case_id = $1

-- name: quota_frames
-- The frames of a faculty within its agreement, or of the agreement alone.
SELECT f.frame, f.measure FROM iehe.exchange_agreements a
CROSS JOIN unnest(ARRAY['persons', 'months']) AS m (measure)
JOIN iehe.frames f ON f.frame = iehe.exchange_frame(a.term, a.agreement, a.faculty, m.measure)
WHERE a.term = $1 AND a.agreement = $2 AND a.faculty = (
    SELECT b.faculty FROM iehe.exchange_agreements b
    WHERE b.term = $1 AND b.agreement = $2 AND b.faculty IN ($3, 'all') ORDER BY b.faculty = 'all' LIMIT 1)
ORDER BY f.frame

-- name: advisor
SELECT EXISTS (SELECT FROM iehe.staff WHERE staff_id = $1 AND active AND 'advisor' = ANY (roles)) AS active

-- name: tutor
-- Whether a tutor has room for one more, counted under a lock.
WITH locked AS (
    SELECT staff_id, load_cap FROM iehe.staff WHERE staff_id = $1 AND active AND 'tutor' = ANY (roles) FOR UPDATE)
SELECT (SELECT count(*) FROM iehe.exchange_tutors t WHERE t.tutor = $1 AND t.until IS NULL) < coalesce(l.load_cap, 3)
FROM locked l

-- name: person_key
SELECT student_no FROM iehe.exchange_mobilities WHERE case_id = $1

-- name: advisors
SELECT staff_id, answer, at FROM iehe.exchange_advisors WHERE case_id = $1 ORDER BY at, staff_id

-- name: personal
-- Personal: whom it is about.
SELECT family, given, born, nationality, number, mail, language, partner, mobility, student_no, arrived_on, left_on,
       confirmed_at, stale_since
FROM iehe.exchange_mobilities WHERE case_id = $1
