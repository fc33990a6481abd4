-- Who is signed in to the offices' pages, and by what.

-- name: session
SELECT number, staff_id, roles, csrf, language, signed_in_at, ends_at, seen_at < now() - interval '1 minute' AS stale
FROM iehe.office_sessions_in_force WHERE id_hash = $1

-- name: seen
UPDATE iehe.office_sessions SET seen_at = now() WHERE number = $1
RETURNING least(begun_at + interval '10 hours', seen_at + interval '60 minutes')

-- name: start
-- Who shows no `auth_time` has shown who they are at no time that we know: nothing that asks for a fresh proof opens.
INSERT INTO iehe.office_sessions (id_hash, staff_id, csrf, language, signed_in_at)
SELECT $1, staff_id, $3, coalesce($4, language), coalesce($5, to_timestamp(0)) FROM iehe.staff WHERE staff_id = $2 AND active
RETURNING number

-- name: forget_ended
DELETE FROM iehe.office_sessions WHERE begun_at < now() - interval '10 hours' OR seen_at < now() - interval '60 minutes'

-- name: shown_again
-- The id is another one from here on; number, forms and the end of the whole stay.
UPDATE iehe.office_sessions SET id_hash = $2, signed_in_at = $3, seen_at = now() WHERE number = $1 RETURNING number

-- name: of_staff
SELECT number, begun_at, signed_in_at, seen_at, ends_at FROM iehe.office_sessions_in_force
WHERE staff_id = $1 ORDER BY number DESC

-- name: end
DELETE FROM iehe.office_sessions WHERE number = $1 AND staff_id = $2 RETURNING number

-- name: end_by_id
DELETE FROM iehe.office_sessions WHERE id_hash = $1

-- name: end_others
WITH ended AS (DELETE FROM iehe.office_sessions WHERE staff_id = $1 AND number <> $2 RETURNING number)
SELECT count(*) FROM ended

-- name: end_all
DELETE FROM iehe.office_sessions WHERE staff_id = $1

-- name: set_language
UPDATE iehe.office_sessions SET language = $2 WHERE number = $1

-- name: make_link
INSERT INTO iehe.office_links (link_hash, kind, staff_id, made_by, ends_at) VALUES ($1, $2, $3, $4, now() + $5)
ON CONFLICT (kind, staff_id) DO UPDATE
SET link_hash = excluded.link_hash, made_by = excluded.made_by, ends_at = excluded.ends_at

-- name: link
SELECT l.staff_id FROM iehe.office_links l JOIN iehe.staff s USING (staff_id)
WHERE link_hash = $1 AND kind = $2 AND now() < ends_at AND s.active

-- name: take_link
DELETE FROM iehe.office_links l USING iehe.staff s
WHERE l.staff_id = s.staff_id AND l.link_hash = $1 AND l.kind = $2 AND now() < l.ends_at AND s.active
RETURNING l.staff_id, l.made_by

-- name: withdraw_links
DELETE FROM iehe.office_links WHERE staff_id = $1

-- name: forget_links
DELETE FROM iehe.office_links WHERE ends_at < now()

-- name: staff_of_subject
SELECT staff_id FROM iehe.office_subjects JOIN iehe.staff USING (staff_id)
WHERE issuer = $1 AND subject_hash = $2 AND active

-- name: bind_subject
INSERT INTO iehe.office_subjects (issuer, subject_hash, staff_id, invited_by) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING RETURNING staff_id

-- name: is_bound
SELECT EXISTS (SELECT FROM iehe.office_subjects WHERE staff_id = $1)

-- name: unbind_subject
DELETE FROM iehe.office_subjects WHERE staff_id = $1 RETURNING issuer

-- name: names_of_staff
-- Personal.
SELECT staff_id, name FROM iehe.staff
