-- Batches of numbers: what is loaded, what it would change, and what stands.

-- name: loaded
SELECT b.batch FROM iehe.batches b
WHERE b.case_id = $1 AND b.kind = $2 AND b.hash = $3 AND b.parts = $4 AND b.state = 'loaded'

-- name: stands_already
-- Accepted, and nothing of its parts has changed since.
SELECT b.batch FROM iehe.batches b
WHERE b.case_id = $1 AND b.kind = $2 AND b.hash = $3 AND b.parts = $4 AND b.state = 'accepted'
  AND NOT iehe.values_changed(b.case_id, b.kind, b.parts, b.accepted_turn)

-- name: store
INSERT INTO iehe.batches (case_id, process, kind, mapping, year, exam, part, parts, file_rows, total, file_sha256, hash,
                          distribution, loaded_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (case_id, kind, hash, parts) WHERE state = 'loaded' DO NOTHING RETURNING batch

-- name: compare
SELECT iehe.compare_batch($1)

-- name: drop
SELECT iehe.drop_batch($1, $2, now())

-- name: batches
SELECT to_jsonb(b) || jsonb_build_object(
           'total', trim_scale(b.total)::text,
           'overtaken', b.state = 'loaded' AND iehe.values_changed(b.case_id, b.kind, b.parts, b.compared_turn)) AS found
FROM iehe.batches b
WHERE b.case_id = $1 AND ($2::text IS NULL OR b.kind = $2) ORDER BY b.loaded_at DESC, b.batch

-- name: batch
SELECT to_jsonb(b) || jsonb_build_object(
           'total', trim_scale(b.total)::text,
           'overtaken', b.state = 'loaded' AND iehe.values_changed(b.case_id, b.kind, b.parts, b.compared_turn)) AS found
FROM iehe.batches b
WHERE b.batch = $1 AND ($2::text IS NULL OR b.case_id = $2)

-- name: fates
-- What a batch that is not accepted would do, or, once it is, what it has done; what is the same is only counted.
WITH this AS (SELECT b.case_id, b.kind, b.state FROM iehe.batches b WHERE b.batch = $1),
fates AS (
    SELECT f.fate, f.number, f.part, f.was_state, f.was_value, f.was_order, f.state, f.value, f.answer_order
    FROM this, iehe.batch_fates($1) f WHERE this.state <> 'accepted' AND f.fate <> 'same'
    UNION ALL
    SELECT CASE WHEN c.was_state IS NULL THEN 'new' ELSE 'changed' END, c.number, c.part, c.was_state, c.was_value,
           c.was_order, c.state, c.value, c.answer_order
    FROM this JOIN iehe.batch_value_changes c ON c.batch = $1 WHERE this.state = 'accepted'),
counted AS (SELECT f.*, row_number() OVER (PARTITION BY f.fate ORDER BY f.number, f.part) AS place FROM fates f)
SELECT c.fate, jsonb_build_object(
           'number', c.number, 'part', c.part,
           'before', CASE WHEN c.was_state IS NOT NULL THEN jsonb_build_object(
               'state', c.was_state, 'value', trim_scale(c.was_value)::text, 'order', c.was_order) END,
           'after', CASE WHEN c.state IS NOT NULL THEN jsonb_build_object(
               'state', c.state, 'value', trim_scale(c.value)::text, 'order', c.answer_order) END) AS found
FROM counted c WHERE c.place <= $2 ORDER BY c.fate, c.number, c.part

-- name: standing
SELECT jsonb_build_object('turn', s.turn, 'parts', coalesce((
    SELECT jsonb_object_agg(p.part, p.counts) FROM (
        SELECT v.part, jsonb_build_object(
            'scored', count(*) FILTER (WHERE v.state = 'scored'), 'absent', count(*) FILTER (WHERE v.state = 'absent'),
            'exempt', count(*) FILTER (WHERE v.state = 'exempt'), 'present', count(*) FILTER (WHERE v.state = 'present')) AS counts
        FROM iehe.batch_values v WHERE v.case_id = s.case_id AND v.kind = s.kind GROUP BY v.part) p), '{}'))
FROM iehe.batch_standings s WHERE s.case_id = $1 AND s.kind = $2

-- name: propose
SELECT iehe.propose_value($1, $2, $3, $4, $5, $6, $7, $8, $9, now())

-- name: proposal
SELECT jsonb_build_object(
           'proposal', p.proposal, 'kind', p.kind, 'part', p.part, 'proposed_by', p.proposed_by,
           'confirmed_by', p.confirmed_by, 'reason_id', p.reason_id,
           'overtaken', p.confirmed_by IS NULL AND (v.state, v.value) IS DISTINCT FROM (p.was_state, p.was_value))
FROM iehe.batch_proposals p LEFT JOIN iehe.batch_values v USING (case_id, kind, number, part)
WHERE p.proposal = $1 AND p.case_id = $2
