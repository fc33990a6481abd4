-- What a request's rules look up. Nothing personal.

-- name: request
-- Without the contact and the school's words; the title is the topic's, or the field itself.
SELECT r.received_at, r.kind, r.topic, coalesce(r.field, t.field) AS field, r.grade, r.persons, r.minutes, r.dates,
       coalesce(r.field, t.title_ja) AS ja, coalesce(r.field, t.title_en) AS en,
       p.version, p.route
FROM iehe.outreach_requests r
LEFT JOIN iehe.outreach_topics t USING (year, topic)
CROSS JOIN LATERAL (
    SELECT p.version, route.route FROM iehe.policies p, jsonb_object_keys(p.body -> 'routes') AS route (route)
    WHERE p.process = 'school-outreach' AND p.valid_from <= (r.received_at AT TIME ZONE 'Asia/Tokyo')::date
    ORDER BY p.valid_from DESC, p.loaded_at DESC, p.version DESC LIMIT 1) p
WHERE r.case_id = $1

-- name: topic
SELECT topic, field, title_ja, title_en, iehe.outreach_year($3) AS year FROM iehe.outreach_topics
WHERE year = iehe.outreach_year($3) AND coalesce(topic = $1, field = $2)
ORDER BY topic LIMIT 1

-- name: registered
-- Who has registered the topic, or one of the field, for the year of a date: in that order, each once.
SELECT s.lecturer FROM iehe.outreach_topics t, unnest(t.lecturers) WITH ORDINALITY AS s (lecturer, place)
WHERE t.year = iehe.outreach_year($3) AND CASE WHEN $1::text IS NULL THEN t.field = $2 ELSE t.topic = $1 END
GROUP BY s.lecturer ORDER BY min(s.place), s.lecturer

-- name: lock_lecturers
-- In one order, so that two cases that look at the same people wait for each other and never both.
SELECT staff_id FROM iehe.staff WHERE staff_id = ANY ($1) AND active AND 'lecturer' = ANY (roles)
ORDER BY staff_id FOR UPDATE

-- name: free
-- Of lecturers and dates, ($2 to $5: begin, end, first and last moment of the term): busy there, full in that term.
SELECT s.staff_id, d.place - 1 AS place,
       coalesce(s.available_from <= d.day, true) AND coalesce(s.available_to >= d.day, true) AS there,
       EXISTS (SELECT FROM iehe.outreach_bookings b WHERE b.lecturer = s.staff_id AND b.released_at IS NULL
               AND b.case_id <> $6 AND b.during && tstzrange(d.starts_at, d.ends_at)) AS busy,
       (SELECT count(*) FROM iehe.outreach_bookings b WHERE b.lecturer = s.staff_id AND b.released_at IS NULL
        AND b.case_id <> $6 AND lower(b.during) >= d.term_from AND lower(b.during) < d.term_until) >= $7 AS filled
FROM iehe.staff s
CROSS JOIN LATERAL (
    SELECT u.*, (u.starts_at AT TIME ZONE 'Asia/Tokyo')::date AS day
    FROM unnest($2::timestamptz[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[])
        WITH ORDINALITY AS u (starts_at, ends_at, term_from, term_until, place)) d
WHERE s.staff_id = ANY ($1)
ORDER BY s.staff_id, d.place

-- name: asked
SELECT lecturer, answer, asked_at, at FROM iehe.outreach_asked WHERE case_id = $1 ORDER BY asked_at, lecturer

-- name: personal
-- Personal: the contact, and the school's own words.
SELECT school, school_name, contact_name, contact_email, contact_phone, language, purpose, place, equipment,
       travel_cost, attended, erased_at
FROM iehe.outreach_requests WHERE case_id = $1
