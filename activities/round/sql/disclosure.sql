-- Disclosure of scores: who has asked, which columns are checked, what one person's scores are.

-- name: applicant
-- Whether an application is one of the round, and whether a list that is out has a line of it.
SELECT EXISTS (SELECT FROM iehe.result_lines n JOIN iehe.result_lists l USING (list)
               WHERE n.subject = a.application AND l.case_id = a.case_id AND iehe.is_out(l.release)) AS listed
FROM iehe.round_applications a WHERE a.case_id = $1 AND a.application = $2

-- name: examinee
SELECT EXISTS (SELECT FROM iehe.round_applications WHERE case_id = $1 AND number = $2)

-- name: column_checks
-- Columns that are being checked.
SELECT part, number, doubted_by, doubted_at FROM iehe.round_column_checks
WHERE case_id = $1 AND result IS NULL ORDER BY part

-- name: request
SELECT d.case_id, d.application, a.number, d.requested_at, d.state, d.reason, d.disclosed_at, iehe.clock() AS now,
       c.process, c.state AS stored
FROM iehe.round_disclosures d JOIN iehe.round_applications a USING (case_id, application) JOIN iehe.cases c USING (case_id)
WHERE d.application = $1 AND ($2::text IS NULL OR d.case_id = $2) ORDER BY d.requested_at DESC LIMIT 1

-- name: own_lines
SELECT programme, number, hash, line FROM iehe.round_own_lines($1, $2, $3) ORDER BY (line ->> 'choice')::int, programme

-- name: own_values
SELECT part, state, value, answer_order FROM iehe.batch_values
WHERE case_id = $1 AND number = $2 AND kind <> ALL ($3::text[]) ORDER BY part

-- name: disclosed
SELECT iehe.round_disclosed($1, $2, $3)

-- name: open_column
INSERT INTO iehe.round_column_reads (case_id, part, staff_id) VALUES ($1, $2, $3)

-- name: column
-- Every value that counts beside the one that its file has in that row.
SELECT v.number, v.kind, v.state, v.value, v.batch, v.file_row AS row, v.proposal, r.state AS file_state, r.value AS file_value
FROM iehe.batch_values v
LEFT JOIN iehe.batch_rows r ON r.batch = v.batch AND r.number = v.number AND r.part = v.part
WHERE v.case_id = $1 AND v.part = $2 AND v.kind <> ALL ($3::text[]) ORDER BY v.number, v.kind
