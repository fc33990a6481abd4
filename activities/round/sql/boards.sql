-- What the offices see of a round: what is missing, the lists as they stand, the limits.

-- name: missing
SELECT about AS part, code, count(*) AS applications FROM iehe.round_missing WHERE case_id = $1
GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2

-- name: lists
SELECT DISTINCT ON (l.name) l.name AS programme, l.number, l.hash, l.counts, l.prepared_by, j.minute_no, l.confirmed_by,
       CASE WHEN l.release IS NULL THEN CASE WHEN l.state = 'prepared' AND j.list IS NOT NULL THEN 'judged' ELSE l.state END
            WHEN iehe.is_out(l.release) THEN 'out' ELSE 'scheduled' END AS state
FROM iehe.result_lists l LEFT JOIN iehe.round_judgements j USING (list)
WHERE l.case_id = $1 AND l.state <> 'withdrawn' ORDER BY l.name, l.number DESC

-- name: limits
SELECT frame, number, waitlist, minute_no, set_by FROM iehe.round_limits WHERE case_id = $1 ORDER BY frame

-- name: standing
-- Every list that counts, the newest of each programme first; before its hour a list tells nobody a result.
SELECT l.list, l.name AS programme, l.number, l.hash, l.inputs, l.rules, l.counts, l.made_at, l.prepared_by, j.minute_no,
       l.confirmed_by, r.hour,
       CASE WHEN iehe.is_out(l.release) THEN
                CASE WHEN EXISTS (SELECT FROM iehe.result_lists o WHERE o.case_id = l.case_id AND o.name = l.name
                                  AND o.number > l.number AND iehe.is_out(o.release)) THEN 'superseded' ELSE 'out' END
            WHEN l.release IS NOT NULL THEN 'scheduled'
            WHEN l.state = 'prepared' AND j.list IS NOT NULL THEN 'judged' ELSE l.state END AS state
FROM iehe.result_lists l LEFT JOIN iehe.round_judgements j USING (list) LEFT JOIN iehe.releases r USING (release)
WHERE l.case_id = $1 AND l.state <> 'withdrawn' ORDER BY l.name, l.number DESC

-- name: list_of
-- The list of a programme that counts, or one of a number, which may count no more.
SELECT l.list, l.number FROM iehe.result_lists l
WHERE l.case_id = $1 AND l.name = $2 AND CASE WHEN $3::int IS NULL THEN l.state <> 'withdrawn' ELSE l.number = $3 END
ORDER BY l.number DESC LIMIT 1

-- name: open_list
SELECT name, number, state, inputs, rules, hash, body FROM iehe.open_result_list($1, $2)

-- name: lists_out
SELECT DISTINCT ON (l.name) l.list, l.name AS programme, r.hour
FROM iehe.result_lists l JOIN iehe.releases r USING (release)
WHERE l.case_id = $1 AND iehe.is_out(l.release) AND NOT iehe.round_of_first_stage(l.case_id, l.name)
ORDER BY l.name, l.number DESC

-- name: result
-- What is out of an application; before its hour nothing is.
SELECT n.name AS programme, n.number, n.hash, n.hour, n.result
FROM iehe.released_lines($1) n WHERE split_part(n.list, '/', 1) = 'round' ORDER BY (n.result ->> 'choice')::int, n.name

-- name: numbers
SELECT number FROM iehe.round_applications WHERE case_id = $1

-- name: application
SELECT number, choices, gone FROM iehe.round_applications WHERE case_id = $1 AND number = $2

-- name: looked_at
SELECT revision, looked, missing FROM iehe.round_inputs WHERE case_id = $1

-- name: missing_values
SELECT number, about AS part, code FROM iehe.round_missing WHERE case_id = $1 ORDER BY number, about, code LIMIT $2

-- name: ledger
SELECT substr(f.frame, length($1) + 2) AS frame, trim_scale(f.places)::bigint AS places, trim_scale(f.limit_)::bigint AS limit,
       f.held::bigint AS held, f.offered::bigint AS offered, f.taken::bigint AS taken, f.extra::bigint AS extra
FROM iehe.frames f WHERE starts_with(f.frame, $1 || '/')

-- name: release
-- Of the results; of the first stage while the round is in it.
SELECT r.hour, r.reason, CASE WHEN r.state = 'held' THEN 'held' WHEN r.hour <= iehe.clock() THEN 'out' ELSE r.state END AS state,
       extract(epoch FROM r.hour - iehe.clock())::bigint AS seconds
FROM iehe.releases r JOIN iehe.round_inputs i USING (case_id)
WHERE r.case_id = $1 AND r.version > coalesce(i.first_stage_over, 0) ORDER BY r.version DESC, r.release DESC LIMIT 1

-- name: clock
SELECT iehe.clock()

-- name: batch_case
SELECT case_id FROM iehe.batches WHERE batch = $1 AND process = $2

-- name: batch_of_last_year
-- What counted last of the same kind and part in the round of the year before.
SELECT b.batch FROM iehe.round_rounds this
JOIN iehe.round_rounds last ON last.year = this.year - 1 AND last.route = this.route
JOIN iehe.batches b ON b.case_id = last.case_id
WHERE this.case_id = $1 AND b.kind = $2 AND b.part IS NOT DISTINCT FROM $3 AND b.state = 'accepted'
ORDER BY b.accepted_turn DESC LIMIT 1

-- name: distribution
SELECT distribution FROM iehe.batches WHERE batch = $1

-- name: batches
SELECT batch, mapping, kind, part, file_rows AS rows, counts, state, hash, loaded_by, loaded_at, accepted_by
FROM iehe.batches WHERE case_id = $1 AND state <> 'dropped' ORDER BY loaded_at DESC, batch

-- name: policies
-- The versions of the policy that have the rules of a round, the newest first.
SELECT p.version, p.valid_from FROM iehe.policies p JOIN iehe.round_rounds r ON p.body -> 'routes' ? r.rules
WHERE p.process = 'admission-round' AND r.case_id = $1 ORDER BY p.valid_from DESC, p.loaded_at DESC, p.version DESC

-- name: corrections
-- Scores that somebody wants put right and nobody has confirmed, without what they are to be.
SELECT p.proposal, p.number, p.part, p.kind, p.proposed_by, p.proposed_at FROM iehe.batch_proposals p
WHERE p.case_id = $1 AND p.confirmed_by IS NULL ORDER BY p.proposed_at, p.proposal

-- name: calls
-- Who is to be called, in order, with the calls so far.
SELECT w.programme, w.frame, w.waits_at AS waits, w.number, w.called_at, w.reply_by, count(c.contact) AS calls,
       max(c.at) AS last_call, (array_agg(c.outcome ORDER BY c.at DESC))[1] AS last_outcome
FROM iehe.round_waitlist w LEFT JOIN iehe.round_contacts c USING (case_id, entry)
WHERE w.case_id = $1 AND w.state = 'calling'
GROUP BY w.case_id, w.entry, w.programme, w.frame, w.waits_at, w.number, w.called_at, w.reply_by
ORDER BY w.programme, w.frame, w.waits_at, w.number

-- name: moves
SELECT moved_at, moved_by, reason, closes_at, exam_on, make_up_on, common_test_due, first_stage_at, release_at, enrol_by,
       promote_from
FROM iehe.round_moved_dates WHERE case_id = $1 ORDER BY move
