-- A decision that is to be taken back, and what has come of it.

-- name: step_taken
SELECT iehe.step_taken($1, $2)
