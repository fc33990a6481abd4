-- What the exchange office looks at, and what its files are checked by.

-- name: policy
-- The rules in force on a day.
SELECT p.version, route.route FROM iehe.policies p, jsonb_object_keys(p.body -> 'routes') AS route (route)
WHERE p.process = 'exchange-onboarding' AND p.valid_from <= $1
ORDER BY p.valid_from DESC, p.loaded_at DESC, p.version DESC LIMIT 1

-- name: agreements
-- Agreements with what is given of them.
SELECT a.term, a.agreement, a.partner, a.faculty, a.persons, a.months,
       p.held + p.offered + p.taken AS persons_given, m.held + m.offered + m.taken AS months_given
FROM iehe.exchange_agreements a
LEFT JOIN iehe.frames p ON p.frame = iehe.exchange_frame(a.term, a.agreement, a.faculty, 'persons')
LEFT JOIN iehe.frames m ON m.frame = iehe.exchange_frame(a.term, a.agreement, a.faculty, 'months')
WHERE $1::text IS NULL OR a.term = $1
ORDER BY a.term, a.partner, a.agreement, a.faculty <> 'all', a.faculty

-- name: partners
SELECT partner FROM iehe.exchange_partners

-- name: load_agreements
SELECT iehe.exchange_load_agreements($1)

-- name: known
-- Personal: what nominations are compared with, of every term.
SELECT m.case_id, m.partner, m.term, m.number, m.mobility LIKE 'file:%' AS from_file, c.closed_at IS NOT NULL AS closed,
       m.revision, m.family, m.given, m.born, m.nationality, m.mail, m.agreement, m.faculty, m.first, m.last, m.months,
       m.language, m.needs_coe
FROM iehe.exchange_mobilities m LEFT JOIN iehe.cases c USING (case_id)
WHERE m.erased_at IS NULL

-- name: change
SELECT iehe.exchange_change($1, $2, $3)

-- name: suggest_match
SELECT iehe.exchange_suggest_match($1, $2)

-- name: decide_match
SELECT iehe.exchange_decide_match($1, $2, $3, $4)

-- name: matches
-- Personal: who may be one person, undecided first.
SELECT x.one, x.other, x.suggested_at, x.same, x.decided_by, x.decided_at,
       a.family AS one_family, a.given AS one_given, a.born AS one_born, a.partner AS one_partner,
       b.family AS other_family, b.given AS other_given, b.born AS other_born, b.partner AS other_partner
FROM iehe.exchange_matches x
LEFT JOIN iehe.exchange_mobilities a ON a.case_id = x.one
LEFT JOIN iehe.exchange_mobilities b ON b.case_id = x.other
WHERE $1 OR x.same IS NULL
ORDER BY x.same IS NOT NULL, x.suggested_at, x.one, x.other

-- name: pipeline
-- Students by stage and home university; deferred ones count where they went.
SELECT m.term, m.partner, c.stage, count(*)::int AS students
FROM iehe.cases c JOIN iehe.exchange_mobilities m USING (case_id)
WHERE c.process = 'exchange-onboarding' AND ($1::text IS NULL OR m.term = $1)
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3

-- name: board
-- Who stands where on a track, since when; of open cases. Nothing personal.
SELECT c.case_id, m.term, m.partner, m.faculty, c.stage, c.state #>> ARRAY['tracks', $1::text] AS at,
       coalesce((SELECT max(l.at) FROM iehe.case_log l WHERE l.case_id = c.case_id AND l.details ? $1), c.opened_at) AS since,
       c.state ->> 'coe_batch' AS batch, m.first
FROM iehe.cases c JOIN iehe.exchange_mobilities m USING (case_id)
WHERE c.process = 'exchange-onboarding' AND c.closed_at IS NULL AND ($2::text IS NULL OR m.term = $2)
  AND c.state -> 'tracks' ? $1
ORDER BY m.term, at, since, c.case_id

-- name: immigration_list
-- Personal: who is here on a day (X16).
SELECT m.case_id, m.student_no, m.family, m.given, m.born, m.nationality, m.partner, m.faculty, m.arrived_on,
       coalesce(m.left_on, m.stays_last, m.last) AS until,
       EXISTS (SELECT FROM iehe.exchange_absences a
               WHERE a.case_id = m.case_id AND a.first <= $1 AND coalesce(a.last, $1) >= $1) AS absent
FROM iehe.exchange_mobilities m
WHERE m.arrived_on <= $1 AND (m.left_on IS NULL OR m.left_on > $1) AND m.erased_at IS NULL
  AND NOT EXISTS (SELECT FROM iehe.cases c WHERE c.case_id = m.case_id AND c.stage = 'early-return'
                  AND (c.state ->> 'left_on')::date <= $1)
ORDER BY m.student_no, m.case_id

-- name: list_reported
SELECT iehe.exchange_list_reported($1)

-- name: ask_for_list
SELECT opened FROM iehe.exchange_ask_for_list($1)

-- name: batch
-- Personal: who was filed for in a batch, and the last result of each after that.
SELECT m.case_id, concat_ws(' ', m.family, m.given) AS name, m.born, c.closed_at IS NOT NULL AS ended,
       r.result, r.on_day AS "on"
FROM iehe.exchange_mobilities m JOIN iehe.cases c USING (case_id)
CROSS JOIN LATERAL (
    SELECT max(f.version) AS version FROM iehe.exchange_coe f WHERE f.case_id = m.case_id AND f.batch = $1) AS f
LEFT JOIN LATERAL (
    SELECT e.result, e.on_day FROM iehe.exchange_coe e
    WHERE e.case_id = m.case_id AND e.version > f.version AND e.result IS NOT NULL
    ORDER BY e.version DESC LIMIT 1) AS r ON true
WHERE f.version IS NOT NULL
ORDER BY m.case_id
