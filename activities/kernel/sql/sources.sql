-- Who may send events.

-- name: find
SELECT name, uri, types, reads, per_minute, issuer, audience, subject, jwks_url
FROM iehe.sources WHERE uri = $1 AND revoked_at IS NULL

-- name: keys
SELECT key_id, kind, sealed, public, expires_at FROM iehe.source_keys
WHERE source = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
ORDER BY created_at DESC LIMIT 5

-- name: add
INSERT INTO iehe.sources (name, uri, types, per_minute, issuer, audience, subject, jwks_url, reads)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING name

-- name: add_key
INSERT INTO iehe.source_keys (key_id, source, kind, sealed, public) VALUES ($1, $2, $3, $4, $5)

-- name: set_reads
UPDATE iehe.sources SET reads = $2 WHERE name = $1 AND revoked_at IS NULL RETURNING name

-- name: for_rotation
SELECT s.revoked_at, s.issuer,
       (SELECT k.kind FROM iehe.source_keys k WHERE k.source = s.name ORDER BY k.created_at DESC LIMIT 1) AS kind,
       (SELECT count(*) FROM iehe.source_keys k WHERE k.source = s.name AND k.revoked_at IS NULL
        AND (k.expires_at IS NULL OR k.expires_at > now())) AS in_use
FROM iehe.sources s WHERE s.name = $1 FOR UPDATE OF s

-- name: end_keys
UPDATE iehe.source_keys SET expires_at = least(expires_at, now() + $2::interval)
WHERE source = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
RETURNING key_id, expires_at

-- name: revoke
UPDATE iehe.sources s SET revoked_at = coalesce(s.revoked_at, now())
FROM (SELECT name, revoked_at FROM iehe.sources WHERE name = $1 FOR UPDATE) AS old
WHERE s.name = old.name
RETURNING s.revoked_at, old.revoked_at IS NOT NULL AS before

-- name: revoke_key
UPDATE iehe.source_keys k SET revoked_at = coalesce(k.revoked_at, now())
FROM (SELECT key_id, revoked_at FROM iehe.source_keys WHERE source = $1 AND key_id = $2 FOR UPDATE) AS old
WHERE k.key_id = old.key_id
RETURNING k.revoked_at, old.revoked_at IS NOT NULL AS before,
          (SELECT count(*) FROM iehe.source_keys o WHERE o.source = $1 AND o.key_id <> $2
           AND o.revoked_at IS NULL AND (o.expires_at IS NULL OR o.expires_at > now())) AS others

-- name: list
SELECT s.name, s.uri, s.types, s.reads, s.per_minute, s.issuer, s.audience, s.subject, s.jwks_url, s.revoked_at,
       k.key_id, coalesce(k.kind, 'token') AS kind, k.expires_at,
       CASE WHEN s.revoked_at IS NOT NULL OR k.revoked_at IS NOT NULL THEN 'revoked'
            WHEN k.expires_at <= now() THEN 'expired' ELSE 'in use' END AS key_state
FROM iehe.sources s LEFT JOIN iehe.source_keys k ON k.source = s.name ORDER BY s.name, k.created_at
