-- name: lock
SELECT iehe.lock_frames($1)

-- name: lock_of_place
SELECT iehe.lock_frames(ARRAY(SELECT l.frame FROM iehe.place_lines l WHERE l.place = $1))

-- name: lock_of_holder
SELECT iehe.lock_frames(ARRAY(
    SELECT l.frame FROM iehe.place_lines l JOIN iehe.places p USING (place) WHERE p.case_id = $1 AND l.live))

-- name: lock_of_offers
SELECT iehe.lock_frames(ARRAY(
    SELECT l.frame FROM iehe.places p JOIN iehe.place_lines l USING (place)
    WHERE p.state IN ('held', 'offered') AND p.ends_at <= $2
      AND (l.frame = $1 OR starts_with(l.frame, $1 || '/') OR starts_with(l.frame, $1 || ':'))))

-- name: place
SELECT iehe.place_told(p) FROM iehe.places p WHERE p.place = $1

-- name: places_of
SELECT iehe.place_told(p) AS found FROM iehe.places p WHERE p.case_id = $1 ORDER BY p.since DESC, p.place

-- name: frame
SELECT iehe.frame_told(f) FROM iehe.frames f WHERE f.frame = $1

-- name: queue
SELECT iehe.entry_told(q) AS found FROM iehe.place_queue q
WHERE q.frame = $1 AND q.state = 'waiting' ORDER BY q.rank, q.entry LIMIT $2

-- name: offers_over
SELECT iehe.place_told(p) AS found FROM iehe.places p
WHERE p.state IN ('held', 'offered') AND p.ends_at <= $2 AND EXISTS (
    SELECT FROM iehe.place_lines l WHERE l.place = p.place
      AND (l.frame = $1 OR starts_with(l.frame, $1 || '/') OR starts_with(l.frame, $1 || ':')))
ORDER BY p.ends_at, p.place

-- name: next_offer_end
SELECT min(p.ends_at) FROM iehe.places p
WHERE p.state IN ('held', 'offered') AND EXISTS (
    SELECT FROM iehe.place_lines l WHERE l.place = p.place
      AND (l.frame = $1 OR starts_with(l.frame, $1 || '/') OR starts_with(l.frame, $1 || ':')))

-- name: units_taken
SELECT jsonb_build_object('unit', l.unit, 'first', lower(l.during), 'until', upper(l.during), 'place', p.place,
                          'holder', p.case_id, 'state', p.state, 'purpose', p.purpose) AS found
FROM iehe.place_lines l JOIN iehe.places p USING (place)
WHERE l.live AND l.unit IS NOT NULL AND (l.unit = $1 OR starts_with(l.unit, $1 || '/'))
  AND l.during && daterange($2::date, $3::date)
ORDER BY l.unit, l.during

-- name: frames
SELECT iehe.frame_told(f) AS found FROM iehe.frames f
WHERE f.process = ANY ($1::text[])
  AND ($2::text IS NULL OR f.frame = $2 OR starts_with(f.frame, $2 || '/') OR starts_with(f.frame, $2 || ':'))
ORDER BY f.frame LIMIT $3

-- name: holders
SELECT iehe.place_told(p) AS found FROM iehe.places p
WHERE p.state IN ('held', 'offered', 'taken') AND EXISTS (
    SELECT FROM iehe.place_lines l WHERE l.place = p.place AND l.frame = $1)
ORDER BY p.since, p.place

-- name: waiting
SELECT iehe.entry_told(q) AS found FROM iehe.place_queue q
WHERE q.frame = $1 AND q.state <> 'ended' ORDER BY q.rank, q.entry

-- name: set_frame
SELECT iehe.set_frame($1, $2, now())

-- name: entries_of
SELECT iehe.entry_told(q) || jsonb_build_object('ahead', (
           SELECT count(*) FROM iehe.place_queue b
           WHERE b.frame = q.frame AND b.state = 'waiting' AND (b.rank, b.entry) < (q.rank, q.entry)),
       'free', trim_scale(iehe.free_in(q.frame))::text) AS found
FROM iehe.place_queue q WHERE q.case_id = $1 AND q.state <> 'ended' ORDER BY q.frame

-- name: log_of
SELECT jsonb_build_object('at', l.at, 'place', l.place, 'frame', l.frame, 'from', l.from_state, 'to', l.to_state,
                          'reason', l.reason, 'ends_at', l.ends_at, 'lines', coalesce(l.lines, '[]'),
                          'by_case', l.by_case, 'by_version', l.by_version, 'step', c.step) AS found
FROM iehe.place_log l LEFT JOIN iehe.case_log c ON c.case_id = l.by_case AND c.version = l.by_version
WHERE l.case_id = $1 ORDER BY l.entry

-- name: miscounted
SELECT f.frame FROM iehe.frames f
CROSS JOIN LATERAL (
    SELECT coalesce(sum(l.amount) FILTER (WHERE l.state = 'held'), 0) AS held,
           coalesce(sum(l.amount) FILTER (WHERE l.state = 'offered'), 0) AS offered,
           coalesce(sum(l.amount) FILTER (WHERE l.state = 'taken'), 0) AS taken,
           coalesce(sum(l.amount) FILTER (WHERE l.beyond), 0) AS extra
    FROM iehe.place_lines l WHERE l.live AND l.frame IN (SELECT iehe.frames_down(ARRAY[f.frame]))) AS told
WHERE (f.held, f.offered, f.taken, f.extra) IS DISTINCT FROM (told.held, told.offered, told.taken, told.extra)
ORDER BY f.frame

-- name: left_by_closed
SELECT p.place, p.state FROM iehe.places p JOIN iehe.cases c USING (case_id)
WHERE p.state IN ('held', 'offered') AND c.closed_at IS NOT NULL ORDER BY p.place
