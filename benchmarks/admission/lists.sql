-- Fills a database with cases and what lists show of them, as sample data: $1 cases, one in ten of them open.
-- Made by arithmetic, so that two runs have the same rows.

-- name: rounds
INSERT INTO iehe.rounds (round_id, route, title_ja, title_en, opens_at, closes_at, enrol_by, waitlist_until)
SELECT 'sample-' || n, 'general', 'sample', 'sample', now(), now() + interval '1 day', current_date, current_date
FROM generate_series(0, 29) n

-- name: batches
INSERT INTO iehe.import_batches (batch_id, file_sha256, round_id, rows, imported_by, imported_at)
SELECT md5('batch' || n)::uuid, n::text, 'sample-' || n * 30 / 200, $1::bigint / 200, 'office-1',
       now() - make_interval(days => 200 - n)
FROM generate_series(0, 199) n

-- name: staff
INSERT INTO iehe.staff (staff_id, name, email, roles)
SELECT r.role || '-' || n, 'sample', r.role || n || '@example.ac.jp', ARRAY[r.role]
FROM generate_series(0, 399) n CROSS JOIN (VALUES ('reviewer', 400), ('committee_member', 400)) AS r (role, most)
WHERE n < r.most

-- name: people
INSERT INTO iehe.people (person_id, identity_key, family_name, given_name, family_kana, given_kana, birth_date,
                         email, postal_code, address)
SELECT md5('person' || n)::uuid, 'sample' || n, 'sample', n::text, 'サンプル', 'サンプル',
       date '2000-04-02' + (n * 3650 / $1::bigint)::int + (n * 7919 % 365)::int, n || '@example.com', '980-0000', 'sample'
FROM generate_series(1, $1::bigint) n

-- name: applications
INSERT INTO iehe.applications (application_no, case_id, round_id, programme, person_id, school_name, submitted_on,
                               row_sha256)
SELECT 'A' || lpad(n::text, 8, '0'), 'admission/A' || lpad(n::text, 8, '0'), 'sample-' || (n - 1) * 30 / $1::bigint,
       'programme-' || n % 9, md5('person' || n)::uuid, 'sample', current_date, ''
FROM generate_series(1, $1::bigint) n

-- name: import_rows
INSERT INTO iehe.import_rows (application_no, batch_id, row)
SELECT 'A' || lpad(n::text, 8, '0'), md5('batch' || (n - 1) * 200 / $1::bigint)::uuid, n
FROM generate_series(1, $1::bigint) n

-- name: case_starts
INSERT INTO iehe.case_starts (case_id, started_at) SELECT 'admission/A' || lpad(n::text, 8, '0'), now()
FROM generate_series(1, $1::bigint) n

-- name: cases
-- The last tenth is open, but for one in a hundred; of the others one in a thousand is.
INSERT INTO iehe.cases (case_id, process, version, stage, stage_since, opened_at, waiting_for, due_at, outcome,
                        outcome_by, closed_at, state)
SELECT 'admission/A' || lpad(n::text, 8, '0'), 'admission-review', 20, s.stage, now(),
       now() - make_interval(mins => ($1::bigint - n)::int), s.waits_for,
       CASE WHEN s.is_open THEN now() + make_interval(mins => (n * 7919 % 40000)::int - 4000) END, s.outcome,
       CASE WHEN NOT s.is_open THEN 'person' END, CASE WHEN NOT s.is_open THEN now() END,
       jsonb_build_object('path', ARRAY['submitted', s.stage], 'remembered', repeat('sample ', 50))
FROM generate_series(1, $1::bigint) n
CROSS JOIN LATERAL (
    SELECT CASE WHEN n > $1::bigint * 9 / 10 THEN n % 100 <> 0 ELSE n % 1000 = 0 END AS is_open
) AS o
CROSS JOIN LATERAL (
    SELECT o.is_open, w.stage, w.waits_for, CASE WHEN NOT o.is_open THEN w.stage END AS outcome
    FROM (VALUES (true, 0, 'completeness', 'applicant'), (true, 1, 'completeness', 'applicant'),
                 (true, 2, 'eligibility', 'admissions_office'), (true, 3, 'review', 'reviewer'),
                 (true, 4, 'review', 'reviewer'), (true, 5, 'committee', 'committee_member'),
                 (true, 6, 'offered', 'applicant'), (true, 7, 'waitlisted', 'round'),
                 (false, 0, 'enrolled', NULL), (false, 1, 'enrolled', NULL), (false, 2, 'declined', NULL),
                 (false, 3, 'released', NULL), (false, 4, 'released', NULL), (false, 5, 'released', NULL),
                 (false, 6, 'lapsed', NULL), (false, 7, 'withdrawn', NULL)) AS w (is_open, place, stage, waits_for)
    WHERE w.is_open = o.is_open AND w.place = n / 10 % 8
) AS s

-- name: people_of_cases
-- Nobody judges more than so many cases in their life: of a million some 12,000 each.
INSERT INTO iehe.case_people (staff_id, case_id, role)
SELECT r.role || '-' || (n * r.step + k) % r.most, 'admission/A' || lpad(n::text, 8, '0'), r.role
FROM generate_series(1, $1::bigint) n
CROSS JOIN (VALUES ('reviewer', 400, 3, 7), ('committee_member', 400, 5, 11)) AS r (role, most, each, step)
CROSS JOIN LATERAL generate_series(1, r.each) k

-- name: tasks
-- Two for each open case, and one done for every tenth.
INSERT INTO iehe.tasks (case_id, key, opened_version, kind, role, assignee, opened_at, due_at, closed_at)
SELECT c.case_id, t.kind || ':' || t.place, 1, t.kind, t.role, CASE WHEN t.role <> 'admissions_office'
       THEN t.role || '-' || (hashtext(c.case_id) & 65535) % t.most END, now(),
       coalesce(c.due_at, now()) + make_interval(secs => t.place), c.closed_at
FROM iehe.cases c
CROSS JOIN LATERAL (VALUES (1, 'look', 'admissions_office', 1),
                           (2, 'review', 'reviewer', 400), (3, 'vote', 'committee_member', 400))
    AS t (place, kind, role, most)
WHERE CASE WHEN c.closed_at IS NULL THEN t.place <> CASE WHEN c.stage = 'committee' THEN 2 ELSE 3 END
           ELSE t.place = 1 AND c.case_id LIKE '%0' END

-- name: notices
INSERT INTO iehe.notices (notice_id, case_id, version, process, message, recipient_kind, recipient_id, facts, state,
                          queued_at)
SELECT encode(sha256(convert_to(n::text, 'UTF8')), 'hex'), 'admission/A' || lpad(n::text, 8, '0'), 1, 'admission-review',
       'enrolled', 'applicant', 'A' || lpad(n::text, 8, '0'), '{}',
       CASE WHEN n % 500 = 0 THEN 'dead' WHEN n % 700 = 0 THEN 'unknown' WHEN n % 50 = 0 THEN 'suppressed'
            WHEN n % 999 = 0 THEN 'queued' ELSE 'accepted' END,
       now() - make_interval(secs => ($1::bigint - n) * 30)
FROM generate_series(1, $1::bigint) n

-- name: events
-- Of five a case only the last one is kept here: most of them were applied, some refused, dead or dropped; one in five
-- is stored and not due.
INSERT INTO iehe.events (source, id, type, process, case_id, envelope, state, reason, attempts, taken, refused, ended_at,
                         next_try_at, stored_at)
SELECT 'urn:sample:' || CASE WHEN n % 5000 = 0 THEN 'rare' ELSE (n % 4)::text END, 'e' || n, 'sample.fee-paid',
       'admission-review', 'admission/A' || lpad(n::text, 8, '0'), '{"data": {}}', s.state,
       CASE WHEN s.state IN ('stored', 'dead') THEN 'waiting-for-case' END, 1, s.state = 'delivered',
       s.state = 'delivered' AND n % 90 = 0, CASE WHEN s.state <> 'stored' THEN now() - make_interval(secs => n % 600000) END,
       now() + interval '1 hour' + make_interval(secs => n % 3600), now() - make_interval(secs => $1::bigint - n)
FROM generate_series(1, $1::bigint) n
CROSS JOIN LATERAL (SELECT CASE WHEN n % 5 = 0 THEN 'stored' WHEN n % 101 = 0 THEN 'dead' WHEN n % 401 = 0 THEN 'dropped'
                                ELSE 'delivered' END AS state) AS s

-- name: log
INSERT INTO iehe.case_log (case_id, version, at, step, from_stage, stage, actor_kind, actor_id, cause, details,
                           prev_hash, hash)
SELECT e.case_id, 1, now(), CASE WHEN e.refused THEN 'refuse-event' ELSE 'take-event' END, '', '', 'system', 'system',
       e.source || '#' || e.id, '{"code": "sample"}', '', ''
FROM iehe.events e WHERE e.state = 'delivered'
