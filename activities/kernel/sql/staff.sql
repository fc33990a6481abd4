-- The members of staff.

-- name: list
SELECT s.staff_id, s.name, s.email, s.language, s.roles, s.load_cap, s.available_from, s.available_to, s.active,
       (SELECT count(*) FROM iehe.tasks t WHERE t.assignee = s.staff_id AND t.closed_at IS NULL) AS open_tasks
FROM iehe.staff s ORDER BY s.active DESC, s.staff_id

-- name: store
INSERT INTO iehe.staff (staff_id, name, email, language, roles, load_cap, available_from, available_to, phone,
                        address, employers, relations)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (staff_id) DO UPDATE
SET name = excluded.name, email = excluded.email, language = excluded.language, roles = excluded.roles,
    load_cap = excluded.load_cap, available_from = excluded.available_from,
    available_to = excluded.available_to, phone = excluded.phone, address = excluded.address,
    employers = excluded.employers, relations = excluded.relations, active = true

-- name: parties
SELECT staff_id, email FROM iehe.staff ORDER BY staff_id

-- name: colleagues
-- Active staff in some roles: what each has, and until when they are away.
SELECT s.staff_id, s.name, s.roles, s.load_cap,
       (SELECT count(*) FROM iehe.tasks t WHERE t.assignee = s.staff_id AND t.closed_at IS NULL) AS open_tasks,
       (SELECT max(a.ends_at) FROM iehe.absences a
        WHERE a.staff_id = s.staff_id AND a.begins_at <= now() AND a.ends_at > now()) AS away_until
FROM iehe.staff s WHERE s.active AND s.roles && $1::text[] ORDER BY s.staff_id
