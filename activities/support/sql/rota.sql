-- Members of units and the rota of duty.

-- name: members
SELECT m.unit, m.staff_id, m.lead, s.active FROM iehe.support_members m JOIN iehe.staff s USING (staff_id)
WHERE $1::text IS NULL OR m.unit = $1 ORDER BY m.unit, m.lead DESC, m.staff_id

-- name: add_member
INSERT INTO iehe.support_members (unit, staff_id, lead)
SELECT $1, s.staff_id, $3 FROM iehe.staff s WHERE s.staff_id = $2 AND s.active
ON CONFLICT (unit, staff_id) DO UPDATE SET lead = excluded.lead RETURNING staff_id

-- name: remove_member
DELETE FROM iehe.support_members WHERE unit = $1 AND staff_id = $2 RETURNING staff_id

-- name: rota
SELECT r.shift, r.place, r.staff_id, lower(r.during) AS begins_at, upper(r.during) AS ends_at,
       w.taker AS offered_to, r.during @> now() AS now
FROM iehe.support_rota r LEFT JOIN iehe.support_swaps w ON w.shift = r.shift AND w.state = 'offered'
WHERE r.during && tstzrange(now(), now() + make_interval(days => $1))
ORDER BY lower(r.during), r.place

-- name: gaps
SELECT place, begins_at, ends_at FROM iehe.support_gaps(now(), $1)

-- name: ask_to_fill_gaps
SELECT * FROM iehe.support_ask_to_fill_gaps()

-- name: officers
-- Who may be on duty, and whether two tested channels reach them (E14).
SELECT s.staff_id, (SELECT count(*) >= 2 FROM iehe.tested_channels(s.staff_id)) AS reached
FROM iehe.staff s WHERE s.active AND 'duty_officer' = ANY (s.roles)

-- name: planned
SELECT place, staff_id, lower(during) AS begins_at, upper(during) AS ends_at FROM iehe.support_rota

-- name: plan
SELECT iehe.support_plan($1, $2, $3, $4, $5)

-- name: move
SELECT iehe.support_move_shift($1, $2, $3)

-- name: remove
DELETE FROM iehe.support_rota WHERE shift = $1 RETURNING staff_id

-- name: offer
SELECT iehe.support_offer_swap($1, $2, $3)

-- name: answer
SELECT iehe.support_answer_swap($1, $2, $3)

-- name: planned_as
SELECT shift FROM iehe.support_rota WHERE place = $1 AND staff_id = $2 AND during = tstzrange($3, $4)
