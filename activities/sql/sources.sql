-- Who may send events.

-- name: find
SELECT name, uri, types, per_minute, issuer, audience, subject, jwks_url
FROM iehe.sources WHERE uri = $1 AND revoked_at IS NULL

-- name: keys
SELECT key_id, kind, sealed, public, expires_at FROM iehe.source_keys
WHERE source = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
ORDER BY created_at DESC LIMIT 5

-- name: add
INSERT INTO iehe.sources (name, uri, types, per_minute, issuer, audience, subject, jwks_url)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING name

-- name: add_key
INSERT INTO iehe.source_keys (key_id, source, kind, sealed, public) VALUES ($1, $2, $3, $4, $5)
