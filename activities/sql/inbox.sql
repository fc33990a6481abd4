-- The inbox of every case, as the gateway fills it.

-- name: store
-- Committed is on the disk before the sender is told, whatever the role's or the server's default is.
WITH durable AS (SELECT set_config('synchronous_commit', 'on', true))
INSERT INTO iehe.events (source, id, type, process, case_id, envelope, body_sha256, stored_at)
SELECT $1, event.id, event.type, event.process, event.case_id, event.envelope, event.sha256, $8
FROM durable, unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::text[])
    WITH ORDINALITY AS event (id, type, process, case_id, envelope, sha256, place)
ORDER BY event.place
ON CONFLICT (source, id) DO NOTHING
RETURNING id

-- name: stored_bodies
SELECT id, body_sha256, type, case_id, envelope -> 'data' AS data
FROM iehe.events WHERE source = $1 AND id = ANY ($2::text[])

-- name: event_of_source
SELECT e.id, e.type, e.process, e.case_id, e.state, e.reason, e.attempts, e.stored_at, e.ended_at
FROM iehe.events e JOIN iehe.sources s ON s.uri = e.source
WHERE s.name = $1 AND e.id = $2

-- name: applied_migrations
SELECT name FROM public.schema_migrations
