-- Asking home universities' systems, taking what they say, and telling them what has changed here.

-- name: partners_to_ask
SELECT /* errand */ DISTINCT f.partner FROM iehe.exchange_fetches f WHERE f.next_try_at <= clock_timestamp() ORDER BY f.partner LIMIT $1

-- name: claim_fetches
-- Put off first: who dies while asking leaves it to somebody else, some time later.
UPDATE iehe.exchange_fetches f SET next_try_at = clock_timestamp() + $2::interval, attempts = f.attempts + 1
FROM (SELECT partner, mobility FROM iehe.exchange_fetches
      WHERE partner = $1 AND next_try_at <= clock_timestamp()
      ORDER BY next_try_at, mobility LIMIT $3 FOR UPDATE SKIP LOCKED) AS due
WHERE (f.partner, f.mobility) = (due.partner, due.mobility)
RETURNING f.mobility, f.asked_at, f.attempts

-- name: partner
SELECT p.partner, p.base, p.webhook, w.url, w.revoked_at IS NULL AND w.gone_at IS NULL AS takes_notices
FROM iehe.exchange_partners p LEFT JOIN iehe.webhooks w ON w.name = p.webhook WHERE p.partner = $1 AND p.base IS NOT NULL

-- name: fetched
-- Unless it was wished for again meanwhile: what was read may be from before that.
DELETE FROM iehe.exchange_fetches WHERE partner = $1 AND mobility = $2 AND asked_at = $3

-- name: put_off
UPDATE iehe.exchange_fetches SET next_try_at = clock_timestamp() + $4::interval, reason = $5
WHERE partner = $1 AND mobility = $2 AND asked_at = $3

-- name: answered
UPDATE iehe.exchange_partners SET answered_at = clock_timestamp() WHERE partner = $1

-- name: stale
-- What was not confirmed for a night ($2: of these alone), and is not known to be over.
UPDATE iehe.exchange_mobilities m SET stale_since = clock_timestamp()
FROM iehe.cases c
WHERE c.case_id = m.case_id AND c.closed_at IS NULL AND m.partner = $1 AND m.stale_since IS NULL AND m.erased_at IS NULL
  AND (m.mobility = ANY ($2::text[]) OR $2 IS NULL AND m.confirmed_at < now() - interval '20 hours')

-- name: copies
-- What is known of a partner's mobilities; `old`: of a living case, and not confirmed for a night.
SELECT m.mobility, m.revision,
       c.closed_at IS NULL AND m.confirmed_at < now() - interval '20 hours' AS old
FROM iehe.exchange_mobilities m LEFT JOIN iehe.cases c USING (case_id)
WHERE m.partner = $1 AND m.erased_at IS NULL
  AND NOT EXISTS (SELECT FROM iehe.exchange_mobilities d WHERE d.deferred_from = m.case_id)

-- name: open_copies
-- Those of cases that still live and are old: the index of the partner may not have them (X4).
SELECT m.mobility FROM iehe.exchange_mobilities m JOIN iehe.cases c USING (case_id)
WHERE m.partner = $1 AND c.closed_at IS NULL AND m.erased_at IS NULL AND m.confirmed_at < now() - interval '20 hours'

-- name: ask
SELECT iehe.exchange_ask($1, $2)

-- name: ask_everybody
SELECT coalesce(sum(iehe.exchange_ask(p.partner, ARRAY[''])), 0)::bigint AS partners FROM iehe.exchange_partners p
WHERE $1::text IS NULL OR p.partner = $1

-- name: one_at_a_time
SELECT pg_advisory_xact_lock(hashtextextended('exchange-mobility|' || $1 || '|' || $2, 0))

-- name: known
-- Personal: the copy of a mobility; one that was deferred is the case of the later term.
SELECT m.*, c.closed_at IS NOT NULL AS closed FROM iehe.exchange_mobilities m LEFT JOIN iehe.cases c USING (case_id)
WHERE m.partner = $1 AND m.mobility = $2
  AND NOT EXISTS (SELECT FROM iehe.exchange_mobilities d WHERE d.deferred_from = m.case_id)
ORDER BY m.received_at DESC LIMIT 1 FOR UPDATE OF m

-- name: is_opened
SELECT EXISTS (SELECT FROM iehe.cases WHERE case_id = $1)

-- name: has_agreement
SELECT EXISTS (SELECT FROM iehe.exchange_agreements a WHERE a.term = $1 AND a.agreement = $2 AND a.partner = $3)

-- name: confirm
UPDATE iehe.exchange_mobilities
SET confirmed_at = clock_timestamp(), stale_since = NULL, host = coalesce(host, $2), home_status = coalesce(home_status, $3)
WHERE case_id = $1

-- name: keep_revision
-- Personal: what was said before.
INSERT INTO iehe.exchange_revisions (case_id, revision, said, until)
SELECT m.case_id, m.revision, jsonb_build_object('agreement', m.agreement, 'faculty', m.faculty, 'family', m.family,
    'given', m.given, 'born', m.born, 'nationality', m.nationality, 'number', m.number, 'mail', m.mail,
    'language', m.language, 'first', m.first, 'last', m.last, 'months', m.months, 'needs_coe', m.needs_coe,
    'status', m.home_status), clock_timestamp()
FROM iehe.exchange_mobilities m WHERE m.case_id = $1 ON CONFLICT DO NOTHING

-- name: take_revision
-- Personal: what the home university says now.
UPDATE iehe.exchange_mobilities
SET revision = $2, agreement = $3, faculty = $4, family = $5, given = $6, nationality = $7, mail = $8, language = $9,
    first = $10, last = $11, months = $12, needs_coe = $13, home_status = $14, host = coalesce(host, $15),
    confirmed_at = clock_timestamp(), stale_since = NULL
WHERE case_id = $1

-- name: tell_case
-- In the inbox of its case, once; a relay brings it there.
INSERT INTO iehe.events (source, id, type, process, case_id, envelope) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (source, id) DO NOTHING

-- name: open_task
SELECT iehe.exchange_open_task($1, $2)

-- name: close_task
SELECT iehe.exchange_close_task($1, $2)

-- name: partners_to_tell
SELECT /* errand */ DISTINCT o.partner FROM iehe.exchange_outbox o
WHERE o.state = 'waiting' AND o.next_try_at <= clock_timestamp() ORDER BY o.partner LIMIT $1

-- name: claim_notices
UPDATE iehe.exchange_outbox o SET next_try_at = clock_timestamp() + $2::interval, attempts = o.attempts + 1
FROM (SELECT notice FROM iehe.exchange_outbox
      WHERE partner = $1 AND state = 'waiting' AND next_try_at <= clock_timestamp()
      ORDER BY notice LIMIT $3 FOR UPDATE SKIP LOCKED) AS due
WHERE o.notice = due.notice
RETURNING o.notice, o.mobility, o.attempts, o.changed_at, o.changed_at < now() - interval '24 hours' AS too_old

-- name: sent
UPDATE iehe.exchange_outbox SET state = 'sent', reason = NULL, ended_at = clock_timestamp() WHERE notice = $1

-- name: notice_put_off
UPDATE iehe.exchange_outbox SET next_try_at = clock_timestamp() + $2::interval, reason = $3 WHERE notice = $1

-- name: given_up
UPDATE iehe.exchange_outbox SET state = 'given-up', reason = $2, ended_at = clock_timestamp() WHERE notice = $1

-- name: none_given_up
SELECT NOT EXISTS (SELECT FROM iehe.exchange_outbox WHERE partner = $1 AND state = 'given-up')

-- name: tell_again
-- What was given up, from the beginning; the rest at once.
UPDATE iehe.exchange_outbox
SET state = 'waiting', next_try_at = now(), attempts = 0, ended_at = NULL,
    changed_at = CASE state WHEN 'given-up' THEN now() ELSE changed_at END
WHERE state IN ('given-up', 'waiting') AND ($1::text IS NULL OR partner = $1) AND ($2::text IS NULL OR mobility = $2)

-- name: forget_sent
DELETE FROM iehe.exchange_outbox WHERE state = 'sent' AND ended_at < now() - interval '30 days'

-- name: listed
SELECT p.partner, p.name, p.language, p.base, p.source, p.webhook, p.answered_at,
       (SELECT count(*) FROM iehe.exchange_mobilities m WHERE m.partner = p.partner AND m.stale_since IS NOT NULL) AS stale,
       (SELECT count(*) FROM iehe.exchange_fetches f WHERE f.partner = p.partner) AS to_ask,
       (SELECT count(*) FROM iehe.exchange_outbox o WHERE o.partner = p.partner AND o.state = 'waiting') AS to_tell,
       (SELECT count(*) FROM iehe.exchange_outbox o WHERE o.partner = p.partner AND o.state = 'given-up') AS not_told
FROM iehe.exchange_partners p ORDER BY p.partner

-- name: store_partner
INSERT INTO iehe.exchange_partners (partner, name, mail, language, base, source, webhook)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (partner) DO UPDATE
SET name = excluded.name, mail = excluded.mail, language = excluded.language, base = excluded.base,
    source = excluded.source, webhook = excluded.webhook
RETURNING xmax = 0 AS added

-- name: of_partner
SELECT p.partner, s.uri FROM iehe.exchange_partners p JOIN iehe.sources s ON s.name = p.source AND s.revoked_at IS NULL
WHERE p.partner = $1

-- name: our_side
-- What the host is the master of (X1), and which version of the agreement holds; nothing else.
SELECT m.case_id, m.mobility, m.revision, m.seen AS status, m.arrived_on, m.left_on,
       m.stays_first, m.stays_last, m.transcript, c.state -> 'plan' ->> 'version' AS agreement_version,
       c.state -> 'plan' ->> 'content' AS agreement_sha256, c.state -> 'approved' ->> 'version' AS approved_version,
       (SELECT l.details ->> 'comment_id' FROM iehe.case_log l
        WHERE l.case_id = m.case_id AND l.details ? 'comment_id' ORDER BY l.version DESC LIMIT 1) AS comment_id
FROM iehe.exchange_mobilities m LEFT JOIN iehe.cases c USING (case_id)
WHERE m.partner = $1 AND ($2::text[] IS NULL OR m.mobility = ANY ($2)) AND m.erased_at IS NULL
  AND NOT EXISTS (SELECT FROM iehe.exchange_mobilities d WHERE d.deferred_from = m.case_id)
ORDER BY m.mobility LIMIT $3

-- name: case_of
SELECT m.case_id, c.process, c.state, c.closed_at, c.stage FROM iehe.exchange_mobilities m JOIN iehe.cases c USING (case_id)
WHERE m.partner = $1 AND m.mobility = $2 AND m.erased_at IS NULL
  AND NOT EXISTS (SELECT FROM iehe.exchange_mobilities d WHERE d.deferred_from = m.case_id)

-- name: mobility_of
SELECT partner, mobility FROM iehe.exchange_mobilities WHERE case_id = $1
