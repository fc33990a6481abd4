-- Re-judgment (再判定): an error is found after the release. What was computed again stands here with who was wronged; the
-- correction lists are lists of results like the others, whose lines are those of the wronged alone.

CREATE TABLE iehe.round_rejudgments (
    case_id        text NOT NULL,
    rejudgment     text NOT NULL,
    error          text NOT NULL CHECK (error IN ('score-wrong', 'formula-wrong', 'rule-wrong', 'other')),
    reason_id      uuid NOT NULL REFERENCES iehe.texts,
    policy         text NOT NULL,
    state          text NOT NULL DEFAULT 'reported' CHECK (state IN ('reported', 'recomputed', 'confirmed', 'told', 'closed')),
    opened_by      text NOT NULL,
    opened_at      timestamptz NOT NULL,
    revision       integer,
    rules          text,
    hash           text CHECK (hash ~ '^[0-9a-f]{64}$'),
    bases          text[] NOT NULL DEFAULT '{}',
    apart          jsonb NOT NULL DEFAULT '{}',
    wronged        integer CHECK (wronged >= 0),
    recomputed_at  timestamptz,
    confirmed_by   text,
    confirmed_at   timestamptz,
    told_at        timestamptz,
    dropped_by     text,
    closed_at      timestamptz,
    PRIMARY KEY (case_id, rejudgment),
    CONSTRAINT round_rejudgments_two_persons CHECK (confirmed_by <> opened_by),
    CONSTRAINT round_rejudgments_computed CHECK (
        state = 'reported' OR dropped_by IS NOT NULL OR num_nulls(revision, rules, hash, wronged, recomputed_at) = 0),
    CONSTRAINT round_rejudgments_confirmed CHECK (
        (state IN ('reported', 'recomputed') OR dropped_by IS NOT NULL) = (confirmed_by IS NULL) AND (confirmed_by IS NULL) = (confirmed_at IS NULL)),
    CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
    CHECK (dropped_by IS NULL OR state = 'closed')
);
COMMENT ON TABLE iehe.round_rejudgments IS 'Errors that were found after a release, and how far it has come with them (R7).';
COMMENT ON COLUMN iehe.round_rejudgments.policy IS 'The version of the policy whose rules and formulas are right.';
COMMENT ON COLUMN iehe.round_rejudgments.revision IS 'Of the inputs from which it was computed: what has changed since is not in it.';
COMMENT ON COLUMN iehe.round_rejudgments.hash IS 'Of all that was computed: what a second person has seen and confirms.';
COMMENT ON COLUMN iehe.round_rejudgments.bases IS 'The lists that were out then, one for each programme.';
COMMENT ON COLUMN iehe.round_rejudgments.apart IS
    'Who was given nothing for want of a claim, by number, or by number and frame: withdrawn, enrolled elsewhere, own answer.';
COMMENT ON COLUMN iehe.round_rejudgments.dropped_by IS 'Who has ended it without anything coming of it.';
CREATE UNIQUE INDEX round_rejudgments_one_open ON iehe.round_rejudgments (case_id) WHERE state <> 'closed';

CREATE TABLE iehe.round_rejudged (
    case_id       text NOT NULL,
    rejudgment    text NOT NULL,
    revision      integer NOT NULL,
    application   text NOT NULL,
    list          text REFERENCES iehe.result_lists,
    programme     text NOT NULL,
    from_verdict  text NOT NULL,
    from_choice   integer NOT NULL,
    from_frame    text NOT NULL,
    to_choice     integer NOT NULL,
    to_frame      text NOT NULL,
    given         text CHECK (given IN (
        'extra', 'moved', 'has-it', 'declined', 'lapsed', 'released', 'withdrawn', 'enrolled-elsewhere')),
    given_at      timestamptz,
    PRIMARY KEY (case_id, rejudgment, revision, application),
    FOREIGN KEY (case_id, rejudgment) REFERENCES iehe.round_rejudgments
);
COMMENT ON TABLE iehe.round_rejudged IS 'Who was wronged, by each computation: what the lists that are out said, and what is right.';
COMMENT ON COLUMN iehe.round_rejudged.list IS 'The correction list that says so; null: their own answer stands, and nothing is said.';
COMMENT ON COLUMN iehe.round_rejudged.given IS 'What it came to; null: not yet.';
CREATE INDEX round_rejudged_by_list ON iehe.round_rejudged (list, application);

CREATE TABLE iehe.round_correction_lists (
    list        text PRIMARY KEY REFERENCES iehe.result_lists,
    case_id     text NOT NULL,
    rejudgment  text NOT NULL,
    base        text NOT NULL REFERENCES iehe.result_lists,
    FOREIGN KEY (case_id, rejudgment) REFERENCES iehe.round_rejudgments
);
COMMENT ON TABLE iehe.round_correction_lists IS 'Lists that put another one right that is out.';
CREATE INDEX round_correction_lists_by_rejudgment ON iehe.round_correction_lists (case_id, rejudgment);

-- what is made of it -------------------------------------------------------------------------------------------

-- What was computed of a revision, all of it, or what was missing; nothing when something has changed meanwhile. Whoever has
-- opened the re-judgment answers for its lists as who has prepared them. The case hears of it in the same transaction.
CREATE FUNCTION iehe.round_recomputed(of_case text, of_rejudgment text, of_revision integer, made jsonb, lacking jsonb, said jsonb)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    this    iehe.round_rejudgments;
    names   text[];
    one     jsonb;
    put     text;
BEGIN
    SELECT i.lists INTO names FROM iehe.round_inputs i
    WHERE i.case_id = of_case AND i.revision = of_revision AND i.looked < of_revision FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    SELECT * INTO this FROM iehe.round_rejudgments r
    WHERE r.case_id = of_case AND r.rejudgment = of_rejudgment AND r.state IN ('reported', 'recomputed') FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM iehe.round_missing m WHERE m.case_id = of_case;
    INSERT INTO iehe.round_missing (case_id, number, about, code)
    SELECT of_case, l ->> 'number', l ->> 'about', l ->> 'code' FROM jsonb_array_elements(lacking) AS l ON CONFLICT DO NOTHING;
    PERFORM iehe.withdraw_results(of_case, names, 'made-anew');
    IF jsonb_array_length(lacking) = 0 THEN
        UPDATE iehe.round_rejudgments r
        SET state = 'recomputed', revision = of_revision, rules = said ->> 'rules', hash = said ->> 'hash',
            bases = ARRAY(SELECT jsonb_array_elements_text(said -> 'bases')), apart = said -> 'apart',
            wronged = jsonb_array_length(said -> 'wronged'), recomputed_at = now()
        WHERE r.case_id = of_case AND r.rejudgment = of_rejudgment;
        INSERT INTO iehe.round_rejudged (case_id, rejudgment, revision, application, programme, from_verdict, from_choice,
                                         from_frame, to_choice, to_frame, given)
        SELECT of_case, of_rejudgment, of_revision, w.application, w.programme, w.from_verdict, w.from_choice, w.from_frame,
               w.to_choice, w.to_frame, w.given
        FROM jsonb_to_recordset(said -> 'wronged') AS w (application text, programme text, from_verdict text,
            from_choice integer, from_frame text, to_choice integer, to_frame text, given text);
        FOR one IN SELECT * FROM jsonb_array_elements(made) LOOP
            put := iehe.make_result_list(of_case, one ->> 'name', one ->> 'inputs', one ->> 'rules',
                                         convert_to(one ->> 'body', 'UTF8'), one -> 'counts', one -> 'lines');
            UPDATE iehe.result_lists l SET state = 'prepared', prepared_by = this.opened_by, prepared_at = now()
            WHERE l.list = put;
            INSERT INTO iehe.round_correction_lists (list, case_id, rejudgment, base)
            VALUES (put, of_case, of_rejudgment, one ->> 'base');
            INSERT INTO iehe.round_formulas (list, case_id, formula, version)
            SELECT put, of_case, f.key, f.value FROM jsonb_each_text(one -> 'formulas') AS f;
            UPDATE iehe.round_rejudged w SET list = put
            WHERE w.case_id = of_case AND w.rejudgment = of_rejudgment AND w.revision = of_revision
              AND w.programme = one ->> 'name' AND w.given IS NULL;
        END LOOP;
    ELSE
        UPDATE iehe.round_rejudgments r SET state = 'reported'
        WHERE r.case_id = of_case AND r.rejudgment = of_rejudgment;
    END IF;
    UPDATE iehe.round_inputs SET looked = of_revision, missing = jsonb_array_length(lacking) WHERE case_id = of_case;
    PERFORM iehe.queue_event(of_case, of_case, NULL, jsonb_build_object(
        'source', 'jp.ac.iehe', 'id', format('%s/inputs/%s', of_case, of_revision),
        'type', 'jp.ac.iehe.admission-round.inputs-ranked', 'occurred_at', now(), 'received_at', now(),
        'data', jsonb_build_object('revision', of_revision, 'missing', jsonb_array_length(lacking),
                                   'applications', said -> 'applications')));
    RETURN true;
END
$$;

-- as people open it: whose verdict becomes another one is no office's to read without a note
CREATE FUNCTION iehe.open_rejudged(of_case text, of_rejudgment text, who text)
RETURNS TABLE (number text, programme text, list text, from_verdict text, from_choice integer, from_frame text,
               to_choice integer, to_frame text, given text, given_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO iehe.result_reads (case_id, list, staff_id, out)
    SELECT r.case_id, format('%s#rejudgment/%s', r.case_id, r.rejudgment), who, r.confirmed_by IS NOT NULL
    FROM iehe.round_rejudgments r
    WHERE r.case_id = of_case AND r.rejudgment = of_rejudgment AND split_part(of_case, '/', 1) = ANY (iehe.rooms_here());
    RETURN QUERY SELECT a.number, w.programme, w.list, w.from_verdict, w.from_choice, w.from_frame, w.to_choice, w.to_frame,
                        w.given, w.given_at
    FROM iehe.round_rejudged w
    JOIN iehe.round_rejudgments r ON r.case_id = w.case_id AND r.rejudgment = w.rejudgment AND r.revision = w.revision
    JOIN iehe.round_applications a ON a.case_id = w.case_id AND a.application = w.application
    WHERE w.case_id = of_case AND w.rejudgment = of_rejudgment AND split_part(of_case, '/', 1) = ANY (iehe.rooms_here())
    ORDER BY a.number COLLATE "C";
END
$$;
COMMENT ON FUNCTION iehe.open_rejudged IS 'Who was wronged, with a note of who has looked; who may is asked before.';

-- what a step writes -------------------------------------------------------------------------------------------

CREATE FUNCTION iehe.round_record_rejudgment_opened(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO iehe.round_rejudgments (case_id, rejudgment, error, reason_id, policy, opened_by, opened_at)
    VALUES (of_case, r ->> 'rejudgment', r ->> 'error', iehe.text_of(r ->> 'reason_id'), r ->> 'policy', actor, moment);
    -- so that it is computed, whatever else changes
    PERFORM iehe.round_touch(of_case, 'rejudgment');
END
$$;

CREATE FUNCTION iehe.round_record_rejudgment_confirmed(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE iehe.round_rejudgments x
    SET state = CASE WHEN (r ->> 'over')::boolean THEN 'closed' ELSE 'confirmed' END, confirmed_by = actor,
        confirmed_at = moment, closed_at = CASE WHEN (r ->> 'over')::boolean THEN moment END
    FROM iehe.round_inputs i
    WHERE x.case_id = of_case AND x.rejudgment = r ->> 'rejudgment' AND x.state = 'recomputed' AND x.hash = r ->> 'hash'
      AND i.case_id = x.case_id AND i.revision = x.revision;
    IF NOT FOUND THEN
        PERFORM iehe.refuse('rejudgment-other');
    END IF;
END
$$;

CREATE FUNCTION iehe.round_record_rejudgment_dropped(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE iehe.round_rejudgments x SET state = 'closed', dropped_by = actor, closed_at = moment
    WHERE x.case_id = of_case AND x.rejudgment = r ->> 'rejudgment' AND x.state IN ('reported', 'recomputed');
    IF NOT FOUND THEN
        PERFORM iehe.refuse('rejudgment-confirmed');
    END IF;
    PERFORM iehe.withdraw_results(of_case, i.lists, 'rejudgment-dropped') FROM iehe.round_inputs i WHERE i.case_id = of_case;
END
$$;

CREATE FUNCTION iehe.round_record_rejudged_told(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE iehe.round_rejudged w SET given = g.given, given_at = moment
    FROM jsonb_to_recordset(r -> 'given') AS g (list text, application text, given text)
    WHERE w.case_id = of_case AND w.list = g.list AND w.application = g.application;
    UPDATE iehe.round_rejudgments x
    SET state = r ->> 'state', told_at = coalesce(x.told_at, moment),
        closed_at = CASE WHEN r ->> 'state' = 'closed' THEN moment END
    WHERE x.case_id = of_case AND x.rejudgment = r ->> 'rejudgment' AND r ->> 'state' IS NOT NULL;
END
$$;

SELECT iehe.keep_at_home('round', 'round_rejudgments', 'round_rejudged', 'round_correction_lists');

REVOKE EXECUTE ON FUNCTION iehe.open_rejudged FROM PUBLIC;
GRANT EXECUTE ON FUNCTION iehe.open_rejudged TO iehe_office;
GRANT SELECT ON iehe.round_rejudgments, iehe.round_correction_lists TO iehe_worker, iehe_office;
GRANT SELECT ON iehe.round_rejudged TO iehe_worker;
GRANT INSERT, UPDATE ON iehe.round_rejudgments, iehe.round_rejudged TO iehe_worker;
GRANT INSERT ON iehe.round_correction_lists TO iehe_worker;

-- retention: every row of a case that is its own
CREATE OR REPLACE FUNCTION iehe.round_erase(of_case text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT iehe.erase_rows(of_case, ARRAY['round_rejudged', 'round_correction_lists', 'round_rejudgments', 'round_summaries',
        'round_comparisons', 'round_files', 'round_students', 'round_contacts', 'round_waitlist_log', 'round_elsewhere',
        'round_elsewhere_lists', 'round_waitlist', 'round_formulas', 'round_judgements', 'round_limits', 'round_missing',
        'round_applications', 'round_standings', 'round_inputs', 'round_rounds'])
$$;
