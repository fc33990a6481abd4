-- Applications on their way in. Every application is listed in import_rows by the transaction that stored it.

-- name: lock_imports
SELECT pg_advisory_xact_lock(hashtextextended('iehe/import', 0))

-- name: known_applications
SELECT application_no, row_sha256 FROM iehe.applications WHERE application_no = ANY ($1::text[])

-- name: owners_of_accounts
-- Who is on record under an account: reading and birth date, by identity key.
SELECT identity_key, family_kana, given_kana, birth_date FROM iehe.people
WHERE identity_key = ANY ($1::text[])

-- name: add_batch
-- The clock is read now, under the lock: the order of batches is the order in which they were taken in.
INSERT INTO iehe.import_batches
    (batch_id, file_sha256, round_id, rows, skipped, imported_by, imported_at)
VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp())

-- name: add_starts
INSERT INTO iehe.case_starts (case_id, attributes, starts_itself)
SELECT a.case_id, jsonb_build_object($3::text, a.round_id), $2
FROM iehe.import_rows r JOIN iehe.applications a USING (application_no) WHERE r.batch_id = $1

-- name: make_room_for_people
CREATE TEMPORARY TABLE arriving ON COMMIT DROP AS SELECT *, 0 AS place FROM iehe.people WITH NO DATA

-- name: take_in_people
-- The latest application tells how a person is reached now.
INSERT INTO iehe.people AS known (person_id, identity_key, account, family_name, given_name, family_kana, given_kana, birth_date, sex, email,
    phone, postal_code, address, guardian_name, language)
SELECT DISTINCT ON (identity_key) person_id, identity_key, account, family_name, given_name, family_kana, given_kana, birth_date, sex, email,
    phone, postal_code, address, guardian_name, language
FROM arriving ORDER BY identity_key, place DESC
ON CONFLICT (identity_key) DO UPDATE
SET family_name = excluded.family_name, given_name = excluded.given_name, sex = excluded.sex,
    email = excluded.email, phone = excluded.phone, postal_code = excluded.postal_code,
    address = excluded.address, guardian_name = excluded.guardian_name, language = excluded.language

-- name: leave_room
DROP TABLE arriving

-- name: people_that_arrived
SELECT identity_key, person_id FROM iehe.people WHERE identity_key IN (SELECT identity_key FROM arriving)

-- name: batch_of_body
SELECT batch_id FROM iehe.import_batches WHERE file_sha256 = $1 AND imported_by = $2
ORDER BY imported_at DESC, batch_id LIMIT 1

-- name: batch_progress
SELECT b.batch_id, b.round_id, b.imported_at, count(r.application_no) AS stored, count(s.started_at) AS started
FROM iehe.import_batches b LEFT JOIN iehe.import_rows r USING (batch_id)
LEFT JOIN iehe.applications a USING (application_no) LEFT JOIN iehe.case_starts s USING (case_id)
WHERE b.batch_id = $1 GROUP BY b.batch_id

-- name: column_mappings
SELECT header_sha256, mapping::text FROM iehe.column_mappings WHERE kind = $1

-- name: keep_column_mapping
INSERT INTO iehe.column_mappings (kind, header_sha256, mapping, kept_by) VALUES ($1, $2, $3::text::jsonb, $4)
ON CONFLICT (kind, header_sha256) DO UPDATE
SET mapping = excluded.mapping, kept_by = excluded.kept_by, kept_at = now()

-- name: rounds
SELECT r.round_id, r.title_ja, r.title_en,
       iehe.admission_closes_at(r.round_id, r.closes_at) AS closes_at,
       array_remove(array_agg(p.programme ORDER BY p.programme), NULL) AS programmes
FROM iehe.rounds r LEFT JOIN iehe.round_places p USING (round_id)
GROUP BY r.round_id ORDER BY r.round_id

-- name: imports
SELECT b.*, counted.stored, counted.stored - counted.waiting AS started
FROM (SELECT batch_id, file_sha256, round_id, rows, skipped, imported_by, imported_at FROM iehe.import_batches
      ORDER BY imported_at DESC, batch_id LIMIT $1) AS b
CROSS JOIN LATERAL (
    SELECT (SELECT count(*) FROM iehe.import_rows r WHERE r.batch_id = b.batch_id) AS stored,
           (SELECT count(*) FROM iehe.import_rows r JOIN iehe.applications a USING (application_no)
            JOIN iehe.case_starts s USING (case_id) WHERE r.batch_id = b.batch_id AND s.started_at IS NULL) AS waiting
    OFFSET 0
) AS counted
ORDER BY b.imported_at DESC, b.batch_id

-- name: cases_of_batches
-- What some imports have stored, in the order of the file, so many of them.
SELECT r.row, a.application_no, a.case_id, a.round_id, s.started_at IS NOT NULL AS started, c.stage
FROM iehe.import_rows r JOIN iehe.applications a USING (application_no)
LEFT JOIN iehe.case_starts s USING (case_id) LEFT JOIN iehe.cases c ON c.case_id = a.case_id AND c.version > 0
WHERE r.batch_id = ANY ($1::uuid[]) ORDER BY r.row, a.application_no LIMIT $2

-- name: let_start
-- From now on the relay starts them; what has a case is not asked for.
UPDATE iehe.case_starts s SET starts_itself = true
FROM iehe.applications a
WHERE a.application_no = ANY ($1::text[]) AND s.case_id = a.case_id AND NOT s.starts_itself
  AND NOT EXISTS (SELECT FROM iehe.cases c WHERE c.case_id = s.case_id AND c.version > 0)
