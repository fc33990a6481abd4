-- A case that allocates looks at all its frames at once. One word of what has fallen free is enough: told of each frame below a
-- common one where somebody waits, it took a step for each of them whenever one place came back.

CREATE OR REPLACE FUNCTION iehe.tell_allocators(freed text[], by_case text, by_version integer, moment timestamptz)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.events (source, id, type, process, case_id, envelope, cause_case, cause_version)
    SELECT told.source, told.id, told.type, r.process, f.allocator, jsonb_build_object(
               'source', told.source, 'id', told.id, 'type', told.type, 'occurred_at', moment, 'received_at', moment,
               'data', jsonb_build_object('frame', f.frame)), by_case, by_version
    FROM (SELECT DISTINCT ON (d.allocator) d.frame, d.allocator FROM iehe.frames d
          WHERE d.frame IN (SELECT iehe.frames_down(freed)) AND d.allocator IS DISTINCT FROM by_case
            AND d.allocator IS NOT NULL
            AND (d.frame = ANY (freed) OR EXISTS (
                SELECT FROM iehe.place_queue q WHERE q.frame = d.frame AND q.state = 'waiting'))
          ORDER BY d.allocator, d.frame = ANY (freed) DESC, d.frame) AS f
    JOIN iehe.rooms r ON r.room = split_part(f.allocator, '/', 1)
    CROSS JOIN LATERAL (SELECT 'jp.ac.iehe' AS source, format('places/%s/%s', f.frame, iehe.turn_of(f.frame)) AS id,
                               format('jp.ac.iehe.%s.place-freed', r.process) AS type) AS told
    ORDER BY f.frame
    ON CONFLICT (source, id) DO NOTHING
$$;
