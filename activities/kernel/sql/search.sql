-- Search for cases, put together by cases/search.py; what stands in braces are parts and numbers of parameters.

-- name: form
SELECT iehe.search_form($1)

-- name: found
-- The name, and the order by it, only where whoever acts sees whom the case is about: the rows keep themselves.
SELECT c.case_id, c.process, c.version, c.stage, c.stage_since, c.opened_at,
       CASE WHEN c.closed_at IS NULL THEN c.waiting_for END AS waiting_for,
       CASE WHEN c.closed_at IS NULL THEN c.due_at END AS due_at, c.outcome, c.outcome_by, c.closed_at,
       coalesce(c.due_at < now() AND c.closed_at IS NULL, false) AS overdue,
       coalesce((SELECT jsonb_object_agg(l.name, l.value) FROM iehe.case_labels l WHERE l.case_id = c.case_id), '{{}}')
           AS labels, f.name, f.total
FROM (
    -- looked up one by one: how few a text finds is not known before
    SELECT p.case_id, {name} AS name, {order} AS sort_key, count(*) OVER () AS total
    FROM ({parts}) AS p
    CROSS JOIN LATERAL (SELECT FROM iehe.cases c WHERE c.case_id = p.case_id AND c.version > 0 LIMIT 1) AS opened {names}
    ORDER BY sort_key, p.case_id LIMIT {limit}
) AS f JOIN iehe.cases c USING (case_id)
ORDER BY f.sort_key, c.case_id

-- name: names
LEFT JOIN LATERAL (SELECT t.name, t.sort_key FROM iehe.search_texts t WHERE t.case_id = p.case_id LIMIT 1) AS s ON true

-- name: numbers_of_room
(SELECT c.case_id FROM iehe.cases c WHERE c.case_id > {first} AND c.case_id < {last}
 AND strpos(lower(c.case_id), {form}) > 0 ORDER BY c.case_id LIMIT {most})

-- name: numbers_of_somebody
(SELECT DISTINCT o.case_id FROM iehe.concerns o
 WHERE o.staff_id = {staff_id} AND o.role = ANY ({roles}::text[]) AND o.case_id > {first} AND o.case_id < {last}
 AND strpos(lower(o.case_id), {form}) > 0)

-- name: texts_of_rooms
(SELECT s.case_id FROM iehe.search_texts s WHERE s.room = ANY ({rooms}::text[]) AND strpos(s.text, {form}) > 0 LIMIT {most})

-- name: texts_of_somebody
(SELECT DISTINCT s.case_id FROM iehe.concerns o JOIN iehe.search_texts s USING (case_id)
 WHERE o.staff_id = {staff_id} AND s.room = ANY ({rooms}::text[]) AND strpos(s.text, {form}) > 0)

-- name: of_person
-- By the keyed hash of whom a case is about.
(SELECT a.case_id FROM iehe.{about}({key}) AS a (case_id) WHERE iehe.in_sight(a.case_id, 'personal'))

-- name: names_of
SELECT case_id, name FROM iehe.search_texts WHERE case_id = ANY ($1::text[])
