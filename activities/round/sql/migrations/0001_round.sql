-- Rounds of admission: their dates, the applications that wait for their lists, what the meeting has decided, and what is
-- missing. Scores stand in the batches of the host, lists in its results, places in its ledger.

INSERT INTO iehe.rooms (room, process, starts_by)
VALUES ('round', 'admission-round', 'jp.ac.iehe.admission-round.round-announced');

CREATE TABLE iehe.round_rounds (
    case_id          text PRIMARY KEY,
    received_at      timestamptz NOT NULL DEFAULT now(),
    year             integer NOT NULL,
    route            text NOT NULL,
    rules            text NOT NULL,
    closes_at        timestamptz NOT NULL,
    exam_on          date,
    common_test_due  date,
    release_at       timestamptz NOT NULL CHECK (release_at > closes_at),
    enrol_by         timestamptz NOT NULL CHECK (enrol_by > release_at)
);
COMMENT ON COLUMN iehe.round_rounds.route IS 'The rest of its name: route and schedule.';
COMMENT ON COLUMN iehe.round_rounds.rules IS 'The route of the policy by which it is ranked.';

CREATE TABLE iehe.round_applications (
    case_id      text NOT NULL,
    application  text NOT NULL,
    number       text NOT NULL,
    person       text NOT NULL,
    choices      text[] NOT NULL CHECK (cardinality(choices) > 0),
    since        timestamptz NOT NULL DEFAULT now(),
    gone         text,
    PRIMARY KEY (case_id, application),
    UNIQUE (case_id, number)
);
COMMENT ON TABLE iehe.round_applications IS 'Applications that wait for the lists of a round, as their cases tell it.';
COMMENT ON COLUMN iehe.round_applications.application IS 'The case of the application.';
COMMENT ON COLUMN iehe.round_applications.number IS 'The examinee''s number (受験番号), by which files name it.';
COMMENT ON COLUMN iehe.round_applications.person IS 'Opaque, and the same in every application of one person.';
COMMENT ON COLUMN iehe.round_applications.gone IS 'Why it waits no more.';

CREATE TABLE iehe.round_standings (
    case_id       text NOT NULL,
    application   text NOT NULL,
    number        text NOT NULL,
    standing      text NOT NULL,
    fee           text NOT NULL,
    since         timestamptz NOT NULL DEFAULT now(),
    told_version  integer,
    PRIMARY KEY (case_id, application)
);
COMMENT ON TABLE iehe.round_standings IS 'Where each application of a round stands, as its case tells it; from its first day to its last.';
COMMENT ON COLUMN iehe.round_standings.fee IS 'What has become of the admission fee.';
COMMENT ON COLUMN iehe.round_standings.told_version IS 'By which step the case was told that the round ends.';
CREATE INDEX round_standings_by_standing ON iehe.round_standings (case_id, standing);

CREATE TABLE iehe.round_inputs (
    case_id   text PRIMARY KEY REFERENCES iehe.round_rounds,
    revision  integer NOT NULL DEFAULT 0,
    looked    integer NOT NULL DEFAULT -1,
    missing   integer NOT NULL DEFAULT 0,
    lists     text[] NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE iehe.round_inputs IS
    'How often what lists are made from has changed: whoever changes it locks this row. `looked` is the revision from which '
    'lists were made, or found to lack something.';
COMMENT ON COLUMN iehe.round_inputs.lists IS 'The names of its lists, once the rules are fixed.';

CREATE TABLE iehe.round_missing (
    case_id  text NOT NULL,
    number   text NOT NULL,
    about    text NOT NULL,
    code     text NOT NULL,
    PRIMARY KEY (case_id, number, about, code)
);
COMMENT ON TABLE iehe.round_missing IS 'What kept lists from being made when they were looked at last: by application and part (R1).';

CREATE TABLE iehe.round_limits (
    case_id    text NOT NULL,
    frame      text NOT NULL,
    programme  text NOT NULL,
    number     integer NOT NULL CHECK (number >= 0),
    waitlist   integer CHECK (waitlist >= 0),
    minute_no  text NOT NULL,
    set_by     text NOT NULL,
    set_at     timestamptz NOT NULL,
    PRIMARY KEY (case_id, frame)
);
COMMENT ON TABLE iehe.round_limits IS 'How many of a frame are offered a place, as the meeting has decided; may exceed the places (R3).';

CREATE TABLE iehe.round_judgements (
    list       text PRIMARY KEY REFERENCES iehe.result_lists,
    case_id    text NOT NULL,
    minute_no  text NOT NULL,
    entered_by text NOT NULL,
    entered_at timestamptz NOT NULL
);
COMMENT ON TABLE iehe.round_judgements IS 'What the meeting has decided on, by the bytes of a list (R22).';

CREATE TABLE iehe.round_formulas (
    list     text NOT NULL REFERENCES iehe.result_lists,
    case_id  text NOT NULL,
    formula  text NOT NULL,
    version  text NOT NULL,
    PRIMARY KEY (list, formula)
);
COMMENT ON TABLE iehe.round_formulas IS 'Which version of which adjustment formula a list was made by, over all rounds (R15).';
CREATE INDEX round_formulas_by_version ON iehe.round_formulas (formula, version);

-- as it arrives --------------------------------------------------------------------------------------------

CREATE FUNCTION iehe.round_store(subject text, form jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    this iehe.round_rounds;
BEGIN
    this.case_id := 'round/' || subject;
    this.year := split_part(subject, '-', 1)::int;
    this.route := lower(substr(subject, 6));
    this.rules := coalesce(form ->> 'rules', this.route);
    this.closes_at := (form ->> 'closes_at')::timestamptz;
    this.exam_on := (form ->> 'exam_on')::date;
    this.common_test_due := (form ->> 'common_test_due')::date;
    this.release_at := (form ->> 'release_at')::timestamptz;
    this.enrol_by := (form ->> 'enrol_by')::timestamptz;
    INSERT INTO iehe.round_rounds (case_id, year, route, rules, closes_at, exam_on, common_test_due, release_at, enrol_by)
    VALUES (this.case_id, this.year, this.route, this.rules, this.closes_at, this.exam_on, this.common_test_due,
            this.release_at, this.enrol_by)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND AND NOT EXISTS (
        SELECT FROM iehe.round_rounds r WHERE r.case_id = this.case_id
        AND (r.rules, r.closes_at, r.exam_on, r.common_test_due, r.release_at, r.enrol_by)
            IS NOT DISTINCT FROM (this.rules, this.closes_at, this.exam_on, this.common_test_due, this.release_at, this.enrol_by))
    THEN
        PERFORM iehe.refuse('round-known', jsonb_build_object('round', subject));
    END IF;
    INSERT INTO iehe.round_inputs (case_id) VALUES (this.case_id) ON CONFLICT DO NOTHING;
    INSERT INTO iehe.case_labels (case_id, name, value)
    VALUES (this.case_id, 'round_year', this.year::text), (this.case_id, 'round_route', this.route)
    ON CONFLICT DO NOTHING;
END
$$;

-- what lists are made from has changed: those that are not out count no more, whoever has confirmed them (I9)
CREATE FUNCTION iehe.round_touch(of_case text, code text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    names text[];
BEGIN
    UPDATE iehe.round_inputs i SET revision = i.revision + 1 WHERE i.case_id = of_case RETURNING i.lists INTO names;
    PERFORM iehe.withdraw_results(of_case, names, code);
END
$$;

-- whether lists that were made are made without somebody on whom the university has not spoken yet
CREATE FUNCTION iehe.round_take_standing(data jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    undecided constant text[] := ARRAY['eligibility', 'review', 'committee'];
    was text;
BEGIN
    SELECT s.standing INTO was FROM iehe.round_standings s
    WHERE s.case_id = data ->> 'round' AND s.application = data ->> 'case';
    INSERT INTO iehe.round_standings AS s (case_id, application, number, standing, fee)
    VALUES (data ->> 'round', data ->> 'case', data ->> 'number', data ->> 'standing', data ->> 'fee')
    ON CONFLICT (case_id, application) DO UPDATE
    SET number = excluded.number, standing = excluded.standing, fee = excluded.fee, since = now();
    RETURN coalesce(was = ANY (undecided), false) <> (data ->> 'standing' = ANY (undecided));
END
$$;

CREATE FUNCTION iehe.round_take_row(of_type text, data jsonb, key text, withdrawn boolean) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    of_round text := data ->> 'round';
    changed  boolean;
BEGIN
    IF NOT EXISTS (SELECT FROM iehe.round_rounds r WHERE r.case_id = of_round) THEN
        RETURN false;
    END IF;
    PERFORM FROM iehe.round_inputs i WHERE i.case_id = of_round FOR UPDATE;
    IF of_type LIKE '%.case-standing' THEN
        changed := iehe.round_take_standing(data);
    ELSIF of_type LIKE '%.case-withdrawn' OR withdrawn THEN
        UPDATE iehe.round_applications a SET gone = coalesce(data ->> 'reason', 'withdrawn')
        WHERE a.case_id = of_round AND a.application = data ->> 'case' AND a.gone IS NULL;
        changed := FOUND;
    ELSE
        INSERT INTO iehe.round_applications AS a (case_id, application, number, person, choices)
        VALUES (of_round, data ->> 'case', data ->> 'number', data ->> 'person',
                ARRAY(SELECT jsonb_array_elements_text(data -> 'choices')))
        ON CONFLICT (case_id, application) DO UPDATE
        SET number = excluded.number, person = excluded.person, choices = excluded.choices, gone = NULL
        WHERE (a.number, a.person, a.choices, a.gone) IS DISTINCT FROM (excluded.number, excluded.person, excluded.choices, NULL);
        changed := FOUND;
    END IF;
    IF changed THEN
        PERFORM iehe.round_touch(of_round, 'application-changed');
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION iehe.round_take_row IS 'Keeps what an application tells of itself; false: there is no such round yet.';

CREATE FUNCTION iehe.round_recipient(of_case text, reader text, id text)
RETURNS TABLE (address text, language text, name text, silenced boolean) LANGUAGE sql STABLE AS $$
    SELECT NULL::text, NULL::text, NULL::text, NULL::boolean WHERE false
$$;
COMMENT ON FUNCTION iehe.round_recipient IS 'Nobody but staff: applicants hear from their own cases.';

-- what a step writes ---------------------------------------------------------------------------------------

CREATE FUNCTION iehe.round_record_rules_fixed(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE sql AS $$
    UPDATE iehe.round_inputs SET lists = ARRAY(SELECT jsonb_array_elements_text(r -> 'programmes')) WHERE case_id = of_case
$$;

CREATE FUNCTION iehe.round_record_batch_accepted(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM iehe.accept_batch((r ->> 'batch')::uuid, r ->> 'hash', actor, moment, of_case);
    PERFORM iehe.round_touch(of_case, 'scores-changed');
END
$$;

CREATE FUNCTION iehe.round_record_score_confirmed(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM iehe.confirm_value((r ->> 'proposal')::uuid, actor, moment, of_case);
    PERFORM iehe.round_touch(of_case, 'scores-changed');
END
$$;

CREATE FUNCTION iehe.round_record_limit_set(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO iehe.round_limits (case_id, frame, programme, number, waitlist, minute_no, set_by, set_at)
    VALUES (of_case, r ->> 'frame', r ->> 'programme', (r ->> 'number')::int, (r ->> 'waitlist')::int, r ->> 'minute_no',
            actor, moment)
    ON CONFLICT (case_id, frame) DO UPDATE
    SET number = excluded.number, waitlist = coalesce(excluded.waitlist, round_limits.waitlist),
        minute_no = excluded.minute_no, set_by = excluded.set_by, set_at = excluded.set_at;
    PERFORM iehe.round_touch(of_case, 'limit-changed');
END
$$;

CREATE FUNCTION iehe.round_record_list_judged(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.round_judgements (list, case_id, minute_no, entered_by, entered_at)
    SELECT l.list, of_case, r ->> 'minute_no', actor, moment FROM iehe.result_lists l
    WHERE l.case_id = of_case AND l.name = r ->> 'name' AND l.hash = r ->> 'hash' AND l.state = 'prepared'
    ON CONFLICT (list) DO UPDATE
    SET minute_no = excluded.minute_no, entered_by = excluded.entered_by, entered_at = excluded.entered_at
$$;

-- what is made of it ---------------------------------------------------------------------------------------

-- The lists of a revision, all of them, or what was missing of it; nothing when something has changed meanwhile. The case
-- hears of it in the same transaction, once for a revision.
CREATE FUNCTION iehe.round_looked(of_case text, of_revision integer, made jsonb, lacking jsonb, applications integer)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    this   jsonb;
    put    text;
BEGIN
    PERFORM FROM iehe.round_inputs i WHERE i.case_id = of_case AND i.revision = of_revision AND i.looked < of_revision FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM iehe.round_missing m WHERE m.case_id = of_case;
    INSERT INTO iehe.round_missing (case_id, number, about, code)
    SELECT of_case, l ->> 'number', l ->> 'about', l ->> 'code' FROM jsonb_array_elements(lacking) AS l ON CONFLICT DO NOTHING;
    FOR this IN SELECT * FROM jsonb_array_elements(made) LOOP
        put := iehe.make_result_list(of_case, this ->> 'name', this ->> 'inputs', this ->> 'rules',
                                     convert_to(this ->> 'body', 'UTF8'), this -> 'counts', this -> 'lines');
        INSERT INTO iehe.round_formulas (list, case_id, formula, version)
        SELECT put, of_case, f.key, f.value FROM jsonb_each_text(this -> 'formulas') AS f;
    END LOOP;
    UPDATE iehe.round_inputs SET looked = of_revision, missing = jsonb_array_length(lacking) WHERE case_id = of_case;
    PERFORM iehe.queue_event(of_case, of_case, NULL, jsonb_build_object(
        'source', 'jp.ac.iehe', 'id', format('%s/inputs/%s', of_case, of_revision),
        'type', 'jp.ac.iehe.admission-round.inputs-ranked', 'occurred_at', now(), 'received_at', now(),
        'data', jsonb_build_object('revision', of_revision, 'missing', jsonb_array_length(lacking), 'applications', applications)));
    RETURN true;
END
$$;

SELECT iehe.keep_at_home('round', 'round_rounds', 'round_applications', 'round_standings', 'round_inputs', 'round_missing', 'round_limits',
    'round_judgements', 'round_formulas');

-- rights ---------------------------------------------------------------------------------------------------

GRANT SELECT ON iehe.round_rounds, iehe.round_applications, iehe.round_standings, iehe.round_inputs, iehe.round_missing, iehe.round_limits,
    iehe.round_judgements, iehe.round_formulas TO iehe_worker, iehe_office;
GRANT INSERT ON iehe.round_rounds, iehe.round_inputs TO iehe_worker, iehe_office;
GRANT INSERT, UPDATE ON iehe.round_applications, iehe.round_standings, iehe.round_limits, iehe.round_judgements TO iehe_worker;
GRANT UPDATE ON iehe.round_inputs TO iehe_worker;
GRANT INSERT, DELETE ON iehe.round_missing TO iehe_worker;
GRANT INSERT ON iehe.round_formulas TO iehe_worker;

-- retention: every row of a case that is its own
CREATE FUNCTION iehe.round_erase(of_case text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT iehe.erase_rows(of_case, ARRAY['round_formulas', 'round_judgements', 'round_limits', 'round_missing',
        'round_applications', 'round_standings', 'round_inputs', 'round_rounds'])
$$;
