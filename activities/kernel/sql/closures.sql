-- Closures as the office notes them.

-- name: calendars
-- The names of the calendars that the policies of a process have.
SELECT DISTINCT jsonb_object_keys(route -> 'calendars') AS calendar
FROM iehe.policies p, jsonb_each(p.body -> 'routes') AS r (name, route)
WHERE p.process = $1 AND jsonb_typeof(route -> 'calendars') = 'object' ORDER BY 1

-- name: note
INSERT INTO iehe.closures (process, calendar, first, last, opens, closes, why, noted_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING closure

-- name: list
SELECT closure, calendar, first, last, opens, closes, why, noted_by, noted_at FROM iehe.closures
WHERE process = $1 AND last >= current_date - $2::int ORDER BY first, last, closure

-- name: remove
DELETE FROM iehe.closures WHERE process = $1 AND closure = $2 RETURNING first, last
