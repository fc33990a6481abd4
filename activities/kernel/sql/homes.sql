-- Where the cases of each room live, as the descriptors of the processes say.

-- name: cannot_move
-- Rooms whose open or stored cases have their workflows elsewhere.
SELECT r.room, r.home FROM iehe.rooms r JOIN unnest($1::text[], $2::text[]) AS said (room, home) USING (room)
WHERE r.home <> said.home AND (
    EXISTS (SELECT FROM iehe.cases c WHERE split_part(c.case_id, '/', 1) = r.room AND c.closed_at IS NULL)
    OR EXISTS (SELECT FROM iehe.case_starts s WHERE split_part(s.case_id, '/', 1) = r.room
               AND NOT EXISTS (SELECT FROM iehe.cases c WHERE c.case_id = s.case_id AND c.version > 0)))
ORDER BY r.room

-- name: move
UPDATE iehe.rooms r SET home = said.home FROM unnest($1::text[], $2::text[]) AS said (room, home)
WHERE r.room = said.room AND r.home <> said.home

-- name: confidential
UPDATE iehe.rooms SET confidential = room = ANY ($1::text[]) WHERE confidential <> (room = ANY ($1::text[]))

-- name: forget_sight
DELETE FROM iehe.sight

-- name: sight
INSERT INTO iehe.sight (process, role, field, concern) SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
