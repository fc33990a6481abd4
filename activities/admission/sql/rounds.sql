-- Rounds of selection, and the places of each programme in them.

-- name: rounds
SELECT r.*,
       (SELECT coalesce(sum(p.places), 0) FROM iehe.round_places p WHERE p.round_id = r.round_id) AS places,
       (SELECT count(*) FROM iehe.applications a WHERE a.round_id = r.round_id) AS applications
FROM iehe.rounds r ORDER BY opens_at, round_id

-- name: places
SELECT p.programme, p.places,
       (SELECT count(*) FROM iehe.applications a JOIN iehe.cases c USING (case_id)
        WHERE a.round_id = p.round_id AND a.programme = p.programme
          AND c.stage IN ('offered', 'accepted', 'enrolled')) AS taken
FROM iehe.round_places p WHERE p.round_id = $1 ORDER BY p.programme

-- name: set_places
INSERT INTO iehe.round_places (round_id, programme, places) VALUES ($1, $2, $3)
ON CONFLICT (round_id, programme) DO UPDATE SET places = excluded.places

-- name: is_round
SELECT EXISTS (SELECT FROM iehe.rounds WHERE round_id = $1)

-- name: has_route
SELECT EXISTS (SELECT FROM iehe.policies WHERE body -> 'routes' ? $1)

-- name: routes
SELECT DISTINCT jsonb_object_keys(body -> 'routes') AS route FROM iehe.policies WHERE process = $1 ORDER BY 1

-- name: versions
SELECT version, valid_from FROM iehe.policies WHERE process = $1 AND body -> 'routes' ? $2
ORDER BY valid_from DESC, loaded_at DESC, version DESC
