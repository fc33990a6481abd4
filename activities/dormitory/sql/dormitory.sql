-- What the rules of a run look up. What a person has stated is read in the transaction of a step alone.

-- name: run
SELECT r.received_at, r.house, r.term, r.first, r.until, r.collect_until, r.kept_until, r.seed, p.version, p.route
FROM iehe.dormitory_runs r
CROSS JOIN LATERAL (
    SELECT p.version, route.route FROM iehe.policies p, jsonb_object_keys(p.body -> 'routes') AS route (route)
    WHERE p.process = 'dormitory-allocation' AND p.valid_from <= (r.received_at AT TIME ZONE 'Asia/Tokyo')::date
    ORDER BY p.valid_from DESC, p.loaded_at DESC, p.version DESC LIMIT 1) p
WHERE r.case_id = $1

-- name: house
SELECT jsonb_build_object(
    'beds', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                 'bed', b.bed, 'room', b.room, 'kind', b.kind, 'group', b.group_) ORDER BY b.bed), '[]')
             FROM iehe.dormitory_beds b WHERE b.house = $2),
    'held', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                 'bed', split_part(l.unit, '/', 3), 'first', lower(l.during), 'until', upper(l.during),
                 'place', p.place, 'holder', p.case_id, 'state', p.state, 'purpose', p.purpose, 'frame', l.frame,
                 'ends_at', p.ends_at, 'group', iehe.dormitory_group(s.gender, s.shares_with))
                 ORDER BY l.unit, l.during), '[]')
             FROM iehe.place_lines l JOIN iehe.places p USING (place)
             LEFT JOIN iehe.dormitory_persons s ON s.mobility = p.case_id
             WHERE l.live AND starts_with(l.unit, 'dormitory/' || $2 || '/')),
    'requests', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                     'case', r.mobility, 'types', r.types, 'first', r.first, 'until', r.until, 'quota', r.quota,
                     'faculty', r.faculty, 'accepted', r.accepted,
                     'late', r.late,
                     'waiting', q.entry IS NOT NULL, 'place', p.place, 'place_state', p.state,
                     'arrives_on', r.arrives_on, 'delayed', r.delayed, 'moved_in', r.moved_in_on IS NOT NULL,
                     'lapses', (SELECT count(*) FROM iehe.places l WHERE l.case_id = r.mobility
                                AND starts_with(l.place, $1 || '#') AND l.state = 'lapsed'),
                     'person', iehe.dormitory_stated(r.mobility)) ORDER BY r.mobility), '[]')
                 FROM iehe.dormitory_requests r
                 LEFT JOIN iehe.place_queue q ON q.frame = $3 AND q.case_id = r.mobility AND q.state = 'waiting'
                 LEFT JOIN LATERAL (
                     SELECT p.place, p.state FROM iehe.places p
                     WHERE p.case_id = r.mobility AND starts_with(p.place, $1 || '#')
                       AND p.state IN ('held', 'offered', 'taken') LIMIT 1) AS p ON true
                 WHERE r.case_id = $1 AND r.ended IS NULL),
    'queue', (SELECT coalesce(jsonb_agg(q.case_id ORDER BY q.rank, q.entry), '[]') FROM iehe.place_queue q
              WHERE q.frame = $3 AND q.state = 'waiting'),
    'passed', (SELECT coalesce(jsonb_object_agg(q.case_id, q.passed_over ->> 'reason'), '{}') FROM iehe.place_queue q
               WHERE q.frame = $3 AND q.state = 'waiting' AND q.passed_over IS NOT NULL),
    'free', (SELECT coalesce(jsonb_object_agg(f.frame, floor(iehe.left_of(f))::bigint), '{}')
             FROM iehe.frames f
             WHERE f.frame IN ($3, 'dormitory/' || $2) OR starts_with(f.frame, $3 || '/')),
    'parents', (SELECT coalesce(jsonb_object_agg(f.frame, f.parent), '{}') FROM iehe.frames f
                WHERE f.parent IS NOT NULL AND (f.frame = $3 OR starts_with(f.frame, $3 || '/'))),
    'closings', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                     'bed', c.bed, 'first', c.first, 'until', c.until) ORDER BY c.bed, c.first), '[]')
                 FROM iehe.dormitory_closings c WHERE c.house = $2 AND c.waits),
    'residents', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                      'bed', e.bed, 'first', e.first, 'until', e.until) ORDER BY e.bed, e.first), '[]')
                  FROM iehe.dormitory_residents e WHERE e.house = $2))

-- name: person
SELECT iehe.dormitory_stated($1)

-- name: closings_shown
SELECT bed, first, until, reason, waits FROM iehe.dormitory_closings WHERE case_id = $1 ORDER BY first, bed

-- name: answered_for
SELECT l.prepared_by AS drawn_by, l.confirmed_by FROM iehe.result_lists l
WHERE l.case_id = $1 AND l.state <> 'withdrawn' ORDER BY l.number DESC LIMIT 1
