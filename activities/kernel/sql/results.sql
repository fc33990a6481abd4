-- Lists of results: as a step sees them, and who is still to be told.

-- name: lock
SELECT FROM iehe.result_lists WHERE case_id = $1 AND state <> 'withdrawn' ORDER BY list FOR UPDATE

-- name: lists
-- Of each name the one that counts: on its way, else out.
SELECT DISTINCT ON (l.name) jsonb_build_object(
    'list', l.list, 'name', l.name, 'number', l.number, 'inputs', l.inputs, 'rules', l.rules, 'hash', l.hash,
    'counts', l.counts, 'prepared_by', l.prepared_by, 'confirmed_by', l.confirmed_by, 'release', l.release,
    'state', CASE WHEN l.release IS NULL THEN l.state WHEN iehe.is_out(l.release) THEN 'out' ELSE 'scheduled' END) AS found
FROM iehe.result_lists l WHERE l.case_id = $1 AND l.state <> 'withdrawn'
ORDER BY l.name, l.number DESC

-- name: untold
SELECT jsonb_build_object('list', n.list, 'line', n.line, 'subject', n.subject, 'result', n.result) AS found
FROM iehe.result_lists l JOIN iehe.releases r USING (release) JOIN iehe.result_lines n USING (list)
WHERE l.case_id = $1 AND r.state = 'scheduled' AND r.hour <= iehe.clock() AND n.told_version IS NULL
ORDER BY n.list, n.line LIMIT $2

-- name: released_lines
SELECT jsonb_build_object('list', f.list, 'name', f.name, 'number', f.number, 'hash', f.hash, 'hour', f.hour,
                          'result', f.result) AS found
FROM iehe.released_lines($1) f ORDER BY f.list

-- name: open
SELECT * FROM iehe.open_result_list($1, $2)

-- name: clock
SELECT iehe.clock()
