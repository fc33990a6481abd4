-- The end of a round: what is still open, who has enrolled, what it sums up to.

-- name: end
-- Places are looked at in the ledger, applications as they have told where they stand.
SELECT count(*) FILTER (WHERE s.standing = ANY ($2::text[]))::int AS drafts,
       count(*) FILTER (WHERE s.standing = ANY ($3::text[]))::int AS incomplete,
       count(*) FILTER (WHERE s.standing = ANY ($4::text[]))::int AS undecided,
       count(*) FILTER (WHERE s.standing = ANY ($5::text[]))::int AS enrolling,
       count(*) FILTER (WHERE s.fee = 'due-back')::int AS refunds,
       (SELECT coalesce(max(f.offered), 0) FROM iehe.frames f WHERE f.frame = $1)::int AS offers,
       (SELECT count(*) FROM iehe.round_waitlist w WHERE w.case_id = $1 AND w.state IN ('waiting', 'calling'))::int AS waiting,
       (SELECT count(*) FROM iehe.round_standings e FULL JOIN (
            SELECT t.application FROM iehe.round_students t WHERE t.case_id = $1
            AND t.in_file = (SELECT max(f.file) FROM iehe.round_files f WHERE f.case_id = $1)) AS t
            ON t.application = e.application AND e.case_id = $1
        WHERE coalesce(e.case_id, $1) = $1
          AND (e.standing = 'enrolled' AND t.application IS NULL
               OR t.application IS NOT NULL AND e.standing IS DISTINCT FROM 'enrolled'))::int AS not_handed_over
FROM iehe.round_standings s WHERE s.case_id = $1

-- name: end_to_tell
SELECT s.application FROM iehe.round_standings s
WHERE s.case_id = $1 AND s.standing = ANY ($2::text[]) AND s.told_version IS NULL ORDER BY s.application LIMIT $3

-- name: lock_numbers
-- Whoever gives students their numbers in a year does so alone.
SELECT pg_advisory_xact_lock(hashtextextended('student-numbers', $1::bigint))

-- name: enrolled
-- With the frame in which the ledger has their place, where it has one.
SELECT s.application, s.number, (
           SELECT substr(l.frame, length(s.case_id) + 2) FROM iehe.place_lines l JOIN iehe.places p USING (place)
           WHERE p.place = s.case_id || '#' || s.number AND p.state = 'taken' AND l.live LIMIT 1) AS frame,
       t.student_no, t.serial
FROM iehe.round_standings s LEFT JOIN iehe.round_students t USING (case_id, application)
WHERE s.case_id = $1 AND s.standing = 'enrolled' ORDER BY s.number

-- name: last_serials
SELECT code, max(serial) AS last FROM iehe.round_students WHERE year = $1 AND code = ANY ($2::text[]) GROUP BY code

-- name: newest_file
SELECT f.file, f.content, f.rows, f.made_by, f.made_at, f.body FROM iehe.round_files f
WHERE f.case_id = $1 ORDER BY f.file DESC LIMIT 1

-- name: bodies_out
SELECT DISTINCT ON (l.name) l.body FROM iehe.result_lists l
WHERE l.case_id = $1 AND iehe.is_out(l.release) AND NOT iehe.round_of_first_stage(l.case_id, l.name)
ORDER BY l.name, l.number DESC

-- name: sums
-- In persons, each once, whatever they chose.
WITH out AS MATERIALIZED (
    -- of a choice the newest line counts: a correction list has the wronged alone, and of a programme with several frames
    -- somebody may have chosen more than one
    SELECT DISTINCT ON (n.subject, l.name, n.result ->> 'choice') n.subject, n.result ->> 'verdict' AS verdict
    FROM iehe.result_lists l JOIN iehe.result_lines n USING (list)
    WHERE l.case_id = $1 AND iehe.is_out(l.release) AND NOT iehe.round_of_first_stage(l.case_id, l.name)
    ORDER BY n.subject, l.name, n.result ->> 'choice', l.number DESC
), given AS MATERIALIZED (
    SELECT p.case_id AS subject, p.state FROM iehe.places p WHERE starts_with(p.place, $1 || '#')
)
SELECT (SELECT count(DISTINCT o.subject) FROM out o)::int AS applicants,
       (SELECT count(DISTINCT o.subject) FROM out o WHERE o.verdict NOT IN ('not-ranked', 'not-passed'))::int AS ranked,
       (SELECT count(DISTINCT o.subject) FROM out o WHERE o.verdict = 'admitted')::int AS admitted,
       (SELECT count(DISTINCT w.application) FROM iehe.round_waitlist w JOIN iehe.round_waitlist_log g USING (case_id, entry)
        WHERE w.case_id = $1 AND g.to_state = 'offered'
          AND NOT EXISTS (SELECT FROM out o WHERE o.subject = w.application AND o.verdict = 'admitted'))::int AS promoted,
       (SELECT count(*) FROM iehe.round_rejudged j WHERE j.case_id = $1 AND j.given IN ('extra', 'moved'))::int AS rejudged,
       (SELECT count(*) FROM given)::int AS given,
       (SELECT count(*) FROM iehe.round_standings s WHERE s.case_id = $1 AND s.standing = 'enrolled')::int AS enrolled,
       (SELECT count(*) FROM given g WHERE g.state IN ('released', 'declined'))::int AS declined,
       (SELECT count(*) FROM given g WHERE g.state = 'lapsed')::int AS lapsed,
       (SELECT count(*) FROM given g WHERE g.state IN ('held', 'offered'))::int AS open

-- name: programme_sums
SELECT l.name AS programme, (l.counts ->> 'applicants')::int AS applicants, (l.counts ->> 'ranked')::int AS ranked,
       (l.counts ->> 'admitted')::int AS admitted, (l.counts ->> 'waitlisted')::int AS waitlisted,
       (SELECT count(*) FROM iehe.round_students t WHERE t.case_id = l.case_id AND t.programme = l.name
        AND t.in_file = (SELECT max(f.file) FROM iehe.round_files f WHERE f.case_id = $1))::int AS enrolled
FROM (SELECT DISTINCT ON (r.name) r.* FROM iehe.result_lists r
      WHERE r.case_id = $1 AND iehe.is_out(r.release) AND NOT iehe.round_of_first_stage(r.case_id, r.name)
      ORDER BY r.name, r.number DESC) AS l ORDER BY l.name

-- name: summary
SELECT convert_from(body, 'UTF8') AS body, hash, made_by, made_at FROM iehe.round_summaries WHERE case_id = $1 ORDER BY version DESC LIMIT 1

-- name: comparisons
SELECT output, content, compared_by, compared_at FROM iehe.round_comparisons WHERE case_id = $1 ORDER BY version
