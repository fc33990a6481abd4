-- Facts between processes: what is told, delivered, found and compared.

-- name: forget_receivers
DELETE FROM iehe.link_receivers

-- name: receivers
INSERT INTO iehe.link_receivers (type, process, absent, wait_days, closed, office)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::text[])

-- name: catch_up
SELECT iehe.catch_up_receivers()

-- name: tell
-- A fact of no case, such as a count of many.
SELECT iehe.tell_fact(NULL, $1, NULL, $2)

-- name: chain_of_start
-- The facts from which the case comes, itself started by the last of them.
SELECT d.chain || d.fact_id FROM iehe.fact_reaches r JOIN iehe.fact_deliveries d USING (fact_id, revision, process)
WHERE r.case_id = $1 AND r.how = 'started' ORDER BY r.at LIMIT 1

-- name: standing
-- The newest that holds; the case that asks has found it, and hears of its corrections.
WITH newest AS (
    SELECT d.* FROM iehe.fact_deliveries d
    WHERE d.process = $2 AND d.type = $3 AND ($4::text IS NULL OR d.key = $4) AND d.data @> $5::jsonb
      AND d.state <> 'superseded' AND NOT d.withdrawn AND d.keep_until > $6 AND NOT EXISTS (
        SELECT FROM iehe.fact_deliveries h
        WHERE h.process = d.process AND h.fact_id = d.fact_id AND h.revision > d.revision)
    ORDER BY d.occurred_at DESC, d.seq DESC LIMIT 1
), noted AS (
    INSERT INTO iehe.fact_reaches (fact_id, revision, process, case_id, how)
    SELECT fact_id, revision, process, $1, 'found' FROM newest ON CONFLICT DO NOTHING
)
SELECT jsonb_build_object('fact_id', fact_id, 'revision', revision, 'key', key, 'data', data, 'occurred_at', occurred_at) AS found
FROM newest

-- name: claim
-- What is due for these types and processes, in the order in which it was told; of one fact the earlier revision first,
-- unless that waits for a case. What waits for a case comes last: thousands of it hold up nothing that has just been told.
SELECT d.* FROM iehe.fact_deliveries d
JOIN unnest($1::text[], $2::text[]) AS here (type, process) USING (type, process)
WHERE d.state = 'waiting' AND d.next_try_at <= clock_timestamp() AND NOT EXISTS (
    SELECT FROM iehe.fact_deliveries b
    WHERE b.process = d.process AND b.fact_id = d.fact_id AND b.seq < d.seq AND b.state = 'waiting'
      AND b.reason IS DISTINCT FROM 'no-case')
ORDER BY d.reason IS NOT DISTINCT FROM 'no-case', d.seq LIMIT $3 FOR UPDATE OF d SKIP LOCKED

-- name: corrected
-- Whether a higher revision has come to the process before.
SELECT EXISTS (SELECT FROM iehe.fact_deliveries h WHERE h.process = $1 AND h.fact_id = $2 AND h.revision > $3
               AND (h.state NOT IN ('waiting', 'superseded') OR h.seq < $4))

-- name: supersede
-- Lower revisions that still wait for a case, or for a person, count no more.
WITH before AS (
    UPDATE iehe.fact_deliveries SET state = 'superseded', reason = 'corrected', since = now()
    WHERE process = $1 AND fact_id = $2 AND revision < $3 AND state IN ('waiting', 'standing', 'asked')
    RETURNING process, fact_id, revision)
UPDATE iehe.office_tasks t SET closed_at = now() FROM before b
WHERE t.process = b.process AND t.key = 'fact:' || b.fact_id || ':' || b.revision AND t.closed_at IS NULL

-- name: labelled
SELECT l.case_id FROM iehe.case_labels l JOIN jsonb_each_text($2::jsonb) AS asked (name, value) USING (name, value)
WHERE split_part(l.case_id, '/', 1) = $1 GROUP BY l.case_id
HAVING count(*) = (SELECT count(*) FROM jsonb_object_keys($2::jsonb))

-- name: cases
-- Those that were found, with those that an earlier revision came to, where they go on, and how they stand; not those
-- that this revision has come to.
WITH of_fact AS (
    SELECT case_id FROM unnest($1::text[]) AS found_cases (case_id)
    UNION
    SELECT r.case_id FROM iehe.fact_reaches r
    WHERE r.process = $2 AND r.fact_id = $3 AND r.revision < $4 AND r.how IN ('told', 'started', 'found')
)
SELECT DISTINCT coalesce(x.to_case, o.case_id) AS case_id, coalesce(c.closed_at IS NOT NULL, false) AS closed,
       EXISTS (SELECT FROM iehe.fact_reaches r WHERE r.process = $2 AND r.fact_id = $3 AND r.revision = $4
               AND r.case_id = coalesce(x.to_case, o.case_id)) AS reached
FROM of_fact o
LEFT JOIN iehe.case_redirects x ON x.case_id = o.case_id
LEFT JOIN iehe.cases c ON c.case_id = coalesce(x.to_case, o.case_id)
LEFT JOIN iehe.case_starts s ON s.case_id = coalesce(x.to_case, o.case_id)
WHERE c.case_id IS NOT NULL OR s.case_id IS NOT NULL
ORDER BY 1

-- name: is_open
SELECT closed_at IS NULL FROM iehe.cases WHERE case_id = $1

-- name: into_inbox
INSERT INTO iehe.events (source, id, type, process, case_id, envelope, fact_id) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (source, id) DO NOTHING

-- name: reach
INSERT INTO iehe.fact_reaches (fact_id, revision, process, case_id, how, event_id) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING

-- name: first_words
SELECT iehe.keep_first_words($1, $2, $3, $4, $5, $6)

-- name: is_started
SELECT EXISTS (SELECT FROM iehe.case_starts WHERE case_id = $1) OR EXISTS (SELECT FROM iehe.cases WHERE case_id = $1)

-- name: mark
UPDATE iehe.fact_deliveries SET state = $4, reason = $5, attempts = attempts + 1, since = now()
WHERE fact_id = $1 AND revision = $2 AND process = $3

-- name: put_off
-- It waits for a case since it looked for one the first time: not since it was told to a process that was not there.
UPDATE iehe.fact_deliveries SET reason = $4, attempts = attempts + 1,
    since = CASE WHEN $4 = 'no-case' AND reason IS DISTINCT FROM 'no-case' THEN now() ELSE since END,
    next_try_at = clock_timestamp() + make_interval(secs => $5)
WHERE fact_id = $1 AND revision = $2 AND process = $3

-- name: waits_too_long
SELECT d.since + make_interval(days => r.wait_days) <= now() FROM iehe.fact_deliveries d
JOIN iehe.link_receivers r USING (type, process) WHERE d.fact_id = $1 AND d.revision = $2 AND d.process = $3

-- name: ask
SELECT iehe.ask_about_fact($1, $2, $3, $4)

-- name: hand_back
-- What could not be told a case any more, because it had ended meanwhile: the link says what is done then.
WITH back AS (
    UPDATE iehe.events e SET handed_back = true
    FROM (SELECT o.source, o.id FROM iehe.events o JOIN iehe.cases c USING (case_id)
          WHERE o.fact_id IS NOT NULL AND NOT o.handed_back AND (o.refused OR o.state IN ('dead', 'dropped'))
            AND c.closed_at IS NOT NULL AND (NOT o.refused OR EXISTS (
                SELECT FROM iehe.case_log l WHERE l.case_id = o.case_id AND l.cause = o.cause
                AND l.details ->> 'code' = 'case-closed'))
          ORDER BY o.seq LIMIT $1 FOR UPDATE OF o SKIP LOCKED) AS ended
    WHERE (e.source, e.id) = (ended.source, ended.id) RETURNING e.id
), gone AS (
    DELETE FROM iehe.fact_reaches r USING back b WHERE r.event_id = b.id AND r.how = 'told'
    RETURNING r.fact_id, r.revision, r.process
)
UPDATE iehe.fact_deliveries d SET state = 'waiting', reason = 'case-ended', next_try_at = now()
FROM gone g WHERE (d.fact_id, d.revision, d.process) = (g.fact_id, g.revision, g.process) AND d.state <> 'superseded'

-- name: next_try
SELECT extract(epoch FROM min(next_try_at) - statement_timestamp())::float8 FROM iehe.fact_deliveries
WHERE state = 'waiting' AND process = ANY ($1)

-- name: compare
SELECT * FROM iehe.compare_facts($1)

-- name: list
-- Facts with each of their receivers, newest first, of which somebody sees the producer's work or the receiver's.
SELECT d.fact_id, d.revision, d.type, d.process, d.state, d.reason, d.since, d.told_at, d.withdrawn, d.seq,
       m.process IS NULL AS expected
FROM iehe.fact_deliveries d LEFT JOIN iehe.link_receivers m USING (type, process)
WHERE (d.process = ANY ($1) OR d.producer = ANY ($1)) AND ($2::text IS NULL OR d.type = $2 OR d.type LIKE '%.' || $2)
  AND (NOT $3 OR d.state IN ('waiting', 'asked')) AND ($4::bigint IS NULL OR d.seq < $4)
ORDER BY d.seq DESC LIMIT $5

-- name: revisions
SELECT f.fact_id, f.revision, f.type, f.process, f.case_id, f.key, f.data, f.withdrawn, f.chain, f.occurred_at, f.told_at, f.keep_until
FROM iehe.facts f WHERE f.fact_id = $1 AND f.process = ANY ($2) ORDER BY f.revision

-- name: deliveries
SELECT d.fact_id, d.revision, d.type, d.process, d.producer, d.state, d.reason, d.since, d.told_at, d.withdrawn, d.attempts,
       d.settled_by, m.absent, m.closed, m.process IS NULL AS expected
FROM iehe.fact_deliveries d LEFT JOIN iehe.link_receivers m USING (type, process)
WHERE d.fact_id = $1 AND (d.process = ANY ($2) OR d.producer = ANY ($2)) ORDER BY d.revision, d.process

-- name: reaches
-- The cases of it that whoever acts sees, and what each made of it.
SELECT r.revision, r.process, r.case_id, r.how, r.at,
       CASE WHEN r.how <> 'told' THEN r.how WHEN l.step = 'refuse-event' THEN 'refused' WHEN l.step IS NOT NULL THEN 'acted'
            ELSE 'told' END AS fate, l.step, l.at AS acted_at
FROM iehe.fact_reaches r LEFT JOIN LATERAL (
    SELECT g.step, g.at FROM iehe.case_log g WHERE g.case_id = r.case_id AND g.cause = 'jp.ac.iehe#' || r.event_id LIMIT 1
) AS l ON true
WHERE r.fact_id = $1 AND r.process = ANY ($2) ORDER BY r.revision, r.process, r.case_id

-- name: told_by_case
-- The newest, in their order; of how many.
SELECT * FROM (
    SELECT f.fact_id, f.revision, f.type, f.withdrawn, f.told_at AS at, count(*) OVER () AS of_all
    FROM iehe.facts f WHERE f.case_id = $1 ORDER BY f.told_at DESC, f.revision DESC LIMIT $2) AS newest
ORDER BY at, revision

-- name: taken_by_case
SELECT * FROM (
    SELECT r.fact_id, r.revision, d.type, d.withdrawn, r.how, r.at, count(*) OVER () AS of_all FROM iehe.fact_reaches r
    JOIN iehe.fact_deliveries d USING (fact_id, revision, process) WHERE r.case_id = $1
    ORDER BY r.at DESC, r.revision DESC LIMIT $2) AS newest
ORDER BY at, revision

-- name: settle
WITH settled AS (
    UPDATE iehe.fact_deliveries SET state = 'settled', since = now(), settled_by = $3
    WHERE fact_id = $1 AND process = $2 AND state = 'asked' RETURNING process, fact_id, revision),
closed AS (
    UPDATE iehe.office_tasks t SET closed_at = now() FROM settled s
    WHERE t.process = s.process AND t.key = 'fact:' || s.fact_id || ':' || s.revision AND t.closed_at IS NULL)
SELECT max(revision) FROM settled

-- name: standing_still
-- For the doctor: what waits for a person, for a process that is not there, and for longer than it may.
SELECT d.type, d.process, count(*) AS facts, min(d.since) AS since,
       CASE WHEN d.state = 'asked' THEN 'asked' WHEN r.process IS NULL THEN 'nobody' WHEN d.reason = 'no-case' THEN 'no-case' ELSE 'late' END AS why
FROM iehe.fact_deliveries d LEFT JOIN iehe.link_receivers r USING (type, process)
WHERE d.state = 'asked' OR d.state = 'waiting' AND (r.process IS NULL OR d.reason = 'no-case' OR d.since < now() - interval '10 minutes')
GROUP BY 1, 2, 5 ORDER BY 1, 2, 5
