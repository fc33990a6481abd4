-- The inbox of every case, as the gateway fills it.

-- name: store
-- Committed is on the disk before the sender is told, whatever the role's or the server's default is.
WITH durable AS (SELECT set_config('synchronous_commit', 'on', true))
INSERT INTO iehe.events (source, id, type, process, case_id, envelope, stored_at, reaches)
SELECT $1, event.id, event.type, event.process, event.case_id, event.envelope, $7, event.reaches
FROM durable, unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $8::text[])
    WITH ORDINALITY AS event (id, type, process, case_id, envelope, reaches, place)
ORDER BY event.place
ON CONFLICT (source, id) DO NOTHING
RETURNING id

-- name: stored_before
SELECT id, type, case_id, stored_at, envelope -> 'data' AS data,
       (envelope ->> 'occurred_at')::timestamptz AS occurred_at
FROM iehe.events WHERE source = $1 AND id = ANY ($2::text[])

-- name: redirects
-- Which of these are for a case that is one with another, but for what had been stored before it was.
SELECT r.case_id, r.to_case, a.id FROM unnest($2::text[], $3::text[]) AS a (id, case_id)
JOIN iehe.case_redirects r USING (case_id)
WHERE NOT EXISTS (SELECT FROM iehe.events e WHERE e.source = $1 AND e.id = a.id)

-- name: fate
SELECT source, id, type, process, case_id, fate AS state, code, attempts,
       (envelope ->> 'occurred_at')::timestamptz AS time, stored_at, fate_at AS ended_at
FROM iehe.event_fates WHERE source = $1 AND id = $2

-- name: applied_migrations
SELECT name FROM public.schema_migrations
