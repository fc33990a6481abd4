-- Who had what made readable for the Temporal UI, and which keys encrypt.

-- name: note_decodings
INSERT INTO iehe.decodings (reader, data_class, payloads, refused)
SELECT $1, noted.data_class, noted.payloads, noted.refused
FROM unnest($2::text[], $3::integer[], $4::boolean[]) AS noted (data_class, payloads, refused)

-- name: lock_keys
-- Two rings that are seen for the first time at once would both be noted.
SELECT pg_advisory_xact_lock(hashtextextended('iehe/keys', 0))

-- name: noted_keys
-- Those of the ring of a home.
SELECT key_id, fingerprint FROM iehe.keys WHERE home = $1 AND lost_at IS NULL

-- name: note_keys
-- One that was given up and is found again counts again only when a person notes it.
INSERT INTO iehe.keys (key_id, home, fingerprint)
SELECT key_id, $1, fingerprint FROM unnest($2::text[], $3::text[]) AS noted (key_id, fingerprint) ON CONFLICT (key_id) DO NOTHING

-- name: forget_key
-- As the owner.
UPDATE iehe.keys SET lost_at = now() WHERE key_id = $1 AND lost_at IS NULL RETURNING key_id
