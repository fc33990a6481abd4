-- Delivering what the inbox holds. A case belongs to the relay that holds its lock, until its transaction ends.

-- name: note_taken
-- What its case's log has by now is not under way any more.
UPDATE iehe.events e SET taken = true, refused = done.step = 'refuse-event'
FROM (SELECT u.source, u.id, l.step FROM iehe.events u
      JOIN iehe.case_log l ON l.case_id = u.case_id AND l.cause = u.cause
      WHERE u.state = 'delivered' AND NOT u.taken FOR UPDATE OF u SKIP LOCKED) AS done
WHERE e.source = done.source AND e.id = done.id

-- name: under_way
-- Of each open case, what was delivered and not taken. `waited_for`: what the workers may be expected to take
-- soon. They have passed over what they took nothing of while they took what came 20 s later; and when nothing
-- at all was taken for five minutes, what was delivered until then holds up nobody else's any longer.
WITH pace AS (
    SELECT max(ended_at) - interval '20 s' AS passed FROM iehe.events WHERE state = 'delivered' AND taken
)
SELECT e.case_id, count(*) AS all_of_it, count(*) FILTER (
    WHERE e.ended_at > greatest(pace.passed, clock_timestamp() - interval '5 minutes')) AS waited_for
FROM iehe.events e CROSS JOIN pace
-- looked up case by case: few are under way, and joined, all cases might be read for them
WHERE e.state = 'delivered' AND NOT e.taken
  AND (SELECT c.closed_at FROM iehe.cases c WHERE c.case_id = e.case_id) IS NULL GROUP BY e.case_id

-- name: claim
-- Cases whose oldest stored event is due and that no other relay has at the moment. First those that the events
-- longest due are of; only when there are more events due than these (a hot case, others that wait) the others
-- that are due are looked at, each whether it is its case's oldest: what is not due is never read. Cases that have
-- enough under way ($3) are left out. The locks are taken row by row while the limit is being filled, so no more
-- of them than are returned.
WITH longest_due AS MATERIALIZED (
    SELECT case_id, next_try_at FROM iehe.events
    WHERE state = 'stored' AND next_try_at <= statement_timestamp() ORDER BY next_try_at LIMIT 400
), near AS MATERIALIZED (
    SELECT case_id, min(next_try_at) AS since FROM longest_due GROUP BY case_id
)
SELECT case_id FROM (
    (SELECT n.case_id FROM near n CROSS JOIN LATERAL (
         SELECT next_try_at FROM iehe.events e WHERE e.case_id = n.case_id AND e.state = 'stored'
         ORDER BY e.seq LIMIT 1
     ) AS oldest
     WHERE oldest.next_try_at <= clock_timestamp() ORDER BY n.since)
    UNION ALL
    (SELECT d.case_id FROM iehe.events d CROSS JOIN LATERAL (
         SELECT seq FROM iehe.events e WHERE e.case_id = d.case_id AND e.state = 'stored' ORDER BY e.seq LIMIT 1
     ) AS oldest
     WHERE d.state = 'stored' AND d.next_try_at <= statement_timestamp() AND d.seq = oldest.seq
       AND (SELECT count(*) FROM longest_due) = 400 AND d.case_id NOT IN (SELECT case_id FROM near)
     ORDER BY d.next_try_at)
    OFFSET 0
) AS due
WHERE case_id <> ALL ($3::text[]) AND pg_try_advisory_xact_lock($1, hashtext(case_id))
LIMIT $2

-- name: runs
-- The oldest events of these cases, as many of each as may be, in order. A statement of its own, after the lock: what the relay before
-- has marked is seen here, whatever the claim had seen.
SELECT e.source, e.id, e.case_id, e.process, e.envelope, e.attempts, coalesce(e.cause_case, e.fact_id) AS told_by,
       e.next_try_at <= clock_timestamp() AS due
FROM unnest($1::text[], $2::integer[]) AS claimed (case_id, most)
CROSS JOIN LATERAL (
    SELECT * FROM iehe.events stored
    WHERE stored.case_id = claimed.case_id AND stored.state = 'stored'
    ORDER BY stored.seq LIMIT claimed.most FOR UPDATE
) AS e
ORDER BY e.case_id, e.seq

-- name: next_try
-- Seconds until the next event is due that is not due yet.
-- As of the statement's time: by the clock's, no index could be asked, and all that is stored would be read.
SELECT extract(epoch FROM min(next_try_at) - statement_timestamp())::float8 FROM iehe.events
WHERE state = 'stored' AND next_try_at > statement_timestamp()

-- name: mark_delivered
UPDATE iehe.events e
SET state = 'delivered', reason = NULL, attempts = e.attempts + 1, ended_at = clock_timestamp()
FROM unnest($1::text[], $2::text[]) AS done (source, id)
WHERE e.source = done.source AND e.id = done.id

-- name: mark_dead
UPDATE iehe.events SET state = 'dead', reason = $3, attempts = attempts + 1, ended_at = clock_timestamp()
WHERE source = $1 AND id = $2

-- name: put_off_head
-- The oldest of its case, so that another case's is tried next.
UPDATE iehe.events SET next_try_at = clock_timestamp() + make_interval(secs => $3), reason = $4,
    attempts = attempts + 1
WHERE source = $1 AND id = $2

-- name: known_cases
SELECT case_id, closed_at IS NOT NULL AS closed FROM iehe.cases WHERE case_id = ANY ($1::text[])

-- name: bury_closed
-- Nothing that is stored for a closed case without a workflow can ever be delivered. What another case tells it
-- changes nothing any more, and is nobody's task; what began the case has done so.
UPDATE iehe.events e SET state = w.state, taken = e.taken OR w.state = 'delivered',
    reason = CASE w.state WHEN 'delivered' THEN NULL ELSE 'case-closed' END, ended_at = clock_timestamp()
FROM (SELECT b.source, b.id, CASE WHEN b.type = ANY ($2::text[]) THEN 'delivered'
                                  WHEN b.cause_case IS NULL AND b.fact_id IS NULL THEN 'dead' ELSE 'dropped' END AS state
      FROM iehe.events b WHERE b.case_id = $1 AND b.state = 'stored') AS w
WHERE e.source = w.source AND e.id = w.id
RETURNING w.state

-- name: wait_for_case
-- Looked at again when the case opens, and in case nobody tells, ever more seldom. Each event waits its own days.
UPDATE iehe.events e
SET waiting_since = w.since, attempts = e.attempts + 1,
    state = CASE WHEN w.over THEN 'dead' ELSE 'stored' END,
    reason = CASE WHEN w.over THEN 'no-such-case' ELSE 'waiting-for-case' END,
    ended_at = CASE WHEN w.over THEN clock_timestamp() END,
    next_try_at = least(
        now() + least(greatest(interval '1 minute', (now() - w.since) / 2), interval '1 hour'),
        w.since + make_interval(days => w.days))
FROM (SELECT e.source, e.id, c.days, coalesce(e.waiting_since, now()) AS since,
             -- a fact of another process is for a case that was there, or is being started
             coalesce(e.waiting_since, now()) + make_interval(days => c.days) <= now() AND e.fact_id IS NULL AS over
      FROM iehe.events e JOIN unnest($1::text[], $2::int[]) AS c (case_id, days) USING (case_id)
      WHERE e.state = 'stored') AS w
WHERE e.source = w.source AND e.id = w.id
RETURNING e.case_id, w.over

-- name: put_off
-- The whole case: what stands behind its oldest event is not looked at either until then.
UPDATE iehe.events SET next_try_at = clock_timestamp() + make_interval(secs => $2), reason = $3,
    attempts = attempts + 1
WHERE case_id = $1 AND state = 'stored'

-- name: wait_days
-- Of the policies in force today.
SELECT DISTINCT ON (process) process, (body #>> '{events,wait_days}')::int AS days FROM iehe.policies
WHERE process = ANY ($1::text[]) AND valid_from <= (now() AT TIME ZONE 'Asia/Tokyo')::date
ORDER BY process, valid_from DESC, loaded_at DESC

-- name: make_due
-- The case has a workflow (again): what was put off is delivered now. Locked in the order in which a relay
-- locks, so that the two wait for each other and never mutually.
WITH waiting AS MATERIALIZED (
    SELECT source, id FROM iehe.events WHERE case_id = $1 AND state = 'stored' ORDER BY seq FOR UPDATE
), due AS (
    UPDATE iehe.events e SET next_try_at = now() FROM waiting w
    WHERE e.source = w.source AND e.id = w.id RETURNING e.id
)
SELECT pg_notify('iehe_events', '') WHERE EXISTS (SELECT FROM due)

-- name: bring_back
-- What a run that was lost had been told and had not applied. The case knows what it has taken.
WITH lost AS MATERIALIZED (
    SELECT source, id FROM iehe.events e
    WHERE e.case_id = $1 AND e.state = 'delivered' AND NOT e.taken AND NOT EXISTS (
        SELECT FROM iehe.case_log l WHERE l.case_id = e.case_id AND l.cause = e.cause)
    ORDER BY e.seq FOR UPDATE
)
UPDATE iehe.events e SET state = 'stored', next_try_at = now(), ended_at = NULL
FROM lost WHERE e.source = lost.source AND e.id = lost.id

-- name: bring_back_lost
-- The same for every case, long after the delivery, and later each time: a case that stands still has it in its
-- history already. A case that closed without it will never take it.
WITH lost AS MATERIALIZED (
    SELECT e.source, e.id, c.closed_at IS NOT NULL AS over
    FROM iehe.events e LEFT JOIN iehe.cases c ON c.case_id = e.case_id
    WHERE e.state = 'delivered' AND NOT e.taken
      AND e.ended_at BETWEEN now() - interval '7 days' AND now() - interval '10 minutes'
      AND e.ended_at <= now() - interval '10 minutes' * least(e.attempts, 36)
      AND NOT EXISTS (
        SELECT FROM iehe.case_log l WHERE l.case_id = e.case_id AND l.cause = e.cause)
    ORDER BY e.ended_at, e.seq LIMIT $1 FOR UPDATE OF e SKIP LOCKED
)
UPDATE iehe.events e
SET state = CASE WHEN NOT lost.over THEN 'stored' WHEN e.cause_case IS NULL AND e.fact_id IS NULL THEN 'dead' ELSE 'dropped' END,
    reason = CASE WHEN lost.over THEN 'case-closed' END,
    ended_at = CASE WHEN lost.over THEN now() END,
    next_try_at = now()
FROM lost WHERE e.source = lost.source AND e.id = lost.id
RETURNING e.source, e.id, e.case_id, e.state
