-- What a round asks in its steps, and what its lists are made from.

-- name: round
SELECT r.*, p.version, r.rules AS policy_route FROM iehe.round_rounds r
LEFT JOIN LATERAL (
    SELECT q.version FROM iehe.policies q
    WHERE q.process = 'admission-round' AND q.body -> 'routes' ? r.rules AND q.valid_from <= (r.received_at AT TIME ZONE 'Asia/Tokyo')::date
    ORDER BY q.valid_from DESC, q.loaded_at DESC, q.version DESC LIMIT 1) AS p ON true
WHERE r.case_id = $1

-- name: judged
SELECT list FROM iehe.round_judgements WHERE case_id = $1

-- name: admitted
-- By frame, how many the lists that are out admit.
SELECT n.result ->> 'frame' AS frame, count(*) AS count
FROM iehe.result_lists l JOIN iehe.result_lines n USING (list)
WHERE l.case_id = $1 AND iehe.is_out(l.release) AND n.result ->> 'verdict' = 'admitted' GROUP BY 1

-- name: to_look_at
SELECT /* errand */ i.case_id, i.revision, c.stage, c.state FROM iehe.round_inputs i JOIN iehe.cases c USING (case_id)
WHERE i.looked < i.revision AND c.stage = ANY ($1::text[])
  -- what changes while everybody is told who goes on, is looked at afterwards
  AND NOT (c.stage = $2 AND EXISTS (SELECT FROM iehe.result_lists l JOIN iehe.releases r USING (release)
           WHERE l.case_id = i.case_id AND r.version > coalesce(i.first_stage_over, 0)
             AND iehe.round_of_first_stage(l.case_id, l.name) AND iehe.is_out(l.release)))
ORDER BY i.case_id LIMIT 1

-- name: revision
SELECT revision FROM iehe.round_inputs WHERE case_id = $1

-- name: applications
SELECT application, number, person, choices, gone FROM iehe.round_applications WHERE case_id = $1 ORDER BY number

-- name: values
SELECT number, part, state, value, answer_order FROM iehe.batch_values WHERE case_id = $1 AND kind <> ALL ($2::text[])

-- name: first_stage_out
SELECT number, programme, passed, considered, reason FROM iehe.round_first_stage_out($1)

-- name: first_stage_over
SELECT CASE WHEN first_stage_over IS NULL THEN '{}' ELSE first_stage END FROM iehe.round_inputs WHERE case_id = $1

-- name: undecided
-- Whom lists would leave out because nobody has spoken on their applications.
SELECT number FROM iehe.round_standings WHERE case_id = $1 AND standing = ANY ($2::text[]) ORDER BY number

-- name: limits
SELECT frame, programme, number, waitlist FROM iehe.round_limits WHERE case_id = $1

-- name: looked
SELECT iehe.round_looked($1, $2, $3, $4, $5)

-- name: elsewhere
-- Who has enrolled at another university, by the newest lists.
SELECT number FROM iehe.batch_values WHERE case_id = $1 AND kind = $2 AND state = 'present'

-- name: elsewhere_listed
SELECT EXISTS (SELECT FROM iehe.batches WHERE case_id = $1 AND kind = $2 AND state = 'accepted')
