-- The places ledger: everything that is given out. A frame has so many places; a place is what somebody holds, in one
-- or several lines of frames. Nobody writes here but iehe.change_places, which a step calls, and iehe.set_frame; and
-- whoever else did would be held by the constraints.

CREATE TABLE iehe.frames (
    frame      text PRIMARY KEY CHECK (frame ~ '^[a-z][a-z0-9-]{1,31}/[A-Za-z0-9./:_-]{1,80}$'),
    process    text NOT NULL,
    parent     text REFERENCES iehe.frames CHECK (parent <> frame),
    measure    text NOT NULL DEFAULT 'persons' CHECK (measure ~ '^[a-z][a-z-]{0,31}$'),
    places     numeric NOT NULL CHECK (places >= 0 AND places < 1e9),
    limit_     numeric NOT NULL CHECK (limit_ >= 0 AND limit_ < 1e9),
    allocator  text,
    held       numeric NOT NULL DEFAULT 0 CHECK (held >= 0),
    offered    numeric NOT NULL DEFAULT 0 CHECK (offered >= 0),
    taken      numeric NOT NULL DEFAULT 0 CHECK (taken >= 0),
    excess     numeric NOT NULL DEFAULT 0 CHECK (excess >= 0),
    turn       bigint NOT NULL DEFAULT 0,
    CONSTRAINT frames_within_limit CHECK (held + offered + taken <= greatest(limit_, excess))
);
COMMENT ON TABLE iehe.frames IS 'What is given out, and how much of it; an amount counts in its frame and in all above it.';
COMMENT ON COLUMN iehe.frames.places IS 'How many there are.';
COMMENT ON COLUMN iehe.frames.limit_ IS 'How many may be given out at a time.';
COMMENT ON COLUMN iehe.frames.allocator IS 'The case that is told when something of it falls free.';
COMMENT ON COLUMN iehe.frames.held IS 'With offered and taken: kept by a trigger of iehe.place_lines, with those of the frames below.';
COMMENT ON COLUMN iehe.frames.excess IS
    'So much is given out beyond the limit, which was lowered below it or passed for a place that had to be given; it only '
    'falls, with what is given back: nothing is given out again until the limit allows it.';
COMMENT ON COLUMN iehe.frames.turn IS 'How often something has fallen free: whom it was passed over before is asked again.';
CREATE INDEX frames_by_parent ON iehe.frames (parent) WHERE parent IS NOT NULL;

CREATE TABLE iehe.places (
    place       text PRIMARY KEY CHECK (length(place) BETWEEN 1 AND 160),
    case_id     text,
    process     text NOT NULL,
    purpose     text NOT NULL CHECK (purpose ~ '^[a-z0-9][a-z0-9_.:-]{0,63}$'),
    state       text NOT NULL CHECK (state IN ('held', 'offered', 'taken', 'released', 'lapsed', 'declined')),
    ends_at     timestamptz,
    since       timestamptz NOT NULL,
    by_case     text NOT NULL,
    by_version  integer NOT NULL,
    UNIQUE (place, state)
);
COMMENT ON TABLE iehe.places IS 'What somebody holds, was offered or has held: all its lines or none.';
COMMENT ON COLUMN iehe.places.case_id IS 'Who holds it; null: nobody, it is closed.';
COMMENT ON COLUMN iehe.places.process IS 'Whose frames it is in.';
COMMENT ON COLUMN iehe.places.ends_at IS 'Until when it is held or offered.';
COMMENT ON COLUMN iehe.places.by_case IS 'With by_version: the step that wrote it last.';
CREATE INDEX places_by_case ON iehe.places (case_id);
CREATE INDEX places_ending ON iehe.places (ends_at) WHERE state IN ('held', 'offered') AND ends_at IS NOT NULL;

CREATE TABLE iehe.place_lines (
    line     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    place    text NOT NULL,
    state    text NOT NULL,
    process  text NOT NULL,
    frame    text NOT NULL REFERENCES iehe.frames,
    amount   numeric NOT NULL CHECK (amount > 0 AND amount < 1e9),
    unit     text,
    during   daterange CHECK (NOT isempty(during)),
    live     boolean NOT NULL GENERATED ALWAYS AS (state IN ('held', 'offered', 'taken')) STORED,
    CHECK (unit IS NULL OR during IS NOT NULL),
    FOREIGN KEY (place, state) REFERENCES iehe.places (place, state) ON UPDATE CASCADE ON DELETE CASCADE,
    CONSTRAINT place_lines_unit_once EXCLUDE USING gist (
        iehe.text_range(unit, unit, '[]') WITH =, during WITH &&) WHERE (live AND unit IS NOT NULL)
);
COMMENT ON COLUMN iehe.place_lines.state IS 'As its place: the foreign key keeps it so.';
COMMENT ON COLUMN iehe.place_lines.unit IS 'The one thing that is given, such as a bed, by a key that all frames share.';
COMMENT ON COLUMN iehe.place_lines.during IS 'From the first day until the day on which the next may have it.';
CREATE INDEX place_lines_by_place ON iehe.place_lines (place);
CREATE INDEX place_lines_by_frame ON iehe.place_lines (frame) WHERE live;
CREATE INDEX place_lines_by_unit ON iehe.place_lines (unit text_pattern_ops) WHERE live AND unit IS NOT NULL;

CREATE TABLE iehe.place_queue (
    entry        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    frame        text NOT NULL REFERENCES iehe.frames,
    process      text NOT NULL,
    case_id      text NOT NULL,
    rank         numeric[] NOT NULL CHECK (cardinality(rank) > 0),
    amount       numeric NOT NULL CHECK (amount > 0 AND amount < 1e9),
    wanted       jsonb NOT NULL DEFAULT '{}',
    since        timestamptz NOT NULL,
    state        text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'offered', 'ended')),
    how          text CHECK ((how IS NULL) = (state <> 'ended')),
    place        text,
    passed_over  jsonb,
    passed_turn  bigint
);
COMMENT ON TABLE iehe.place_queue IS 'Who waits for something of a frame, by rank and then by entry.';
COMMENT ON COLUMN iehe.place_queue.rank IS 'Numbers that are compared in their order; the lowest is the first.';
COMMENT ON COLUMN iehe.place_queue.passed_over IS 'Why somebody behind was served before, the last time, and when.';
COMMENT ON COLUMN iehe.place_queue.passed_turn IS 'It holds until something falls free after it.';
CREATE UNIQUE INDEX place_queue_once ON iehe.place_queue (frame, case_id) WHERE state <> 'ended';
CREATE INDEX place_queue_in_order ON iehe.place_queue (frame, rank, entry) WHERE state = 'waiting';
CREATE INDEX place_queue_by_case ON iehe.place_queue (case_id);
CREATE INDEX place_queue_by_place ON iehe.place_queue (place) WHERE state = 'offered';

CREATE TABLE iehe.place_log (
    entry       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz NOT NULL,
    process     text NOT NULL,
    case_id     text,
    place       text,
    frame       text,
    from_state  text,
    to_state    text NOT NULL,
    reason      text,
    ends_at     timestamptz,
    lines       jsonb,
    by_case     text,
    by_version  integer,
    CHECK (num_nulls(place, frame) = 1)
);
COMMENT ON TABLE iehe.place_log IS 'Each change of a place, or of an entry of the queue of a frame, and by which step.';
CREATE INDEX place_log_by_case ON iehe.place_log (case_id, entry);
CREATE INDEX place_log_by_place ON iehe.place_log (place, entry);
CREATE INDEX place_log_by_frame ON iehe.place_log (frame, entry);
CREATE TRIGGER place_log_rows_stay BEFORE UPDATE OR DELETE ON iehe.place_log
    FOR EACH ROW EXECUTE FUNCTION iehe.refuse_change();
CREATE TRIGGER place_log_stays BEFORE TRUNCATE ON iehe.place_log
    FOR EACH STATEMENT EXECUTE FUNCTION iehe.refuse_change();

-- frames ---------------------------------------------------------------------------------------------------

CREATE FUNCTION iehe.frames_up(of_frames text[]) RETURNS SETOF text LANGUAGE sql STABLE AS $$
    WITH RECURSIVE up AS (
        SELECT f.frame, f.parent FROM iehe.frames f WHERE f.frame = ANY (of_frames)
        UNION
        SELECT f.frame, f.parent FROM up JOIN iehe.frames f ON f.frame = up.parent)
    SELECT frame FROM up
$$;
COMMENT ON FUNCTION iehe.frames_up IS 'Some frames and all above them.';

CREATE FUNCTION iehe.frames_down(of_frames text[]) RETURNS SETOF text LANGUAGE sql STABLE AS $$
    WITH RECURSIVE down AS (
        SELECT f.frame FROM iehe.frames f WHERE f.frame = ANY (of_frames)
        UNION
        SELECT f.frame FROM down JOIN iehe.frames f ON f.parent = down.frame)
    SELECT frame FROM down
$$;
COMMENT ON FUNCTION iehe.frames_down IS 'Some frames and all below them.';

CREATE FUNCTION iehe.free_in(of_frame text) RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT min(f.limit_ - f.held - f.offered - f.taken) FROM iehe.frames f
    WHERE f.frame IN (SELECT iehe.frames_up(ARRAY[of_frame]))
$$;
COMMENT ON FUNCTION iehe.free_in IS 'How much may still be given out in a frame and in all above it.';

CREATE FUNCTION iehe.turn_of(of_frame text) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT sum(f.turn)::bigint FROM iehe.frames f WHERE f.frame IN (SELECT iehe.frames_up(ARRAY[of_frame]))
$$;

-- in one order, so that two steps wait for each other and never in a circle
CREATE FUNCTION iehe.lock_frames(named text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM iehe.frames f
    WHERE f.frame IN (SELECT iehe.frames_up(named))
      AND f.process IN (SELECT r.process FROM iehe.rooms r WHERE r.room = ANY (iehe.rooms_here()))
    ORDER BY f.frame FOR NO KEY UPDATE;
END
$$;
COMMENT ON FUNCTION iehe.lock_frames IS
    'Keeps some frames, and all above them, as they are until the end of the transaction: who decides sees what they write.';

-- in the frame and in all above it
CREATE FUNCTION iehe.count_in(of_frame text, was text, now_is text, amount numeric) RETURNS void LANGUAGE sql AS $$
    UPDATE iehe.frames f
    SET held    = f.held    + amount * ((coalesce(now_is, '') = 'held')::int    - (coalesce(was, '') = 'held')::int),
        offered = f.offered + amount * ((coalesce(now_is, '') = 'offered')::int - (coalesce(was, '') = 'offered')::int),
        taken   = f.taken   + amount * ((coalesce(now_is, '') = 'taken')::int   - (coalesce(was, '') = 'taken')::int),
        excess  = least(f.excess, f.held + f.offered + f.taken
                                  + amount * ((coalesce(now_is, '') IN ('held', 'offered', 'taken'))::int
                                              - (coalesce(was, '') IN ('held', 'offered', 'taken'))::int)),
        turn    = f.turn    + (coalesce(was, '') IN ('held', 'offered', 'taken')
                               AND coalesce(now_is, '') NOT IN ('held', 'offered', 'taken'))::int
    WHERE f.frame IN (SELECT iehe.frames_up(ARRAY[of_frame]))
$$;

CREATE FUNCTION iehe.count_places() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.frame = NEW.frame AND OLD.amount = NEW.amount THEN
        PERFORM iehe.count_in(NEW.frame, OLD.state, NEW.state, NEW.amount);
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        PERFORM iehe.count_in(OLD.frame, OLD.state, NULL, OLD.amount);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM iehe.count_in(NEW.frame, NULL, NEW.state, NEW.amount);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER place_lines_count AFTER INSERT OR UPDATE OR DELETE ON iehe.place_lines
    FOR EACH ROW EXECUTE FUNCTION iehe.count_places();

-- Tells the cases that allocate what has fallen free: those of the frames themselves, and those of frames below where
-- somebody waits. What a case frees itself it sees itself. One fact for each frame and turn.
CREATE FUNCTION iehe.tell_allocators(freed text[], by_case text, by_version integer, moment timestamptz)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.events (source, id, type, process, case_id, envelope, cause_case, cause_version)
    SELECT told.source, told.id, told.type, r.process, f.allocator, jsonb_build_object(
               'source', told.source, 'id', told.id, 'type', told.type, 'occurred_at', moment, 'received_at', moment,
               'data', jsonb_build_object('frame', f.frame)), by_case, by_version
    FROM iehe.frames f JOIN iehe.rooms r ON r.room = split_part(f.allocator, '/', 1)
    CROSS JOIN LATERAL (SELECT 'jp.ac.iehe' AS source, format('places/%s/%s', f.frame, iehe.turn_of(f.frame)) AS id,
                               format('jp.ac.iehe.%s.place-freed', r.process) AS type) AS told
    WHERE f.frame IN (SELECT iehe.frames_down(freed)) AND f.allocator IS DISTINCT FROM by_case
      AND (f.frame = ANY (freed) OR EXISTS (
          SELECT FROM iehe.place_queue q WHERE q.frame = f.frame AND q.state = 'waiting'))
    ORDER BY f.frame
    ON CONFLICT (source, id) DO NOTHING
$$;

-- in no frame in which they wait is too little left
CREATE FUNCTION iehe.fits_everywhere(holder text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT NOT EXISTS (SELECT FROM iehe.place_queue q WHERE q.case_id = holder AND q.state = 'waiting'
                       AND q.amount > iehe.free_in(q.frame))
$$;

-- Where nobody allocates, who waits takes it: the first whom it fits in all frames in which they wait is told, once for
-- a turn. They take it in a step of their own; until then nobody behind them, and no newcomer, gets it.
CREATE FUNCTION iehe.tell_waiting(freed text[], by_case text, by_version integer, moment timestamptz)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.events (source, id, type, process, case_id, envelope, cause_case, cause_version)
    SELECT 'jp.ac.iehe', told.id, told.type, first.process, first.case_id, jsonb_build_object(
               'source', 'jp.ac.iehe', 'id', told.id, 'type', told.type, 'occurred_at', moment, 'received_at', moment,
               'data', jsonb_build_object('frame', first.frame)), by_case, by_version
    FROM (SELECT DISTINCT ON (f.frame) q.frame, q.process, q.case_id
          FROM iehe.frames f JOIN iehe.place_queue q ON q.frame = f.frame AND q.state = 'waiting'
          WHERE f.frame IN (SELECT iehe.frames_down(freed)) AND f.allocator IS NULL AND q.case_id <> by_case
            AND iehe.fits_everywhere(q.case_id)
          ORDER BY f.frame, q.rank, q.entry) AS first
    CROSS JOIN LATERAL (SELECT format('places/%s/%s/%s', first.frame, iehe.turn_of(first.frame),
                                      split_part(first.case_id, '/', 2)) AS id,
                               format('jp.ac.iehe.%s.place-freed', first.process) AS type) AS told
    ON CONFLICT (source, id) DO NOTHING
$$;

CREATE FUNCTION iehe.log_place(of_process text, holder text, of_place text, of_frame text, was text, now_is text,
                               why text, until timestamptz, by_case text, by_version integer, moment timestamptz)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.place_log (at, process, case_id, place, frame, from_state, to_state, reason, ends_at, lines, by_case,
                                by_version)
    SELECT moment, of_process, holder, of_place, of_frame, was, now_is, why, until, (
        SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
            'frame', l.frame, 'amount', trim_scale(l.amount)::text, 'unit', l.unit, 'first', lower(l.during),
            'until', upper(l.during))) ORDER BY l.line)
        FROM iehe.place_lines l WHERE l.place = of_place), by_case, by_version
$$;

CREATE FUNCTION iehe.set_frame(of_frame text, wanted jsonb, moment timestamptz, by_case text DEFAULT NULL,
                               by_version integer DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    of_process text;
    was        iehe.frames;
    made       iehe.frames;
BEGIN
    SELECT r.process INTO of_process FROM iehe.rooms r
    WHERE r.room = split_part(of_frame, '/', 1) AND r.room = ANY (iehe.rooms_here());
    IF NOT FOUND OR of_frame !~ '^[a-z][a-z0-9-]{1,31}/[A-Za-z0-9./:_-]{1,80}$' THEN
        PERFORM iehe.refuse('frame-unknown', jsonb_build_object('frame', of_frame));
    END IF;
    PERFORM iehe.lock_frames(ARRAY[of_frame, wanted ->> 'parent']);
    SELECT * INTO was FROM iehe.frames f WHERE f.frame = of_frame;
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
    ELSIF was.held + was.offered + was.taken > made.limit_ AND coalesce((wanted ->> 'below')::boolean, false) THEN
        made.excess := was.held + was.offered + was.taken;
    ELSIF was.held + was.offered + was.taken > greatest(made.limit_, was.excess) THEN
        PERFORM iehe.refuse('frame-below', jsonb_build_object(
            'frame', of_frame, 'limit', trim_scale(made.limit_),
            'given', trim_scale(was.held + was.offered + was.taken)));
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
COMMENT ON FUNCTION iehe.set_frame IS
    'Makes a frame, or changes what is named of it: places, limit, parent, measure, allocator. The limit follows the '
    'places until it is set to another number. Refused where more is given out, unless it is said to be `below` that: '
    'what is given out stays, and nothing more is until enough has come back.';

-- places ---------------------------------------------------------------------------------------------------

-- locked, live unless anything will do, and no stranger's
CREATE FUNCTION iehe.place_of(of_place text, of_process text, of_case text, any_state boolean DEFAULT false)
RETURNS iehe.places LANGUAGE plpgsql AS $$
DECLARE
    this iehe.places;
BEGIN
    SELECT * INTO this FROM iehe.places p WHERE p.place = of_place FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM iehe.refuse('place-unknown', jsonb_build_object('place', of_place));
    ELSIF this.process <> of_process AND this.case_id IS DISTINCT FROM of_case THEN
        PERFORM iehe.refuse('place-not-yours', jsonb_build_object('place', of_place));
    ELSIF NOT any_state AND this.state NOT IN ('held', 'offered', 'taken') THEN
        PERFORM iehe.refuse('place-over', jsonb_build_object('place', of_place, 'state', this.state));
    END IF;
    RETURN this;
END
$$;

CREATE FUNCTION iehe.put_lines(this iehe.places, lines jsonb, beyond boolean DEFAULT false) RETURNS void LANGUAGE plpgsql AS $$
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
        IF beyond THEN
            UPDATE iehe.frames f SET excess = f.held + f.offered + f.taken + line.amount
            WHERE f.frame IN (SELECT iehe.frames_up(ARRAY[line.frame]))
              AND f.held + f.offered + f.taken + line.amount > greatest(f.limit_, f.excess);
        END IF;
        SELECT f.frame, f.limit_ - f.held - f.offered - f.taken AS free INTO full_one
        FROM iehe.frames f
        WHERE NOT beyond AND f.frame IN (SELECT iehe.frames_up(ARRAY[line.frame]))
          AND f.limit_ - f.held - f.offered - f.taken < line.amount ORDER BY 2, 1 LIMIT 1;
        IF FOUND THEN
            PERFORM iehe.refuse('frame-full', jsonb_build_object(
                'frame', full_one.frame, 'free', trim_scale(full_one.free), 'amount', trim_scale(line.amount)));
        END IF;
        BEGIN
            INSERT INTO iehe.place_lines (place, state, process, frame, amount, unit, during)
            VALUES (this.place, this.state, this.process, line.frame, line.amount, line.unit,
                    CASE WHEN line.first IS NOT NULL THEN daterange(line.first, line.until) END);
        EXCEPTION WHEN exclusion_violation THEN
            PERFORM iehe.refuse('unit-taken', jsonb_build_object(
                'unit', line.unit, 'first', line.first, 'until', coalesce(line.until::text, '')));
        END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION iehe.put_lines IS
    'Gives a place these lines instead of those that it has, all or none; beyond the limits where they must be given.';

-- whoever comes is not served before somebody who waits before them, whom it would fit, and who was not passed over
-- since something fell free the last time
CREATE FUNCTION iehe.refuse_before_waiting(holder text, lines jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    before text;
BEGIN
    SELECT q.frame INTO before FROM iehe.place_queue q
    LEFT JOIN iehe.place_queue own ON own.frame = q.frame AND own.case_id = holder AND own.state = 'waiting'
    -- an array and no join: what counts frames is asked of those entries alone
    WHERE q.frame = ANY (ARRAY(SELECT l ->> 'frame' FROM jsonb_array_elements(lines) AS l))
      AND q.state = 'waiting' AND q.case_id <> holder
      AND (own.entry IS NULL OR (q.rank, q.entry) < (own.rank, own.entry))
      AND q.amount <= iehe.free_in(q.frame) AND iehe.fits_everywhere(q.case_id)
      AND coalesce(q.passed_turn < iehe.turn_of(q.frame), true)
    LIMIT 1;
    IF FOUND THEN
        PERFORM iehe.refuse('place-waited-for', jsonb_build_object('frame', before));
    END IF;
END
$$;

CREATE FUNCTION iehe.end_entries(of_place text, why text, by_case text, by_version integer, moment timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    ended iehe.place_queue;
BEGIN
    FOR ended IN
        UPDATE iehe.place_queue q SET state = 'ended', how = why
        WHERE q.place = of_place AND q.state = 'offered' RETURNING q.*
    LOOP
        PERFORM iehe.log_place(ended.process, ended.case_id, NULL, ended.frame, 'offered', 'ended', why, NULL, by_case,
                               by_version, moment);
    END LOOP;
END
$$;

CREATE FUNCTION iehe.claim_place(of_process text, of_case text, v integer, moment timestamptz, change jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    this    iehe.places;
    was     text;
    holder  text := change ->> 'holder';
    waited  iehe.place_queue;
BEGIN
    SELECT * INTO this FROM iehe.places p WHERE p.place = change ->> 'place' FOR UPDATE;
    IF this.process <> of_process THEN
        PERFORM iehe.refuse('place-not-yours', jsonb_build_object('place', this.place));
    ELSIF this.state IN ('held', 'offered', 'taken') THEN
        PERFORM iehe.refuse('place-held', jsonb_build_object('place', this.place, 'state', this.state));
    END IF;
    IF holder IS NOT NULL AND NOT coalesce((change ->> 'beyond')::boolean, false) THEN
        PERFORM iehe.refuse_before_waiting(holder, change -> 'lines');
    END IF;
    was := this.state;
    -- what it was before is in the log
    DELETE FROM iehe.place_lines l WHERE l.place = this.place;
    IF this.place IS NULL THEN
        INSERT INTO iehe.places (place, case_id, process, purpose, state, ends_at, since, by_case, by_version)
        VALUES (change ->> 'place', holder, of_process, change ->> 'purpose', change ->> 'state',
                (change ->> 'ends_at')::timestamptz, moment, of_case, v)
        ON CONFLICT (place) DO NOTHING RETURNING * INTO this;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'claimed meanwhile' USING ERRCODE = 'serialization_failure';
        END IF;
    ELSE
        UPDATE iehe.places p
        SET case_id = holder, purpose = change ->> 'purpose', state = change ->> 'state',
            ends_at = (change ->> 'ends_at')::timestamptz, since = moment, by_case = of_case, by_version = v
        WHERE p.place = this.place RETURNING * INTO this;
    END IF;
    PERFORM iehe.put_lines(this, change -> 'lines', coalesce((change ->> 'beyond')::boolean, false));
    PERFORM iehe.log_place(of_process, holder, this.place, NULL, was, this.state, this.purpose, this.ends_at, of_case, v,
                           moment);
    FOR waited IN
        UPDATE iehe.place_queue q
        SET state = CASE this.state WHEN 'offered' THEN 'offered' ELSE 'ended' END,
            how = CASE this.state WHEN 'offered' THEN NULL ELSE this.state END, place = this.place
        WHERE q.case_id = holder AND q.state = 'waiting'
          AND q.frame IN (SELECT l ->> 'frame' FROM jsonb_array_elements(change -> 'lines') AS l)
        RETURNING q.*
    LOOP
        PERFORM iehe.log_place(of_process, holder, NULL, waited.frame, 'waiting', waited.state, this.state, this.ends_at,
                               of_case, v, moment);
    END LOOP;
END
$$;

CREATE FUNCTION iehe.change_place(of_process text, of_case text, v integer, moment timestamptz, change jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    how    text := change ->> 'how';
    this   iehe.places := iehe.place_of(change ->> 'place', of_process, of_case, how IN ('release', 'lapse'));
    other  iehe.places;
    was    text := this.state;
    until  timestamptz := (change ->> 'ends_at')::timestamptz;
    why    text := change ->> 'reason';
    over   boolean := this.ends_at <= coalesce((change ->> 'at')::timestamptz, moment);
BEGIN
    IF how = 'release' AND was NOT IN ('held', 'offered', 'taken')
        OR how = 'lapse' AND (was NOT IN ('held', 'offered') OR this.ends_at IS NULL OR this.ends_at > moment) THEN
        RETURN;
    ELSIF how IN ('take', 'extend') AND (was = 'taken' OR over) THEN
        PERFORM iehe.refuse('place-over', jsonb_build_object(
            'place', this.place, 'state', CASE WHEN was = 'taken' THEN was ELSE 'lapsed' END));
    END IF;
    IF how = 'move' THEN
        PERFORM iehe.put_lines(this, change -> 'lines');
    ELSIF how = 'swap' THEN
        other := iehe.place_of(change ->> 'other', of_process, of_case);
        UPDATE iehe.place_lines l
        SET place = CASE l.place WHEN this.place THEN other.place ELSE this.place END,
            state = CASE l.place WHEN this.place THEN other.state ELSE this.state END
        WHERE l.place IN (this.place, other.place);
        UPDATE iehe.places p SET by_case = of_case, by_version = v WHERE p.place = other.place;
        PERFORM iehe.log_place(other.process, other.case_id, other.place, NULL, other.state, other.state, how,
                               other.ends_at, of_case, v, moment);
    END IF;
    UPDATE iehe.places p
    SET state = CASE how WHEN 'take' THEN 'taken' WHEN 'lapse' THEN 'lapsed'
                         WHEN 'release' THEN CASE WHEN was = 'offered' AND why = 'declined' THEN why ELSE 'released' END
                         ELSE was END,
        ends_at = CASE how WHEN 'take' THEN NULL WHEN 'extend' THEN until ELSE p.ends_at END,
        since = CASE WHEN how IN ('take', 'lapse', 'release') THEN moment ELSE p.since END,
        by_case = of_case, by_version = v
    WHERE p.place = this.place RETURNING * INTO this;
    PERFORM iehe.log_place(this.process, this.case_id, this.place, NULL, was, this.state, coalesce(why, how), this.ends_at,
                           of_case, v, moment);
    IF was = 'offered' AND this.state <> was THEN
        PERFORM iehe.end_entries(this.place, coalesce(why, this.state), of_case, v, moment);
    END IF;
END
$$;

CREATE FUNCTION iehe.change_queue(of_process text, of_case text, v integer, moment timestamptz, change jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    how      text := change ->> 'how';
    holder   text := change ->> 'holder';
    why      text := change ->> 'reason';
    current  iehe.place_queue;
BEGIN
    IF NOT EXISTS (SELECT FROM iehe.frames f WHERE f.frame = change ->> 'frame' AND f.process = of_process) THEN
        PERFORM iehe.refuse('frame-unknown', jsonb_build_object('frame', change ->> 'frame'));
    END IF;
    SELECT * INTO current FROM iehe.place_queue q
    WHERE q.frame = change ->> 'frame' AND q.case_id = holder AND q.state <> 'ended' FOR UPDATE;
    IF how = 'queue' AND current.entry IS NULL THEN
        INSERT INTO iehe.place_queue (frame, process, case_id, rank, amount, wanted, since)
        VALUES (change ->> 'frame', of_process, holder, ARRAY(SELECT jsonb_array_elements_text(change -> 'rank'))::numeric[],
                (change ->> 'amount')::numeric, change -> 'wanted', moment);
    ELSIF how = 'queue' AND current.state = 'waiting' THEN
        UPDATE iehe.place_queue q
        SET rank = ARRAY(SELECT jsonb_array_elements_text(change -> 'rank'))::numeric[],
            amount = (change ->> 'amount')::numeric, wanted = change -> 'wanted', passed_over = NULL, passed_turn = NULL
        WHERE q.entry = current.entry;
    ELSIF how = 'pass-over' AND current.state = 'waiting' THEN
        UPDATE iehe.place_queue q
        SET passed_over = jsonb_build_object('reason', why, 'at', moment), passed_turn = iehe.turn_of(q.frame)
        WHERE q.entry = current.entry;
    ELSIF how = 'leave-queue' AND current.entry IS NOT NULL THEN
        UPDATE iehe.place_queue q SET state = 'ended', how = why WHERE q.entry = current.entry;
    ELSE
        RETURN;
    END IF;
    PERFORM iehe.log_place(of_process, holder, NULL, change ->> 'frame', current.state,
                           CASE how WHEN 'leave-queue' THEN 'ended' WHEN 'pass-over' THEN 'passed-over' ELSE 'waiting' END,
                           coalesce(why, how), NULL, of_case, v, moment);
END
$$;

CREATE FUNCTION iehe.change_places(of_case text, v integer, moment timestamptz, actor text, changes jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    of_process  text;
    named       text[];
    turns       jsonb;
    change      jsonb;
BEGIN
    SELECT r.process INTO of_process FROM iehe.rooms r
    WHERE r.room = split_part(of_case, '/', 1) AND r.room = ANY (iehe.rooms_here());
    IF NOT FOUND THEN
        RAISE EXCEPTION 'a case of another home' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT coalesce(array_agg(DISTINCT n.frame), '{}') INTO named
    FROM jsonb_array_elements(changes) AS c, LATERAL (
        SELECT c ->> 'frame' AS frame
        UNION ALL SELECT l ->> 'frame' FROM jsonb_array_elements(coalesce(c -> 'lines', '[]')) AS l
        UNION ALL SELECT l.frame FROM iehe.place_lines l WHERE l.place IN (c ->> 'place', c ->> 'other')) AS n;
    PERFORM iehe.lock_frames(named);
    IF EXISTS (SELECT FROM jsonb_array_elements(changes) AS c
               JOIN iehe.place_lines l ON l.place IN (c ->> 'place', c ->> 'other') WHERE l.frame <> ALL (named)) THEN
        RAISE EXCEPTION 'moved meanwhile' USING ERRCODE = 'serialization_failure';
    END IF;
    SELECT coalesce(jsonb_object_agg(f.frame, f.turn), '{}') INTO turns
    FROM iehe.frames f WHERE f.frame IN (SELECT iehe.frames_up(named));
    FOR change IN SELECT * FROM jsonb_array_elements(changes) LOOP
        CASE change ->> 'how'
            WHEN 'claim' THEN PERFORM iehe.claim_place(of_process, of_case, v, moment, change);
            WHEN 'frame' THEN
                IF split_part(change ->> 'frame', '/', 1) <> ALL (ARRAY(
                    SELECT r.room FROM iehe.rooms r WHERE r.process = of_process)) THEN
                    PERFORM iehe.refuse('frame-unknown', jsonb_build_object('frame', change ->> 'frame'));
                END IF;
                PERFORM iehe.set_frame(change ->> 'frame', change -> 'wanted', moment, of_case, v);
            WHEN 'queue', 'pass-over', 'leave-queue' THEN
                PERFORM iehe.change_queue(of_process, of_case, v, moment, change);
            ELSE PERFORM iehe.change_place(of_process, of_case, v, moment, change);
        END CASE;
    END LOOP;
    PERFORM iehe.tell_allocators(ARRAY(
        SELECT f.frame FROM iehe.frames f WHERE f.turn > (turns ->> f.frame)::bigint AND f.frame IN (
            SELECT iehe.frames_up(named))), of_case, v, moment);
    -- also when somebody is off the list: what is left may fit the next
    PERFORM iehe.tell_waiting(ARRAY(SELECT iehe.frames_up(named)), of_case, v, moment);
END
$$;
COMMENT ON FUNCTION iehe.change_places IS
    'What a step changes in the ledger, in the transaction of the step and in the order given: all or none.';

-- as they are told ----------------------------------------------------------------------------------------

CREATE FUNCTION iehe.place_told(p iehe.places) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'place', p.place, 'holder', p.case_id, 'purpose', p.purpose, 'state', p.state, 'ends_at', p.ends_at,
        'since', p.since, 'by_case', p.by_case, 'by_version', p.by_version, 'lines', coalesce((
            SELECT jsonb_agg(jsonb_build_object(
                'frame', l.frame, 'amount', trim_scale(l.amount)::text, 'unit', l.unit, 'first', lower(l.during),
                'until', upper(l.during)) ORDER BY l.line)
            FROM iehe.place_lines l WHERE l.place = p.place), '[]'))
$$;

CREATE FUNCTION iehe.frame_told(f iehe.frames) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'frame', f.frame, 'process', f.process, 'parent', f.parent, 'measure', f.measure, 'allocator', f.allocator,
        'places', trim_scale(f.places)::text, 'limit', trim_scale(f.limit_)::text, 'held', trim_scale(f.held)::text,
        'offered', trim_scale(f.offered)::text, 'taken', trim_scale(f.taken)::text,
        'free', trim_scale(iehe.free_in(f.frame))::text)
$$;

CREATE FUNCTION iehe.entry_told(q iehe.place_queue) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'frame', q.frame, 'holder', q.case_id, 'rank', q.rank::text[], 'amount', trim_scale(q.amount)::text,
        'wanted', q.wanted, 'since', q.since, 'state', q.state, 'place', q.place, 'passed_over', q.passed_over)
$$;

SELECT iehe.keep_at_home(NULL, 'frames', 'places', 'place_lines', 'place_queue', 'place_log');

REVOKE EXECUTE ON FUNCTION iehe.lock_frames, iehe.set_frame, iehe.change_places FROM PUBLIC;
GRANT EXECUTE ON FUNCTION iehe.change_places, iehe.lock_frames TO iehe_worker;
GRANT EXECUTE ON FUNCTION iehe.set_frame TO iehe_office;
GRANT SELECT ON iehe.frames, iehe.places, iehe.place_lines, iehe.place_queue, iehe.place_log TO iehe_worker, iehe_office;
