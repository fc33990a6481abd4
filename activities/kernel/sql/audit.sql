-- What auditors look through, the newest first; put together by cases/audit.py. Rooms that are not shown are said as
-- what is left out: the planner takes it for little, and stays on the index.

-- name: administration
SELECT l.entry, l.at, l.actor, l.act, l.subject, l.details FROM iehe.administration_log l
WHERE true {filters} ORDER BY l.entry DESC LIMIT {limit}

-- name: steps
-- Codes and times, never words.
SELECT l.at, l.case_id, l.version, l.step, l.from_stage, l.stage, l.actor_kind, l.actor_id FROM iehe.case_log l
WHERE split_part(l.case_id, '/', 1) <> ALL ({others}::text[]) {filters}
ORDER BY l.at DESC, l.case_id DESC, l.version DESC LIMIT {limit}

-- name: openings
SELECT r.read, r.at, r.case_id, r.staff_id, r.what, r.by_right FROM iehe.case_reads r
WHERE r.what <> ALL ({passing}::text[]) AND split_part(r.case_id, '/', 1) <> ALL ({others}::text[]) {filters}
ORDER BY r.read DESC LIMIT {limit}

-- name: reads
SELECT r.read, r.at, r.case_id, r.staff_id, r.what, r.by_right FROM iehe.case_reads r
WHERE split_part(r.case_id, '/', 1) <> ALL ({others}::text[]) {filters} ORDER BY r.read DESC LIMIT {limit}
