-- The waitlist of a round: as a step finds it, and as it is proven to have been followed.

-- name: lock
-- Whoever gives out places of the round waits until the step is written.
SELECT iehe.lock_frames(ARRAY(SELECT f.frame FROM iehe.frames f WHERE starts_with(f.frame, $1 || '/')))

-- name: head
SELECT r.promote_from, greatest(
    (SELECT max(b.accepted_at) FROM iehe.batches b
     WHERE b.case_id = r.case_id AND b.kind = $2 AND b.state = 'accepted'),
    (SELECT max(l.accepted_at) FROM iehe.round_elsewhere_lists l WHERE l.case_id = r.case_id)) AS listed_at
FROM iehe.round_rounds r WHERE r.case_id = $1

-- name: free
-- By frame, without regard to those above it.
SELECT substr(f.frame, length($1) + 2) AS frame, iehe.left_of(f)::int AS free
FROM iehe.frames f WHERE starts_with(f.frame, $1 || '/')

-- name: entries
SELECT w.entry, w.frame, w.programme, w.number, w.application, w.choice, w.waits_at, w.state, w.called_at, w.reply_by,
       c.tries, c.last_try_at, c.message_left, a.gone, e.batch AS elsewhere,
       CASE WHEN p.place IS NOT NULL THEN jsonb_build_object(
           'place', p.place, 'state', p.state, 'frame', h.frame, 'choice', h.choice, 'ends_at', p.ends_at,
           'extra', coalesce(h.beyond, false)) END AS place
FROM iehe.round_waitlist w
JOIN iehe.round_applications a ON a.case_id = w.case_id AND a.application = w.application
LEFT JOIN LATERAL (
    SELECT min(coalesce(v.batch, v.proposal)::text) AS batch FROM iehe.batch_values v
    WHERE v.case_id = w.case_id AND v.kind = $2 AND v.number = w.number AND v.state = 'present') AS e ON true
LEFT JOIN iehe.places p ON p.place = w.case_id || '#' || w.number
LEFT JOIN LATERAL (
    SELECT substr(l.frame, length($1) + 2) AS frame, l.beyond, (
        SELECT min((n.result ->> 'choice')::int) FROM iehe.result_lines n
        WHERE n.case_id = w.case_id AND n.subject = w.application
          AND n.result ->> 'frame' = substr(l.frame, length($1) + 2)) AS choice
    FROM iehe.place_lines l WHERE l.place = p.place AND l.live ORDER BY l.line LIMIT 1) AS h ON true
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE o.outcome IN ('no-answer', 'busy', 'other-person')) AS tries,
           max(o.at) FILTER (WHERE NOT o.called_back) AS last_try_at,
           coalesce(bool_or(o.outcome = 'message-left'), false) AS message_left
    FROM iehe.round_contacts o WHERE o.case_id = w.case_id AND o.entry = w.entry) AS c
WHERE w.case_id = $1 AND w.ended_at IS NULL
ORDER BY w.programme, w.waits_at, w.number COLLATE "C", w.frame

-- name: holders_elsewhere
-- Who has a place of the round and has enrolled elsewhere, and whose case has not been told.
SELECT p.case_id AS application, min(coalesce(v.batch, v.proposal)::text) AS batch
FROM iehe.batch_values v
JOIN iehe.places p ON p.place = v.case_id || '#' || v.number
WHERE v.case_id = $1 AND v.kind = $2 AND v.state = 'present' AND p.state IN ('held', 'offered', 'taken')
  AND p.case_id IS NOT NULL
  AND NOT EXISTS (SELECT FROM iehe.round_elsewhere x WHERE x.case_id = v.case_id AND x.application = p.case_id)
GROUP BY 1 ORDER BY 1 LIMIT $3

-- name: to_queue
-- Waitlisted lines of the newest lists that are out which are no entries yet.
SELECT l.list, n.line, l.name AS programme, n.subject AS application, a.number, n.result ->> 'frame' AS frame,
       (n.result ->> 'choice')::int AS choice, (n.result ->> 'waitlist')::int AS waits_at
FROM iehe.result_lists l JOIN iehe.result_lines n USING (list)
JOIN iehe.round_applications a ON a.case_id = l.case_id AND a.application = n.subject
WHERE l.case_id = $1 AND n.result ->> 'verdict' = 'waitlisted' AND iehe.is_out(l.release)
  AND NOT EXISTS (SELECT FROM iehe.result_lists x WHERE x.case_id = l.case_id AND x.name = l.name
                  AND x.number > l.number AND iehe.is_out(x.release))
  AND NOT EXISTS (SELECT FROM iehe.round_waitlist w WHERE w.case_id = l.case_id AND w.frame = n.result ->> 'frame'
                  AND w.number = a.number)
ORDER BY l.name, 8, a.number COLLATE "C", 6 LIMIT $2

-- name: to_tell_over
-- Who still waits, and who waited in vain, whose cases have not been told that nobody waits any more.
SELECT w.entry, w.frame, w.application, w.state, EXISTS (
    SELECT FROM iehe.places p WHERE p.place = w.case_id || '#' || w.number
    AND p.state IN ('held', 'offered', 'taken')) AS placed
FROM iehe.round_waitlist w
WHERE w.case_id = $1 AND w.told_version IS NULL
  AND w.state IN ('waiting', 'calling', 'declined', 'unreachable', 'elsewhere')
ORDER BY w.programme, w.waits_at, w.number COLLATE "C", w.frame LIMIT $2

-- name: open_entries
SELECT count(*) FROM iehe.round_waitlist WHERE case_id = $1 AND state IN ('waiting', 'calling')

-- name: proof
SELECT w.programme, w.frame, w.waits_at, w.number, w.entry, w.since, w.called_at, w.reply_by, w.ended_at, w.evidence, w.list,
       CASE WHEN w.state = 'offered' AND p.state = 'taken' THEN 'accepted' ELSE w.state END AS state,
       CASE WHEN w.state IN ('offered', 'accepted') THEN p.ends_at END AS offered_until,
       (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'at', c.at, 'outcome', c.outcome, 'called_back', c.called_back, 'caller', c.caller) ORDER BY c.contact), '[]')
        FROM iehe.round_contacts c WHERE c.case_id = w.case_id AND c.entry = w.entry) AS contacts,
       (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'at', g.at, 'from', g.from_state, 'to', g.to_state, 'evidence', g.evidence) ORDER BY g.change), '[]')
        FROM iehe.round_waitlist_log g WHERE g.case_id = w.case_id AND g.entry = w.entry) AS changes
FROM iehe.round_waitlist w LEFT JOIN iehe.places p ON p.place = w.case_id || '#' || w.number
WHERE w.case_id = $1 ORDER BY w.programme, w.frame, w.waits_at, w.number COLLATE "C"
