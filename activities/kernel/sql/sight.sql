-- Who sees what of which case, and who has read it: iehe.rights_of answers.

-- name: fields
SELECT DISTINCT field FROM iehe.rights_of($1, $2)

-- name: note_reads
SELECT iehe.note_reads($1::text[], $2, $3)
