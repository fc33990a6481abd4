-- Where a round judges the applications, it may have moved until when they count.

CREATE FUNCTION iehe.admission_closes_at(of_round text, announced timestamptz) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT greatest(announced, (
        SELECT (f.data ->> 'closes_at')::timestamptz FROM iehe.facts f
        WHERE f.type = 'jp.ac.iehe.admission-round.dates-moved' AND f.data ->> 'round_id' = of_round
        ORDER BY f.revision DESC LIMIT 1))
$$;
COMMENT ON FUNCTION iehe.admission_closes_at IS 'The end of a round''s application period: as it was announced, or moved to later.';
