-- What the house's staff look at together, and the list of beds.

-- name: beds
SELECT house, bed, room, kind, group_ AS group FROM iehe.dormitory_beds
WHERE house = ANY ($1::text[]) ORDER BY house, bed

-- name: residents
SELECT house, bed, first, until FROM iehe.dormitory_residents WHERE house = ANY ($1::text[]) ORDER BY house, bed, first

-- name: store_bed
INSERT INTO iehe.dormitory_beds (house, bed, room, kind, group_) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (house, bed) DO UPDATE SET room = excluded.room, kind = excluded.kind, group_ = excluded.group_

-- name: forget_residents
DELETE FROM iehe.dormitory_residents WHERE house = ANY ($1::text[])

-- name: store_resident
INSERT INTO iehe.dormitory_residents (house, bed, first, until) VALUES ($1, $2, $3, $4)

-- name: open_runs
SELECT r.case_id FROM iehe.dormitory_runs r JOIN iehe.cases c USING (case_id)
WHERE r.house = ANY ($1::text[]) AND c.closed_at IS NULL ORDER BY r.first, r.case_id

-- name: given
-- Who has which bed on which days: a state of the bed, and whose it is.
SELECT split_part(l.unit, '/', 3) AS bed, lower(l.during) AS first, upper(l.during) AS until, p.case_id AS holder,
       CASE WHEN p.purpose IN ('closed', 'cleaning', 'resident') THEN p.purpose
            WHEN p.state = 'offered' THEN 'held'
            WHEN r.moved_in_on IS NOT NULL THEN 'occupied' ELSE 'promised' END AS state
FROM iehe.place_lines l JOIN iehe.places p USING (place)
LEFT JOIN iehe.dormitory_requests r ON r.mobility = p.case_id AND starts_with(p.place, r.case_id || '#')
WHERE l.live AND starts_with(l.unit, 'dormitory/' || $1 || '/') AND l.during && daterange($2::date, $3::date)
ORDER BY l.unit, l.during

-- name: waitlist
-- Needs as codes; nothing else of what somebody has stated.
SELECT q.case_id AS mobility, r.case_id AS run, r.types, r.first, r.until, coalesce(s.needs, '{}') AS needs, q.since,
       coalesce(q.passed_over ->> 'reason', 'to-be-served') AS reason
FROM iehe.place_queue q
JOIN iehe.dormitory_runs n ON q.frame = format('dormitory/%s/%s', n.house, n.term)
JOIN iehe.dormitory_requests r ON r.case_id = n.case_id AND r.mobility = q.case_id
LEFT JOIN iehe.dormitory_persons s ON s.mobility = q.case_id
WHERE n.house = $1 AND q.state = 'waiting'
ORDER BY n.first, q.rank, q.entry

-- name: unplaced
-- Who has no bed by the list that was drawn last, or by what was decided of them since.
SELECT r.mobility, r.case_id AS run, r.types, r.first, r.until, coalesce(s.needs, '{}') AS needs,
       coalesce(r.ended, l.reason) AS reason
FROM iehe.dormitory_requests r JOIN iehe.dormitory_runs n USING (case_id)
LEFT JOIN iehe.dormitory_list l USING (case_id, mobility)
LEFT JOIN iehe.dormitory_persons s ON s.mobility = r.mobility
WHERE n.house = $1 AND coalesce(r.ended, l.reason) IS NOT NULL
  AND NOT EXISTS (SELECT FROM iehe.place_queue q WHERE q.case_id = r.mobility AND q.state = 'waiting'
                  AND q.frame = format('dormitory/%s/%s', n.house, n.term))
  AND NOT EXISTS (SELECT FROM iehe.places p WHERE p.case_id = r.mobility AND p.state IN ('offered', 'taken')
                  AND starts_with(p.place, r.case_id || '#'))
ORDER BY n.first, r.mobility

-- name: list_drawn
-- The list of a run as it was drawn last, in its order.
SELECT place, mobility AS case_id, bed, frame, reason FROM iehe.dormitory_list WHERE case_id = $1 ORDER BY place
