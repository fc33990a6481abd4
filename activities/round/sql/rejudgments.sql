-- A re-judgment: what it is computed from, how a step finds it, whom it tells.

-- name: to_rejudge
SELECT /* errand */ i.case_id, r.rejudgment, r.policy, w.rules AS route
FROM iehe.round_inputs i JOIN iehe.cases c USING (case_id) JOIN iehe.round_rounds w USING (case_id)
JOIN iehe.round_rejudgments r ON r.case_id = i.case_id AND r.state IN ('reported', 'recomputed')
WHERE i.looked < i.revision AND c.stage = ANY ($1::text[]) ORDER BY i.case_id LIMIT 1

-- name: bases
-- The lists that are out, the newest of each programme, with what they say.
SELECT DISTINCT ON (l.name) l.name, l.list, l.hash, l.body FROM iehe.result_lists l
WHERE l.case_id = $1 AND iehe.is_out(l.release) AND NOT iehe.round_of_first_stage(l.case_id, l.name)
ORDER BY l.name, l.number DESC

-- name: apart
-- Who claims nothing: by number, or by number and frame, and why.
SELECT a.number, NULL AS frame, CASE WHEN a.gone IS NOT NULL THEN 'withdrawn' ELSE 'enrolled-elsewhere' END AS why
FROM iehe.round_applications a
WHERE a.case_id = $1 AND (a.gone IS NOT NULL OR EXISTS (
    SELECT FROM iehe.batch_values v WHERE v.case_id = a.case_id AND v.kind = $2 AND v.number = a.number AND v.state = 'present'))
UNION ALL
SELECT a.number, NULL, p.state FROM iehe.round_applications a
JOIN iehe.places p ON p.place = a.case_id || '#' || a.number
WHERE a.case_id = $1 AND a.gone IS NULL AND p.state IN ('declined', 'lapsed', 'released')
UNION ALL
SELECT w.number, w.frame, 'declined' FROM iehe.round_waitlist w
WHERE w.case_id = $1 AND w.state = 'declined'
ORDER BY 1, 2 NULLS FIRST, 3 DESC

-- name: recomputed
SELECT iehe.round_recomputed($1, $2, $3, $4, $5, $6)

-- name: policy_after
-- By which version a round was judged last: that of its last re-judgment, if it had one.
SELECT r.policy FROM iehe.round_rejudgments r WHERE r.case_id = $1 AND r.dropped_by IS NULL ORDER BY r.opened_at DESC LIMIT 1

-- name: lock_inputs
SELECT revision FROM iehe.round_inputs WHERE case_id = $1 FOR UPDATE

-- name: found
SELECT r.state, r.opened_by, r.revision, r.hash, r.wronged, coalesce((
    SELECT jsonb_object_agg(l.name, l.hash) FROM iehe.round_correction_lists c JOIN iehe.result_lists l USING (list)
    WHERE c.case_id = r.case_id AND c.rejudgment = r.rejudgment AND l.state <> 'withdrawn'), '{}') AS lists
FROM iehe.round_rejudgments r WHERE r.case_id = $1 AND r.rejudgment = $2

-- name: untold
-- Lines of its lists that are out, with what the ledger has of each person now; frames are locked.
SELECT n.list, n.line, n.subject, n.result ->> 'verdict' AS verdict, a.number, n.result ->> 'frame' AS frame,
       (n.result ->> 'choice')::int AS choice,
       CASE WHEN a.gone IS NOT NULL THEN 'withdrawn'
            WHEN EXISTS (SELECT FROM iehe.batch_values v WHERE v.case_id = l.case_id AND v.kind = $4 AND v.number = a.number
                         AND v.state = 'present') THEN 'enrolled-elsewhere'
            WHEN EXISTS (SELECT FROM iehe.round_waitlist w WHERE w.case_id = l.case_id AND w.number = a.number
                         AND w.frame = n.result ->> 'frame' AND w.state = 'declined') THEN 'declined' END AS gone,
       p.state AS place_state, p.ends_at,
       (SELECT min((o.result ->> 'choice')::int) FROM iehe.place_lines h JOIN iehe.result_lines o
            ON o.case_id = l.case_id AND o.subject = n.subject AND l.case_id || '/' || (o.result ->> 'frame') = h.frame
        WHERE h.place = p.place AND h.live) AS place_choice
FROM iehe.round_correction_lists c JOIN iehe.result_lists l USING (list) JOIN iehe.result_lines n USING (list)
JOIN iehe.round_applications a ON a.case_id = l.case_id AND a.application = n.subject
LEFT JOIN iehe.places p ON p.place = l.case_id || '#' || a.number
WHERE c.case_id = $1 AND c.rejudgment = $2 AND n.told_version IS NULL AND iehe.is_out(l.release)
ORDER BY n.list, n.line LIMIT $3

-- name: listed
SELECT r.rejudgment, r.error, r.state, r.policy, r.rules, r.hash, r.wronged, r.opened_by, r.opened_at, r.recomputed_at,
       r.confirmed_by, r.confirmed_at, r.told_at, r.dropped_by, r.closed_at, coalesce(r.revision < i.revision
           AND r.state IN ('reported', 'recomputed'), false) AS outdated,
       (SELECT count(*) FROM iehe.round_correction_lists c JOIN iehe.result_lists l USING (list)
        WHERE c.case_id = r.case_id AND c.rejudgment = r.rejudgment AND l.state <> 'withdrawn') AS lists
FROM iehe.round_rejudgments r JOIN iehe.round_inputs i USING (case_id) WHERE r.case_id = $1
ORDER BY r.opened_at DESC, r.rejudgment DESC

-- name: correction_lists
SELECT c.list, c.base, l.name AS programme, l.number, l.hash,
       CASE WHEN iehe.is_out(l.release) THEN 'out' ELSE l.state END AS state
FROM iehe.round_correction_lists c JOIN iehe.result_lists l USING (list)
WHERE c.case_id = $1 AND c.rejudgment = $2 AND l.state <> 'withdrawn' ORDER BY l.name, l.number

-- name: open_rejudged
SELECT * FROM iehe.open_rejudged($1, $2, $3)

-- name: siblings
-- Lists of other rounds that were made by a formula in the version that lists of this round had (R15).
SELECT DISTINCT f.case_id, f.formula, f.version, l.name AS programme, l.number,
       CASE WHEN iehe.is_out(l.release) THEN 'out' ELSE l.state END AS state
FROM iehe.round_rejudgments r
JOIN iehe.result_lists b ON b.case_id = r.case_id AND iehe.is_out(b.release) AND NOT EXISTS (
    SELECT FROM iehe.round_correction_lists c WHERE c.list = b.list AND c.rejudgment = r.rejudgment)
JOIN iehe.round_formulas mine ON mine.list = b.list
JOIN iehe.round_formulas f ON f.formula = mine.formula AND f.version = mine.version AND f.case_id <> r.case_id
JOIN iehe.result_lists l ON l.list = f.list AND l.state <> 'withdrawn'
WHERE r.case_id = $1 AND r.rejudgment = $2 ORDER BY 1, 4, 5, 2

-- name: computed
-- Re-judgments whose lists count, with what they were computed from beside scores.
SELECT r.rejudgment, r.policy, w.rules AS route, r.bases, r.apart FROM iehe.round_rejudgments r
JOIN iehe.round_rounds w USING (case_id) WHERE r.case_id = $1 AND r.hash IS NOT NULL AND r.dropped_by IS NULL ORDER BY r.opened_at
