-- Who had what made readable for the Temporal UI.

-- name: note_decodings
INSERT INTO iehe.decodings (reader, data_class, payloads, refused)
SELECT $1, noted.data_class, noted.payloads, noted.refused
FROM unnest($2::text[], $3::integer[], $4::boolean[]) AS noted (data_class, payloads, refused)
