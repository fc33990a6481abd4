-- Lists, put together by cases/lists.py: each part reads as many rows as a page has, along an index. What stands in
-- braces are conditions of the filters that are given, and numbers of parameters; never a value.

-- name: cases
SELECT c.case_id, c.process, c.version, c.stage, c.stage_since, c.opened_at,
       CASE WHEN c.closed_at IS NULL THEN c.waiting_for END AS waiting_for,
       CASE WHEN c.closed_at IS NULL THEN c.due_at END AS due_at, c.outcome, c.outcome_by, c.closed_at,
       coalesce(c.due_at < now() AND c.closed_at IS NULL, false) AS overdue,
       coalesce((SELECT jsonb_object_agg(l.name, l.value) FROM iehe.case_labels l WHERE l.case_id = c.case_id), '{{}}')
           AS labels
FROM ({parts}) AS found JOIN iehe.cases c USING (case_id)
ORDER BY c.case_id LIMIT {limit}

-- name: cases_of_process
SELECT c.case_id FROM iehe.cases c {joins}
WHERE c.version > 0 AND c.case_id > {first} AND c.case_id < {last} {range} {filters}
ORDER BY c.case_id LIMIT {limit}

-- name: cases_of_somebody
-- Looked at one by one, in order: no person has more than is soon gone through, and those that are closed are left
-- out where they are not asked for.
SELECT DISTINCT o.case_id FROM iehe.case_people o CROSS JOIN LATERAL (
    SELECT FROM iehe.cases c {joins} WHERE c.case_id = o.case_id AND c.version > 0 {filters} LIMIT 1
) AS fits
WHERE o.staff_id = {staff_id} AND o.role = ANY ({roles}::text[])
  AND o.case_id > {first} AND o.case_id < {last} {range} {open}
ORDER BY o.case_id LIMIT {limit}

-- name: cases_of_own_tasks
-- With the part before, the view iehe.concerns; of it as a whole no index could be asked.
SELECT DISTINCT o.case_id FROM iehe.tasks o CROSS JOIN LATERAL (
    SELECT FROM iehe.cases c {joins} WHERE c.case_id = o.case_id AND c.version > 0 {filters} LIMIT 1
) AS fits
WHERE o.assignee = {staff_id} AND o.closed_at IS NULL AND o.role = ANY ({roles}::text[])
  AND o.case_id > {first} AND o.case_id < {last} {range}
ORDER BY o.case_id LIMIT {limit}

-- name: tasks
-- What is due first before.
SELECT t.case_id, coalesce(t.process, c.process) AS process, t.task, t.kind, t.role, t.assignee, t.opened_at, t.due_at,
       CASE WHEN t.process IS NULL THEN c.stage END AS stage, t.reason, t.source, t.event_id,
       t.due_at < now() AS overdue
FROM (SELECT * FROM ({parts}) AS part ORDER BY due_at, case_id, task LIMIT {limit}) AS t
LEFT JOIN iehe.cases c USING (case_id)
ORDER BY t.due_at, t.case_id, t.task

-- name: tasks_of_cases
SELECT t.case_id, t.key AS task, t.kind, t.role, t.assignee, t.opened_at, t.due_at, NULL::text AS process,
       NULL::text AS reason, NULL::text AS source, NULL::text AS event_id
FROM iehe.tasks t
WHERE t.closed_at IS NULL {filters}
ORDER BY t.due_at, t.case_id, t.key LIMIT {limit}

-- name: neighbours
-- The cases before and after one, each at the place of its first open task.
WITH here AS (
    SELECT t.due_at, t.case_id, t.key FROM iehe.tasks t WHERE t.case_id = {case_id} AND t.closed_at IS NULL {seen}
    ORDER BY t.due_at, t.key LIMIT 1
)
(SELECT false AS after, case_id FROM ({before}) AS found ORDER BY due_at DESC, case_id DESC, key DESC LIMIT 1)
UNION ALL
(SELECT true AS after, case_id FROM ({after}) AS found ORDER BY due_at, case_id, key LIMIT 1)

-- name: neighbour
SELECT t.due_at, t.case_id, t.key FROM iehe.tasks t
WHERE t.closed_at IS NULL AND t.case_id <> {case_id} {filters}
  AND (t.due_at, t.case_id, t.key) {beyond}
      ((SELECT due_at FROM here), (SELECT case_id FROM here), (SELECT key FROM here))
  AND NOT EXISTS (SELECT FROM iehe.tasks f WHERE f.case_id = t.case_id AND f.closed_at IS NULL {own}
                  AND (f.due_at, f.key) < (t.due_at, t.key))
ORDER BY t.due_at {way}, t.case_id {way}, t.key {way} LIMIT 1

-- name: office_tasks
-- Of no case; of a process whose work is seen whole, or of a role that somebody has.
SELECT '' AS case_id, t.key AS task, t.kind, t.roles[1] AS role, NULL::text AS assignee, t.opened_at, t.due_at, t.process,
       NULL::text AS reason, NULL::text AS source, NULL::text AS event_id
FROM iehe.office_tasks t
WHERE t.closed_at IS NULL {filters}
ORDER BY t.due_at, t.key LIMIT {limit}

-- name: dead_letters
-- What cannot be delivered is a task of the office; it may have no case.
SELECT d.* FROM (
    SELECT e.case_id, 'dead-letter:' || e.source || '#' || e.id AS task, 'dead-letter' AS kind, {office}::text AS role,
           NULL::text AS assignee, e.rests_since AS opened_at,
           e.rests_since + (SELECT iehe.look_within({process})) AS due_at, e.process, e.reason, e.source,
           e.id AS event_id
    FROM iehe.events e
    WHERE e.state = 'dead' AND e.process = {process} {since}
    ORDER BY e.rests_since
) AS d
WHERE true {filters}
ORDER BY d.opened_at, d.case_id, d.task LIMIT {limit}

-- name: how_many
SELECT count(*) AS tasks, count(*) FILTER (WHERE is_dead) AS dead_letters FROM ({parts}) AS t

-- name: how_many_of_cases
-- In the order of an index, which alone is read: the open ones may be few, and last, among all that ever were.
SELECT false AS is_dead FROM iehe.tasks t WHERE t.closed_at IS NULL {filters}
ORDER BY t.due_at, t.case_id, t.key LIMIT {limit}

-- name: how_many_of_office
SELECT false AS is_dead FROM iehe.office_tasks t WHERE t.closed_at IS NULL {filters} LIMIT {limit}

-- name: how_many_dead
SELECT true AS is_dead FROM iehe.events e WHERE e.state = 'dead' AND e.process = {process} {since} LIMIT {limit}

-- name: notices
-- Never an address.
SELECT n.notice_id, n.case_id, n.version, n.message, n.channel, n.urgent, n.recipient_kind, n.recipient_id, n.why,
       n.state, n.attempts,
       n.queued_at, n.sent_at, n.reason, n.message_id, n.possible_duplicate,
       CASE WHEN n.state IN ('queued', 'failed') THEN n.held_since END AS held_since, n.revision
FROM iehe.notices n
WHERE n.process = {process} {filters}
ORDER BY n.queued_at DESC, n.notice_id DESC LIMIT {limit}

-- name: events
-- Never their data.
SELECT e.seq, e.source, e.id, e.type, e.process, e.case_id, e.state, e.reason, e.fate, e.code, e.attempts, e.stored_at,
       e.next_try_at, e.waiting_since, e.ended_at, e.handled_by
FROM iehe.event_fates e
WHERE e.process = {process} {filters}
ORDER BY e.seq DESC LIMIT {limit}

-- name: tasks_mark
-- By room, what is another one as soon as a task is opened or closed; read from an index alone.
SELECT room, count(*) AS open, bit_xor(hashtextextended(case_id || ' ' || key, 0)) AS mark
FROM iehe.tasks WHERE closed_at IS NULL GROUP BY room

-- name: own_tasks_mark
SELECT count(*) AS open, bit_xor(hashtextextended(case_id || ' ' || key, 0)) AS mark
FROM iehe.tasks WHERE closed_at IS NULL AND assignee = $1
