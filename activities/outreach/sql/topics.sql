-- Topics of the school years.

-- name: topics
SELECT year, topic, field, title_ja, title_en, lecturers FROM iehe.outreach_topics
WHERE $1::int[] IS NULL OR year = ANY ($1) ORDER BY year, topic

-- name: register
INSERT INTO iehe.outreach_topics (year, topic, field, title_ja, title_en, lecturers) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (year, topic) DO UPDATE SET field = excluded.field, title_ja = excluded.title_ja,
    title_en = excluded.title_en, lecturers = excluded.lecturers

-- name: remove
DELETE FROM iehe.outreach_topics WHERE year = $1 AND topic = $2 RETURNING topic

-- name: lecturers
SELECT staff_id FROM iehe.staff WHERE active AND 'lecturer' = ANY (roles)
