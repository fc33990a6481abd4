-- A place that is owed is extra, whether something is free or not: it takes nothing that others wait for, and frees nothing when
-- it comes back. Each line says whether it was given so; frames count such lines among what is given out, and beside it.

ALTER TABLE iehe.place_lines ADD COLUMN beyond boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN iehe.place_lines.beyond IS 'Given beyond the limits: it takes nothing of what may be given out, and frees nothing.';

ALTER TABLE iehe.frames
    ADD COLUMN extra numeric NOT NULL DEFAULT 0 CHECK (extra >= 0),
    DROP CONSTRAINT frames_within_limit,
    ADD CONSTRAINT frames_within_limit CHECK (held + offered + taken - extra <= greatest(limit_, excess));
COMMENT ON COLUMN iehe.frames.extra IS
    'How much of what is held, offered and taken was given beyond the limit, with that of the frames below: kept by a trigger of '
    'iehe.place_lines.';
COMMENT ON COLUMN iehe.frames.excess IS
    'So much is given out of a limit that was lowered below it, what is extra left out; it only falls, with what is given back: '
    'nothing is given out again until the limit allows it.';

CREATE FUNCTION iehe.left_of(f iehe.frames) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT f.limit_ - (f.held + f.offered + f.taken - f.extra)
$$;
COMMENT ON FUNCTION iehe.left_of IS
    'How much of a frame may still be given out, whatever is left above it; less than nothing where the limit was lowered.';

CREATE OR REPLACE FUNCTION iehe.free_in(of_frame text) RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT min(iehe.left_of(f)) FROM iehe.frames f WHERE f.frame IN (SELECT iehe.frames_up(ARRAY[of_frame]))
$$;

-- in the frame and in all above it
DROP FUNCTION iehe.count_in(text, text, text, numeric);
CREATE FUNCTION iehe.count_in(of_frame text, was text, now_is text, amount numeric, beyond boolean) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    was_live boolean := coalesce(was, '') IN ('held', 'offered', 'taken');
    is_live  boolean := coalesce(now_is, '') IN ('held', 'offered', 'taken');
    more     numeric := amount * (is_live::int - was_live::int);
BEGIN
    UPDATE iehe.frames f
    SET held    = f.held    + amount * ((coalesce(now_is, '') = 'held')::int    - (coalesce(was, '') = 'held')::int),
        offered = f.offered + amount * ((coalesce(now_is, '') = 'offered')::int - (coalesce(was, '') = 'offered')::int),
        taken   = f.taken   + amount * ((coalesce(now_is, '') = 'taken')::int   - (coalesce(was, '') = 'taken')::int),
        extra   = f.extra   + CASE WHEN beyond THEN more ELSE 0 END,
        excess  = least(f.excess, f.held + f.offered + f.taken - f.extra + CASE WHEN beyond THEN 0 ELSE more END),
        turn    = f.turn    + (was_live AND NOT is_live)::int
    WHERE f.frame IN (SELECT iehe.frames_up(ARRAY[of_frame]));
END
$$;

CREATE OR REPLACE FUNCTION iehe.count_places() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (OLD.frame, OLD.amount, OLD.beyond) = (NEW.frame, NEW.amount, NEW.beyond) THEN
        PERFORM iehe.count_in(NEW.frame, OLD.state, NEW.state, NEW.amount, NEW.beyond);
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        PERFORM iehe.count_in(OLD.frame, OLD.state, NULL, OLD.amount, OLD.beyond);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM iehe.count_in(NEW.frame, NULL, NEW.state, NEW.amount, NEW.beyond);
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION iehe.put_lines(this iehe.places, lines jsonb, beyond boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    line record;
    full_one record;
BEGIN
    DELETE FROM iehe.place_lines l WHERE l.place = this.place;
    FOR line IN SELECT * FROM jsonb_to_recordset(lines)
        AS l (frame text, amount numeric, unit text, first date, until date)
    LOOP
        IF NOT EXISTS (SELECT FROM iehe.frames f WHERE f.frame = line.frame AND f.process = this.process) THEN
            PERFORM iehe.refuse('frame-unknown', jsonb_build_object('frame', line.frame));
        ELSIF line.until <= line.first OR line.first IS NULL AND coalesce(line.unit, line.until::text) IS NOT NULL THEN
            PERFORM iehe.refuse('place-span-empty', jsonb_build_object('first', line.first, 'until', line.until));
        END IF;
        SELECT f.frame, iehe.left_of(f) AS free INTO full_one
        FROM iehe.frames f
        WHERE NOT beyond AND f.frame IN (SELECT iehe.frames_up(ARRAY[line.frame]))
          AND iehe.left_of(f) < line.amount ORDER BY 2, 1 LIMIT 1;
        IF FOUND THEN
            PERFORM iehe.refuse('frame-full', jsonb_build_object(
                'frame', full_one.frame, 'free', trim_scale(full_one.free), 'amount', trim_scale(line.amount)));
        END IF;
        BEGIN
            INSERT INTO iehe.place_lines (place, state, process, frame, amount, unit, during, beyond)
            VALUES (this.place, this.state, this.process, line.frame, line.amount, line.unit,
                    CASE WHEN line.first IS NOT NULL THEN daterange(line.first, line.until) END, put_lines.beyond);
        EXCEPTION WHEN exclusion_violation THEN
            PERFORM iehe.refuse('unit-taken', jsonb_build_object(
                'unit', line.unit, 'first', line.first, 'until', coalesce(line.until::text, '')));
        END;
    END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION iehe.set_frame(of_frame text, wanted jsonb, moment timestamptz, by_case text DEFAULT NULL,
                                          by_version integer DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    of_process text;
    was        iehe.frames;
    made       iehe.frames;
    given      numeric;
BEGIN
    SELECT r.process INTO of_process FROM iehe.rooms r
    WHERE r.room = split_part(of_frame, '/', 1) AND r.room = ANY (iehe.rooms_here());
    IF NOT FOUND OR of_frame !~ '^[a-z][a-z0-9-]{1,31}/[A-Za-z0-9./:_-]{1,80}$' THEN
        PERFORM iehe.refuse('frame-unknown', jsonb_build_object('frame', of_frame));
    END IF;
    PERFORM iehe.lock_frames(ARRAY[of_frame, wanted ->> 'parent']);
    SELECT * INTO was FROM iehe.frames f WHERE f.frame = of_frame;
    given := was.held + was.offered + was.taken - was.extra;
    made := was;
    made.measure := coalesce(wanted ->> 'measure', was.measure, 'persons');
    made.places := coalesce((wanted ->> 'places')::numeric, was.places);
    made.limit_ := coalesce((wanted ->> 'limit')::numeric, nullif(was.limit_, was.places), made.places);
    made.parent := coalesce(wanted ->> 'parent', was.parent);
    made.allocator := coalesce(wanted ->> 'allocator', was.allocator);
    IF made.places IS NULL THEN
        PERFORM iehe.refuse('frame-unknown', jsonb_build_object('frame', of_frame));
    ELSIF made.parent IS NOT NULL AND NOT EXISTS (
        SELECT FROM iehe.frames f WHERE f.frame = made.parent AND f.process = of_process) THEN
        PERFORM iehe.refuse('frame-unknown', jsonb_build_object('frame', made.parent));
    ELSIF made.parent IS NOT NULL AND of_frame IN (SELECT iehe.frames_up(ARRAY[made.parent])) THEN
        PERFORM iehe.refuse('frame-within-itself', jsonb_build_object('frame', of_frame, 'parent', made.parent));
    ELSIF was.held + was.offered + was.taken > 0
        AND (made.parent, made.measure) IS DISTINCT FROM (was.parent, was.measure) THEN
        PERFORM iehe.refuse('frame-in-use', jsonb_build_object('frame', of_frame));
    ELSIF given > made.limit_ AND coalesce((wanted ->> 'below')::boolean, false) THEN
        made.excess := given;
    ELSIF given > greatest(made.limit_, was.excess) THEN
        PERFORM iehe.refuse('frame-below', jsonb_build_object(
            'frame', of_frame, 'limit', trim_scale(made.limit_), 'given', trim_scale(given)));
    END IF;
    INSERT INTO iehe.frames (frame, process, parent, measure, places, limit_, allocator)
    VALUES (of_frame, of_process, made.parent, made.measure, made.places, made.limit_, made.allocator)
    ON CONFLICT (frame) DO UPDATE
    SET parent = made.parent, measure = made.measure, places = made.places, limit_ = made.limit_, excess = made.excess,
        allocator = made.allocator, turn = frames.turn + (made.limit_ > frames.limit_)::int;
    IF was.frame IS NULL OR (made.limit_, made.places) IS DISTINCT FROM (was.limit_, was.places) THEN
        PERFORM iehe.log_place(of_process, NULL, NULL, of_frame, trim_scale(was.limit_)::text,
                               trim_scale(made.limit_)::text, 'limit-set', NULL, by_case, by_version, moment);
    END IF;
    IF made.limit_ > was.limit_ THEN
        PERFORM iehe.tell_allocators(ARRAY[of_frame], by_case, by_version, moment);
        PERFORM iehe.tell_waiting(ARRAY[of_frame], coalesce(by_case, ''), by_version, moment);
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION iehe.frame_told(f iehe.frames) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'frame', f.frame, 'process', f.process, 'parent', f.parent, 'measure', f.measure, 'allocator', f.allocator,
        'places', trim_scale(f.places)::text, 'limit', trim_scale(f.limit_)::text, 'held', trim_scale(f.held)::text,
        'offered', trim_scale(f.offered)::text, 'taken', trim_scale(f.taken)::text, 'extra', trim_scale(f.extra)::text,
        'free', trim_scale(iehe.free_in(f.frame))::text)
$$;
