-- Gateways that take notices by a signed webhook, and by which channels members of staff are reached.

-- name: of_reader
-- Where a notice of a member of staff ($1) goes by a channel ($2): of `webhook` alone the first tested one.
SELECT c.channel, c.address, w.name, w.url, w.gone_at
FROM iehe.staff_channels c
JOIN iehe.staff s ON s.staff_id = c.staff_id AND s.active
JOIN iehe.webhooks w ON w.name = c.webhook AND w.revoked_at IS NULL
WHERE c.staff_id = $1 AND c.tested_at IS NOT NULL AND (c.channel = $2 OR $2 = 'webhook')
ORDER BY w.gone_at IS NOT NULL, c.tested_at, c.channel LIMIT 1

-- name: keys
-- Each of them signs.
SELECT key_id, sealed FROM iehe.webhook_keys
WHERE webhook = $1 AND (expires_at IS NULL OR expires_at > now())
ORDER BY created_at DESC LIMIT 5

-- name: gone
UPDATE iehe.webhooks SET gone_at = coalesce(gone_at, $2) WHERE name = $1

-- name: answers_again
UPDATE iehe.webhooks SET gone_at = NULL WHERE name = $1 AND gone_at IS NOT NULL

-- name: find
SELECT name, url, gone_at FROM iehe.webhooks WHERE name = $1 AND revoked_at IS NULL

-- name: add
INSERT INTO iehe.webhooks (name, url) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING name

-- name: add_key
INSERT INTO iehe.webhook_keys (key_id, webhook, sealed) VALUES ($1, $2, $3)

-- name: for_rotation
SELECT w.revoked_at, (SELECT count(*) FROM iehe.webhook_keys k WHERE k.webhook = w.name
                      AND (k.expires_at IS NULL OR k.expires_at > now())) AS in_use
FROM iehe.webhooks w WHERE w.name = $1 FOR UPDATE

-- name: end_keys
UPDATE iehe.webhook_keys SET expires_at = least(expires_at, now() + $2::interval)
WHERE webhook = $1 AND (expires_at IS NULL OR expires_at > now())
RETURNING key_id, expires_at

-- name: revoke
UPDATE iehe.webhooks w SET revoked_at = coalesce(w.revoked_at, now())
FROM (SELECT name, revoked_at FROM iehe.webhooks WHERE name = $1 FOR UPDATE) AS old
WHERE w.name = old.name
RETURNING w.revoked_at, old.revoked_at IS NOT NULL AS before

-- name: list
SELECT w.name, w.url, w.created_at, w.gone_at, w.revoked_at, k.key_id, k.expires_at,
       CASE WHEN w.revoked_at IS NOT NULL THEN 'revoked' WHEN w.gone_at IS NOT NULL THEN 'gone'
            WHEN k.expires_at <= now() THEN 'expired' ELSE 'in use' END AS state
FROM iehe.webhooks w LEFT JOIN iehe.webhook_keys k ON k.webhook = w.name ORDER BY w.name, k.created_at

-- name: in_use
SELECT name FROM iehe.webhooks WHERE revoked_at IS NULL ORDER BY name

-- name: channels
-- By what a member of staff is reached, or all ($1 null); never where.
SELECT c.staff_id, c.channel, c.added_at, c.tested_at,
       EXISTS (SELECT FROM iehe.tested_channels(c.staff_id) t WHERE t.channel = c.channel) AS tested,
       w.revoked_at IS NULL AS in_use
FROM iehe.staff_channels c LEFT JOIN iehe.webhooks w ON w.name = c.webhook
WHERE $1::text IS NULL OR c.staff_id = $1 ORDER BY c.staff_id, c.channel

-- name: add_channel
-- Of mail the address on record. Another address has to be tested anew.
INSERT INTO iehe.staff_channels (staff_id, channel, address)
SELECT s.staff_id, $2, coalesce($3, s.email) FROM iehe.staff s WHERE s.staff_id = $1 AND s.active
ON CONFLICT (staff_id, channel) DO UPDATE
SET address = excluded.address, added_at = now(), tested_at = NULL, code_hash = NULL
WHERE iehe.staff_channels.address <> excluded.address
RETURNING address

-- name: remove_channel
DELETE FROM iehe.staff_channels WHERE staff_id = $1 AND channel = $2 RETURNING channel

-- name: channel_to_test
SELECT c.channel, CASE WHEN c.channel = 'mail' THEN s.email ELSE c.address END AS address, s.language,
       w.name, w.url, w.revoked_at
FROM iehe.staff_channels c JOIN iehe.staff s USING (staff_id) LEFT JOIN iehe.webhooks w ON w.name = c.webhook
WHERE c.staff_id = $1 AND c.channel = $2 AND s.active

-- name: keep_code
UPDATE iehe.staff_channels
SET address = $3, code_hash = $4, code_salt = $5, code_expires_at = now() + $6::interval, code_tries = 0
WHERE staff_id = $1 AND channel = $2

-- name: codes_of
SELECT channel, code_hash, code_salt FROM iehe.staff_channels
WHERE staff_id = $1 AND code_hash IS NOT NULL AND code_expires_at > now() AND code_tries < $2 FOR UPDATE

-- name: confirmed
UPDATE iehe.staff_channels SET tested_at = now(), code_hash = NULL WHERE staff_id = $1 AND channel = $2
RETURNING tested_at

-- name: mistaken
UPDATE iehe.staff_channels SET code_tries = code_tries + 1 WHERE staff_id = $1 AND code_hash IS NOT NULL
RETURNING CASE WHEN code_expires_at > now() THEN greatest($2 - code_tries, 0) ELSE 0 END AS tries_left
