-- Batches: files of numbers about many persons, taken whole by a person's decision. A batch is stored beside what
-- stands; accepted, it becomes what stands, in one transaction, and what stood before is kept.

CREATE TABLE iehe.batch_standings (
    case_id  text NOT NULL REFERENCES iehe.cases,
    kind     text NOT NULL CHECK (kind ~ '^[a-z0-9][a-z0-9_.:-]{0,63}$'),
    turn     bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (case_id, kind)
);
COMMENT ON TABLE iehe.batch_standings IS 'How often what stands of a kind has changed; its row is locked by whoever changes it.';

CREATE TABLE iehe.batches (
    batch           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    case_id         text NOT NULL REFERENCES iehe.cases,
    process         text NOT NULL,
    kind            text NOT NULL CHECK (kind ~ '^[a-z0-9][a-z0-9_.:-]{0,63}$'),
    mapping         text NOT NULL,
    year            integer NOT NULL,
    exam            text NOT NULL,
    part            text,
    parts           text[] NOT NULL CHECK (cardinality(parts) > 0),
    file_rows       integer NOT NULL CHECK (file_rows >= 0),
    total           numeric,
    file_sha256     text NOT NULL CHECK (file_sha256 ~ '^[0-9a-f]{64}$'),
    hash            text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
    distribution    jsonb NOT NULL,
    loaded_by       text NOT NULL,
    loaded_at       timestamptz NOT NULL DEFAULT now(),
    compared_turn   bigint NOT NULL DEFAULT 0,
    counts          jsonb NOT NULL DEFAULT '{}',
    state           text NOT NULL DEFAULT 'loaded' CHECK (state IN ('loaded', 'accepted', 'dropped')),
    accepted_by     text,
    accepted_at     timestamptz,
    accepted_turn   bigint,
    parts_changed   text[],
    dropped_by      text,
    dropped_at      timestamptz,
    UNIQUE (batch, case_id),
    CHECK ((state = 'accepted') = (num_nonnulls(accepted_by, accepted_at, accepted_turn, parts_changed) = 4)),
    CHECK ((state = 'dropped') = (num_nonnulls(dropped_by, dropped_at) = 2))
);
COMMENT ON TABLE iehe.batches IS 'What was loaded for a case: which file, read how, with which counts; nothing of anybody.';
COMMENT ON COLUMN iehe.batches.mapping IS 'By which it was read; year, exam and part as the batch names them.';
COMMENT ON COLUMN iehe.batches.parts IS 'Those that it is about: what stands of others is none of its business.';
COMMENT ON COLUMN iehe.batches.total IS 'Sum of all its numbers; null: it brings none.';
COMMENT ON COLUMN iehe.batches.hash IS 'Over its rows as read, whatever their order: iehe.batch_hash.';
COMMENT ON COLUMN iehe.batches.compared_turn IS 'Of what stood when counts were made: it is accepted while that stands in its parts.';
COMMENT ON COLUMN iehe.batches.counts IS 'new, same, changed, vanished.';
CREATE INDEX batches_by_case ON iehe.batches (case_id, kind, loaded_at);
CREATE UNIQUE INDEX batches_loaded_once ON iehe.batches (case_id, kind, hash, parts) WHERE state = 'loaded';

CREATE TABLE iehe.batch_rows (
    batch         uuid NOT NULL,
    case_id       text NOT NULL,
    file_row      integer NOT NULL,
    number        text NOT NULL,
    part          text NOT NULL,
    state         text NOT NULL CHECK (state IN ('scored', 'absent', 'exempt', 'present')),
    value         numeric CHECK (value >= 0),
    answer_order  integer,
    PRIMARY KEY (batch, number, part),
    FOREIGN KEY (batch, case_id) REFERENCES iehe.batches (batch, case_id),
    CHECK ((state = 'scored') = (value IS NOT NULL))
);
COMMENT ON TABLE iehe.batch_rows IS 'Personal: each value of a batch, with its row of the file. A blank cell is none.';
CREATE INDEX batch_rows_by_case ON iehe.batch_rows (case_id);

CREATE TABLE iehe.batch_proposals (
    proposal      uuid PRIMARY KEY,
    case_id       text NOT NULL REFERENCES iehe.cases,
    kind          text NOT NULL,
    number        text NOT NULL,
    part          text NOT NULL,
    state         text NOT NULL CHECK (state IN ('scored', 'absent', 'exempt', 'present')),
    value         numeric CHECK (value >= 0),
    was_state     text,
    was_value     numeric,
    reason_id     uuid NOT NULL REFERENCES iehe.texts,
    proposed_by   text NOT NULL,
    proposed_at   timestamptz NOT NULL,
    confirmed_by  text,
    confirmed_at  timestamptz,
    CHECK ((state = 'scored') = (value IS NOT NULL)),
    CHECK ((confirmed_by IS NULL) = (confirmed_at IS NULL)),
    CONSTRAINT batch_proposals_two_persons CHECK (confirmed_by <> proposed_by)
);
COMMENT ON TABLE iehe.batch_proposals IS 'Personal: one value put right by two persons, for a reason.';
CREATE INDEX batch_proposals_by_case ON iehe.batch_proposals (case_id, kind);

CREATE TABLE iehe.batch_values (
    case_id       text NOT NULL,
    kind          text NOT NULL,
    number        text NOT NULL,
    part          text NOT NULL,
    state         text NOT NULL CHECK (state IN ('scored', 'absent', 'exempt', 'present')),
    value         numeric CHECK (value >= 0),
    answer_order  integer,
    batch         uuid,
    file_row      integer,
    proposal      uuid REFERENCES iehe.batch_proposals,
    PRIMARY KEY (case_id, kind, number, part),
    FOREIGN KEY (batch, case_id) REFERENCES iehe.batches (batch, case_id),
    CHECK ((state = 'scored') = (value IS NOT NULL)),
    CHECK (num_nonnulls(batch, proposal) = 1 AND (batch IS NULL) = (file_row IS NULL))
);
COMMENT ON TABLE iehe.batch_values IS 'Personal: what counts, each value with where it came from first: a row of a batch, or a correction.';
CREATE INDEX batch_values_by_batch ON iehe.batch_values (batch);

CREATE TABLE iehe.batch_value_changes (
    entry         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id       text NOT NULL,
    kind          text NOT NULL,
    number        text NOT NULL,
    part          text NOT NULL,
    turn          bigint NOT NULL,
    at            timestamptz NOT NULL,
    by            text NOT NULL,
    was_state     text,
    was_value     numeric,
    was_order     integer,
    was_batch     uuid,
    was_proposal  uuid,
    state         text NOT NULL,
    value         numeric,
    answer_order  integer,
    batch         uuid,
    proposal      uuid
);
COMMENT ON TABLE iehe.batch_value_changes IS 'Personal: every value as it came to stand, and what stood before it.';
CREATE INDEX batch_value_changes_by_place ON iehe.batch_value_changes (case_id, kind, number, part);
CREATE INDEX batch_value_changes_by_turn ON iehe.batch_value_changes (case_id, kind, turn);
CREATE INDEX batch_value_changes_by_batch ON iehe.batch_value_changes (batch) WHERE batch IS NOT NULL;

CREATE TRIGGER batch_rows_rows_stay BEFORE UPDATE OR DELETE ON iehe.batch_rows
    FOR EACH ROW EXECUTE FUNCTION iehe.refuse_change();
CREATE TRIGGER batch_rows_stay BEFORE TRUNCATE ON iehe.batch_rows
    FOR EACH STATEMENT EXECUTE FUNCTION iehe.refuse_change();
CREATE TRIGGER batch_value_changes_rows_stay BEFORE UPDATE OR DELETE ON iehe.batch_value_changes
    FOR EACH ROW EXECUTE FUNCTION iehe.refuse_change();
CREATE TRIGGER batch_value_changes_stay BEFORE TRUNCATE ON iehe.batch_value_changes
    FOR EACH STATEMENT EXECUTE FUNCTION iehe.refuse_change();

-- comparing ------------------------------------------------------------------------------------------------

CREATE FUNCTION iehe.batch_hash(of_batch uuid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(coalesce(string_agg(
               concat_ws(E'\t', r.number, r.part, r.state, coalesce(trim_scale(r.value)::text, ''),
                         coalesce(r.answer_order::text, '')),
               E'\n' ORDER BY r.number COLLATE "C", r.part COLLATE "C"), ''), 'UTF8')), 'hex')
    FROM iehe.batch_rows r WHERE r.batch = of_batch
$$;
COMMENT ON FUNCTION iehe.batch_hash IS 'SHA-256 over the rows of a batch as they lie here.';

CREATE FUNCTION iehe.values_changed(of_case text, of_kind text, of_parts text[], since bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM iehe.batch_value_changes c
                   WHERE c.case_id = of_case AND c.kind = of_kind AND c.turn > since AND c.part = ANY (of_parts))
$$;
COMMENT ON FUNCTION iehe.values_changed IS 'Whether a value of some parts has come to stand after a turn.';

CREATE FUNCTION iehe.batch_fates(of_batch uuid)
RETURNS TABLE (number text, part text, fate text, was_state text, was_value numeric, was_order integer, was_batch uuid,
               was_proposal uuid, state text, value numeric, answer_order integer, file_row integer)
LANGUAGE sql STABLE AS $$
    WITH this AS MATERIALIZED (
        SELECT b.case_id, b.kind, b.parts FROM iehe.batches b WHERE b.batch = of_batch),
    standing AS (
        SELECT v.* FROM iehe.batch_values v, this
        WHERE v.case_id = this.case_id AND v.kind = this.kind AND v.part = ANY (this.parts)),
    given AS (SELECT r.* FROM iehe.batch_rows r WHERE r.batch = of_batch)
    SELECT coalesce(g.number, s.number), coalesce(g.part, s.part),
           CASE WHEN s.number IS NULL THEN 'new' WHEN g.number IS NULL THEN 'vanished'
                WHEN (s.state, s.value, s.answer_order) IS NOT DISTINCT FROM (g.state, g.value, g.answer_order) THEN 'same'
                ELSE 'changed' END,
           s.state, s.value, s.answer_order, s.batch, s.proposal, g.state, g.value, g.answer_order, g.file_row
    FROM given g FULL JOIN standing s ON s.number = g.number AND s.part = g.part
$$;
COMMENT ON FUNCTION iehe.batch_fates IS
    'What would become of each value: new, same, changed; vanished: it stands, is not in the batch, and stays.';

CREATE FUNCTION iehe.compare_batch(of_batch uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    this  iehe.batches;
    seen  bigint;
BEGIN
    SELECT * INTO this FROM iehe.batches b
    WHERE b.batch = of_batch AND split_part(b.case_id, '/', 1) = ANY (iehe.rooms_here()) FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM iehe.refuse('no-such-batch');
    ELSIF this.state <> 'loaded' THEN
        PERFORM iehe.refuse('batch-over', jsonb_build_object('state', this.state));
    END IF;
    -- before what stands: whatever changes in between makes it too old, and never too new
    SELECT s.turn INTO seen FROM iehe.batch_standings s WHERE s.case_id = this.case_id AND s.kind = this.kind;
    UPDATE iehe.batches b SET compared_turn = coalesce(seen, 0), counts = (
        SELECT jsonb_build_object('new', count(*) FILTER (WHERE f.fate = 'new'),
                                  'same', count(*) FILTER (WHERE f.fate = 'same'),
                                  'changed', count(*) FILTER (WHERE f.fate = 'changed'),
                                  'vanished', count(*) FILTER (WHERE f.fate = 'vanished'))
        FROM iehe.batch_fates(of_batch) f)
    WHERE b.batch = of_batch;
END
$$;
COMMENT ON FUNCTION iehe.compare_batch IS 'Counts what a batch would change of what stands now.';

CREATE FUNCTION iehe.drop_batch(of_batch uuid, by text, moment timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was text;
BEGIN
    SELECT b.state INTO was FROM iehe.batches b
    WHERE b.batch = of_batch AND split_part(b.case_id, '/', 1) = ANY (iehe.rooms_here()) FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM iehe.refuse('no-such-batch');
    ELSIF was = 'accepted' THEN
        PERFORM iehe.refuse('batch-over', jsonb_build_object('state', was));
    END IF;
    UPDATE iehe.batches b SET state = 'dropped', dropped_by = by, dropped_at = moment
    WHERE b.batch = of_batch AND b.state = 'loaded';
END
$$;
COMMENT ON FUNCTION iehe.drop_batch IS 'A batch that nobody will accept; dropped twice is dropped once.';

-- what stands ----------------------------------------------------------------------------------------------

CREATE FUNCTION iehe.lock_standing(of_case text, of_kind text) RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO iehe.batch_standings (case_id, kind) VALUES (of_case, of_kind)
    ON CONFLICT (case_id, kind) DO UPDATE SET turn = iehe.batch_standings.turn RETURNING turn
$$;
COMMENT ON FUNCTION iehe.lock_standing IS 'Keeps what stands of a kind as it is until the end of the transaction; its turn.';

CREATE FUNCTION iehe.accept_batch(of_batch uuid, of_hash text, by text, moment timestamptz, of_case text DEFAULT NULL)
RETURNS text[] LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    this   iehe.batches;
    at_    bigint;
    moved  text[];
BEGIN
    SELECT * INTO this FROM iehe.batches b
    WHERE b.batch = of_batch AND split_part(b.case_id, '/', 1) = ANY (iehe.rooms_here())
      AND (of_case IS NULL OR b.case_id = of_case) FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM iehe.refuse('no-such-batch');
    ELSIF this.hash <> of_hash THEN
        PERFORM iehe.refuse('batch-differs');
    ELSIF this.state = 'accepted' THEN
        RETURN this.parts_changed;
    ELSIF this.state <> 'loaded' THEN
        PERFORM iehe.refuse('batch-over', jsonb_build_object('state', this.state));
    END IF;
    at_ := iehe.lock_standing(this.case_id, this.kind);
    IF iehe.values_changed(this.case_id, this.kind, this.parts, this.compared_turn) THEN
        PERFORM iehe.refuse('batch-overtaken');
    ELSIF iehe.batch_hash(of_batch) <> of_hash THEN
        PERFORM iehe.refuse('batch-differs');
    END IF;
    -- what is the same stays with its first source, what has vanished as it is
    INSERT INTO iehe.batch_value_changes (case_id, kind, number, part, turn, at, by, was_state, was_value, was_order,
                                          was_batch, was_proposal, state, value, answer_order, batch)
    SELECT this.case_id, this.kind, f.number, f.part, at_ + 1, moment, accept_batch.by, f.was_state, f.was_value,
           f.was_order, f.was_batch, f.was_proposal, f.state, f.value, f.answer_order, of_batch
    FROM iehe.batch_fates(of_batch) f
    WHERE f.fate IN ('new', 'changed');
    SELECT coalesce(array_agg(DISTINCT c.part ORDER BY c.part), '{}') INTO moved
    FROM iehe.batch_value_changes c WHERE c.batch = of_batch;
    INSERT INTO iehe.batch_values AS v (case_id, kind, number, part, state, value, answer_order, batch, file_row)
    SELECT c.case_id, c.kind, c.number, c.part, c.state, c.value, c.answer_order, c.batch, r.file_row
    FROM iehe.batch_value_changes c JOIN iehe.batch_rows r ON r.batch = of_batch AND r.number = c.number AND r.part = c.part
    WHERE c.batch = of_batch
    ON CONFLICT (case_id, kind, number, part) DO UPDATE
    SET state = EXCLUDED.state, value = EXCLUDED.value, answer_order = EXCLUDED.answer_order, batch = EXCLUDED.batch,
        file_row = EXCLUDED.file_row, proposal = NULL;
    UPDATE iehe.batch_standings s SET turn = at_ + 1 WHERE s.case_id = this.case_id AND s.kind = this.kind;
    UPDATE iehe.batches b SET state = 'accepted', accepted_by = accept_batch.by, accepted_at = moment,
                              accepted_turn = at_ + 1, parts_changed = moved
    WHERE b.batch = of_batch;
    RETURN moved;
END
$$;
COMMENT ON FUNCTION iehe.accept_batch IS
    'Makes a batch what stands, whole, and tells the parts that it changed; the same batch twice is once.';

CREATE FUNCTION iehe.propose_value(of_proposal uuid, of_case text, of_kind text, of_number text, of_part text,
                                   of_state text, of_value numeric, of_reason uuid, by text, moment timestamptz)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was   iehe.batch_values;
    most  numeric;
BEGIN
    IF NOT split_part(of_case, '/', 1) = ANY (iehe.rooms_here()) THEN
        RAISE EXCEPTION 'a case of another home' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF EXISTS (SELECT FROM iehe.batch_proposals p WHERE p.proposal = of_proposal AND p.case_id = of_case) THEN
        RETURN false;
    END IF;
    SELECT * INTO was FROM iehe.batch_values v
    WHERE v.case_id = of_case AND v.kind = of_kind AND v.number = of_number AND v.part = of_part;
    IF NOT EXISTS (SELECT FROM iehe.batch_values v
                   WHERE v.case_id = of_case AND v.kind = of_kind AND v.number = of_number)
       OR NOT EXISTS (SELECT FROM iehe.batch_values v
                      WHERE v.case_id = of_case AND v.kind = of_kind AND v.part = of_part) THEN
        -- nobody is brought in by way of a correction, and no part
        PERFORM iehe.refuse('value-unknown');
    ELSIF (was.state, was.value) IS NOT DISTINCT FROM (of_state, of_value) THEN
        PERFORM iehe.refuse('value-stands');
    END IF;
    SELECT (b.distribution -> of_part ->> 'full')::numeric INTO most FROM iehe.batches b
    WHERE b.case_id = of_case AND b.kind = of_kind AND b.state = 'accepted' AND b.distribution ? of_part
    ORDER BY b.accepted_turn DESC LIMIT 1;
    IF of_value > most THEN
        PERFORM iehe.refuse('value-over-full', jsonb_build_object('full', trim_scale(most)::text));
    END IF;
    INSERT INTO iehe.batch_proposals (proposal, case_id, kind, number, part, state, value, was_state, was_value, reason_id,
                                      proposed_by, proposed_at)
    VALUES (of_proposal, of_case, of_kind, of_number, of_part, of_state, of_value, was.state, was.value, of_reason, by,
            moment);
    RETURN true;
END
$$;
COMMENT ON FUNCTION iehe.propose_value IS 'One person says what a value ought to be, and why; nothing changes yet. False: it was proposed before.';

CREATE FUNCTION iehe.confirm_value(of_proposal uuid, by text, moment timestamptz, of_case text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    this  iehe.batch_proposals;
    was   iehe.batch_values;
    at_   bigint;
BEGIN
    SELECT * INTO this FROM iehe.batch_proposals p
    WHERE p.proposal = of_proposal AND split_part(p.case_id, '/', 1) = ANY (iehe.rooms_here())
      AND (of_case IS NULL OR p.case_id = of_case) FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM iehe.refuse('proposal-unknown');
    ELSIF this.proposed_by = by THEN
        PERFORM iehe.refuse('value-second-person');
    ELSIF this.confirmed_by IS NOT NULL THEN
        RETURN this.part;
    END IF;
    at_ := iehe.lock_standing(this.case_id, this.kind);
    SELECT * INTO was FROM iehe.batch_values v
    WHERE v.case_id = this.case_id AND v.kind = this.kind AND v.number = this.number AND v.part = this.part;
    IF (was.state, was.value) IS DISTINCT FROM (this.was_state, this.was_value) THEN
        PERFORM iehe.refuse('value-overtaken');
    END IF;
    UPDATE iehe.batch_proposals p SET confirmed_by = confirm_value.by, confirmed_at = moment WHERE p.proposal = of_proposal;
    INSERT INTO iehe.batch_value_changes (case_id, kind, number, part, turn, at, by, was_state, was_value, was_order,
                                          was_batch, was_proposal, state, value, answer_order, proposal)
    VALUES (this.case_id, this.kind, this.number, this.part, at_ + 1, moment, confirm_value.by, was.state, was.value,
            was.answer_order, was.batch, was.proposal, this.state, this.value, was.answer_order, of_proposal);
    INSERT INTO iehe.batch_values AS v (case_id, kind, number, part, state, value, answer_order, proposal)
    VALUES (this.case_id, this.kind, this.number, this.part, this.state, this.value, was.answer_order, of_proposal)
    ON CONFLICT (case_id, kind, number, part) DO UPDATE
    SET state = EXCLUDED.state, value = EXCLUDED.value, batch = NULL, file_row = NULL, proposal = EXCLUDED.proposal;
    UPDATE iehe.batch_standings s SET turn = at_ + 1 WHERE s.case_id = this.case_id AND s.kind = this.kind;
    RETURN this.part;
END
$$;
COMMENT ON FUNCTION iehe.confirm_value IS
    'Another person makes a proposal what stands, if the value has not changed since; the part is told. Twice is once.';

-- rights ---------------------------------------------------------------------------------------------------

SELECT iehe.keep_at_home(NULL, 'batch_standings', 'batches', 'batch_rows', 'batch_proposals', 'batch_values',
                         'batch_value_changes');

REVOKE EXECUTE ON FUNCTION iehe.compare_batch, iehe.drop_batch, iehe.accept_batch, iehe.propose_value, iehe.confirm_value,
    iehe.lock_standing FROM PUBLIC;
GRANT EXECUTE ON FUNCTION iehe.accept_batch, iehe.confirm_value TO iehe_worker;
GRANT EXECUTE ON FUNCTION iehe.propose_value TO iehe_worker, iehe_office;
GRANT EXECUTE ON FUNCTION iehe.compare_batch, iehe.drop_batch TO iehe_office;
GRANT SELECT ON iehe.batch_standings, iehe.batches, iehe.batch_proposals, iehe.batch_values,
    iehe.batch_value_changes TO iehe_worker, iehe_office;
GRANT SELECT, INSERT ON iehe.batch_rows TO iehe_office;
-- what a batch becomes is written by the functions alone
GRANT INSERT (case_id, process, kind, mapping, year, exam, part, parts, file_rows, total, file_sha256, hash, distribution,
              loaded_by)
    ON iehe.batches TO iehe_office;
GRANT SELECT ON iehe.batches TO iehe_auditor;
