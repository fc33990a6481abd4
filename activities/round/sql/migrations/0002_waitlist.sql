-- The waitlist of a round: entries, calls, who enrolled elsewhere. The order stands in the queue of the ledger too, which
-- lets nobody be served before it; what people did stands here.

ALTER TABLE iehe.round_rounds ADD COLUMN promote_from timestamptz;
COMMENT ON COLUMN iehe.round_rounds.promote_from IS 'From when who waits is called; null: as the policy says.';

CREATE TABLE iehe.round_waitlist (
    case_id       text NOT NULL,
    entry         text NOT NULL,
    list          text NOT NULL REFERENCES iehe.result_lists,
    line          integer NOT NULL,
    frame         text NOT NULL,
    programme     text NOT NULL,
    number        text NOT NULL,
    application   text NOT NULL,
    choice        integer NOT NULL,
    waits_at      integer NOT NULL CHECK (waits_at > 0),
    state         text NOT NULL DEFAULT 'waiting' CHECK (state IN (
        'waiting', 'calling', 'offered', 'accepted', 'declined', 'unreachable', 'elsewhere', 'withdrawn', 'released')),
    since         timestamptz NOT NULL,
    called_at     timestamptz,
    reply_by      timestamptz,
    ended_at      timestamptz,
    evidence      jsonb NOT NULL DEFAULT '{}',
    version       integer NOT NULL,
    told_version  integer,
    PRIMARY KEY (case_id, entry),
    UNIQUE (case_id, frame, number),
    CONSTRAINT round_waitlist_called CHECK (
        state NOT IN ('calling', 'offered', 'accepted', 'unreachable') OR called_at IS NOT NULL),
    CONSTRAINT round_waitlist_evident CHECK (
        (state IN ('declined', 'unreachable', 'elsewhere', 'withdrawn', 'released')) = (ended_at IS NOT NULL)
        AND (ended_at IS NULL OR evidence ? 'code'))
);
COMMENT ON TABLE iehe.round_waitlist IS 'Who waits, was called, or waits no more, and by which evidence.';
COMMENT ON COLUMN iehe.round_waitlist.entry IS 'Opaque: tasks and logs name it and nobody.';
COMMENT ON COLUMN iehe.round_waitlist.waits_at IS 'The waitlist''s place; who is fully tied has the same, and the number decides.';
COMMENT ON COLUMN iehe.round_waitlist.called_at IS 'From when the office was to call, the first time.';
COMMENT ON COLUMN iehe.round_waitlist.reply_by IS 'Until when the applicant answers; then the entry is unreachable by the clock.';
COMMENT ON COLUMN iehe.round_waitlist.told_version IS 'By which step the case was told that nobody waits any more.';
CREATE INDEX round_waitlist_by_application ON iehe.round_waitlist (application);
CREATE INDEX round_waitlist_in_order ON iehe.round_waitlist (case_id, frame, waits_at);

CREATE TABLE iehe.round_contacts (
    contact      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id      text NOT NULL,
    entry        text NOT NULL,
    version      integer NOT NULL,
    at           timestamptz NOT NULL,
    outcome      text NOT NULL CHECK (outcome IN (
        'no-answer', 'busy', 'other-person', 'message-left', 'declines', 'accepts')),
    called_back  boolean NOT NULL,
    caller       text NOT NULL,
    listener_note_id  uuid REFERENCES iehe.texts,
    recorded_at  timestamptz NOT NULL,
    FOREIGN KEY (case_id, entry) REFERENCES iehe.round_waitlist
);
COMMENT ON TABLE iehe.round_contacts IS 'Each call: who called, who listened, when, how it ended. Without one nobody is promoted (R25).';
COMMENT ON COLUMN iehe.round_contacts.listener_note_id IS 'The words that say who listened, encrypted.';
COMMENT ON COLUMN iehe.round_contacts.called_back IS 'The applicant has called.';
CREATE INDEX round_contacts_by_entry ON iehe.round_contacts (case_id, entry, contact);
CREATE TRIGGER round_contacts_rows_stay BEFORE UPDATE OR DELETE ON iehe.round_contacts
    FOR EACH ROW EXECUTE FUNCTION iehe.refuse_change();
CREATE TRIGGER round_contacts_stay BEFORE TRUNCATE ON iehe.round_contacts
    FOR EACH STATEMENT EXECUTE FUNCTION iehe.refuse_change();

CREATE TABLE iehe.round_waitlist_log (
    change      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id     text NOT NULL,
    entry       text NOT NULL,
    version     integer NOT NULL,
    at          timestamptz NOT NULL,
    from_state  text NOT NULL,
    to_state    text NOT NULL,
    evidence    jsonb NOT NULL
);
COMMENT ON TABLE iehe.round_waitlist_log IS 'Each change of an entry, by which step and why.';
CREATE INDEX round_waitlist_log_by_entry ON iehe.round_waitlist_log (case_id, entry, change);
CREATE TRIGGER round_waitlist_log_rows_stay BEFORE UPDATE OR DELETE ON iehe.round_waitlist_log
    FOR EACH ROW EXECUTE FUNCTION iehe.refuse_change();
CREATE TRIGGER round_waitlist_log_stays BEFORE TRUNCATE ON iehe.round_waitlist_log
    FOR EACH STATEMENT EXECUTE FUNCTION iehe.refuse_change();

CREATE TABLE iehe.round_elsewhere (
    case_id      text NOT NULL,
    application  text NOT NULL,
    batch        text NOT NULL,
    version      integer NOT NULL,
    PRIMARY KEY (case_id, application)
);
COMMENT ON TABLE iehe.round_elsewhere IS 'Cases that have been told that their applicants enrolled elsewhere, and so give back their places.';

CREATE TABLE iehe.round_elsewhere_lists (
    case_id      text NOT NULL,
    version      integer NOT NULL,
    batch        uuid NOT NULL,
    accepted_at  timestamptz NOT NULL,
    PRIMARY KEY (case_id, version)
);
COMMENT ON TABLE iehe.round_elsewhere_lists IS
    'When a list of who enrolled elsewhere was accepted while people enrol: one that says the same as the last is new, too.';

-- no log, no promotion (R25) -----------------------------------------------------------------------------------

CREATE FUNCTION iehe.round_needs_contact() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM iehe.round_contacts c
                   WHERE c.case_id = NEW.case_id AND c.entry = NEW.entry AND c.outcome = 'accepts' AND c.version = NEW.version)
    THEN
        RAISE EXCEPTION 'a place of the waitlist without its call' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER round_waitlist_needs_contact BEFORE UPDATE OF state ON iehe.round_waitlist
    FOR EACH ROW WHEN (NEW.state = 'offered' AND OLD.state <> 'offered') EXECUTE FUNCTION iehe.round_needs_contact();
CREATE FUNCTION iehe.round_begins_waiting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an entry begins by waiting' USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER round_waitlist_begins_waiting BEFORE INSERT ON iehe.round_waitlist
    FOR EACH ROW WHEN (NEW.state <> 'waiting') EXECUTE FUNCTION iehe.round_begins_waiting();
-- accepted comes from offered alone, whose call is there
CREATE TRIGGER round_waitlist_accepts_offer BEFORE UPDATE OF state ON iehe.round_waitlist
    FOR EACH ROW WHEN (NEW.state = 'accepted' AND OLD.state NOT IN ('offered', 'accepted'))
    EXECUTE FUNCTION iehe.round_needs_contact();

-- whoever writes the ledger: who waits there gets nothing without a call; looked at when all of the step is written
CREATE FUNCTION iehe.round_place_needs_contact() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM iehe.round_waitlist w JOIN iehe.round_contacts c USING (case_id, entry)
                   WHERE w.application = NEW.case_id AND w.case_id || '/' || w.frame = NEW.frame AND c.outcome = 'accepts')
    THEN
        RAISE EXCEPTION 'a place of the waitlist without its call' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER round_place_needs_contact AFTER UPDATE OF state ON iehe.place_queue
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.process = 'admission-round' AND OLD.state = 'waiting'
          AND (NEW.state = 'offered' OR NEW.state = 'ended' AND NEW.how IN ('held', 'taken', 'moved')))
    EXECUTE FUNCTION iehe.round_place_needs_contact();

-- as it arrives ------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION iehe.round_store(subject text, form jsonb) RETURNS void LANGUAGE plpgsql AS $$
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
    this.promote_from := (form ->> 'promote_from')::timestamptz;
    INSERT INTO iehe.round_rounds (case_id, year, route, rules, closes_at, exam_on, common_test_due, release_at, enrol_by,
                                   promote_from)
    VALUES (this.case_id, this.year, this.route, this.rules, this.closes_at, this.exam_on, this.common_test_due,
            this.release_at, this.enrol_by, this.promote_from)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND AND NOT EXISTS (
        SELECT FROM iehe.round_rounds r WHERE r.case_id = this.case_id
        AND (r.rules, r.closes_at, r.exam_on, r.common_test_due, r.release_at, r.enrol_by, r.promote_from)
            IS NOT DISTINCT FROM (this.rules, this.closes_at, this.exam_on, this.common_test_due, this.release_at,
                                  this.enrol_by, this.promote_from))
    THEN
        PERFORM iehe.refuse('round-known', jsonb_build_object('round', subject));
    END IF;
    INSERT INTO iehe.round_inputs (case_id) VALUES (this.case_id) ON CONFLICT DO NOTHING;
    INSERT INTO iehe.case_labels (case_id, name, value)
    VALUES (this.case_id, 'round_year', this.year::text), (this.case_id, 'round_route', this.route)
    ON CONFLICT DO NOTHING;
END
$$;

-- who withdraws without a place frees none, and yet the next may be called
CREATE FUNCTION iehe.round_tell_withdrawn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM iehe.round_waitlist w WHERE w.case_id = NEW.case_id AND w.application = NEW.application
               AND w.ended_at IS NULL) THEN
        PERFORM iehe.queue_event(NEW.case_id, NEW.case_id, NULL, jsonb_build_object(
            'source', 'jp.ac.iehe', 'id', format('%s/waitlist/%s', NEW.case_id, gen_random_uuid()),
            'type', 'jp.ac.iehe.admission-round.waitlist-changed', 'occurred_at', now(), 'received_at', now(),
            'data', jsonb_build_object()));
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER round_applications_withdrawn AFTER UPDATE OF gone ON iehe.round_applications
    FOR EACH ROW WHEN (OLD.gone IS NULL AND NEW.gone IS NOT NULL) EXECUTE FUNCTION iehe.round_tell_withdrawn();

-- what a step writes -------------------------------------------------------------------------------------------

CREATE FUNCTION iehe.round_record_entries_queued(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.round_waitlist (case_id, entry, list, line, frame, programme, number, application, choice, waits_at,
                                     since, version)
    SELECT of_case, e.entry, e.list, e.line, e.frame, e.programme, e.number, e.application, e.choice, e.waits_at, moment, v
    FROM jsonb_to_recordset(r -> 'entries') AS e (entry text, list text, line integer, frame text, programme text,
                                                  number text, application text, choice integer, waits_at integer)
$$;

CREATE FUNCTION iehe.round_record_contact_recorded(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.round_contacts (case_id, entry, version, at, outcome, called_back, caller, listener_note_id, recorded_at)
    VALUES (of_case, r ->> 'entry', v, (r ->> 'at')::timestamptz, r ->> 'outcome', (r ->> 'called_back')::boolean, actor,
            iehe.text_of(r ->> 'listener_note_id'), moment)
$$;

CREATE FUNCTION iehe.round_record_entries_changed(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    c    record;
    was  text;
BEGIN
    FOR c IN SELECT * FROM jsonb_to_recordset(r -> 'changes')
        AS x (entry text, state text, reply_by timestamptz, evidence jsonb)
    LOOP
        SELECT w.state INTO was FROM iehe.round_waitlist w WHERE w.case_id = of_case AND w.entry = c.entry FOR UPDATE;
        UPDATE iehe.round_waitlist w
        SET state = c.state, evidence = w.evidence || c.evidence, version = v,
            -- who is called again has as long as anybody
            reply_by = CASE WHEN c.state <> 'waiting' THEN coalesce(c.reply_by, w.reply_by) END,
            called_at = CASE WHEN c.state = 'calling' THEN coalesce(w.called_at, moment) ELSE w.called_at END,
            ended_at = CASE WHEN c.state IN ('declined', 'unreachable', 'elsewhere', 'withdrawn', 'released')
                            THEN coalesce(w.ended_at, moment) END
        WHERE w.case_id = of_case AND w.entry = c.entry;
        INSERT INTO iehe.round_waitlist_log (case_id, entry, version, at, from_state, to_state, evidence)
        VALUES (of_case, c.entry, v, moment, was, c.state, c.evidence);
    END LOOP;
END
$$;

CREATE FUNCTION iehe.round_record_elsewhere_accepted(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM iehe.accept_batch((r ->> 'batch')::uuid, r ->> 'hash', actor, moment, of_case);
    INSERT INTO iehe.round_elsewhere_lists (case_id, version, batch, accepted_at)
    SELECT of_case, v, b.batch, moment FROM iehe.batches b
    WHERE b.case_id = of_case AND b.batch = (r ->> 'batch')::uuid AND NOT EXISTS (
        SELECT FROM iehe.batches n WHERE n.case_id = b.case_id AND n.kind = b.kind AND n.accepted_turn > b.accepted_turn);
END
$$;

CREATE FUNCTION iehe.round_record_elsewhere_told(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.round_elsewhere (case_id, application, batch, version)
    SELECT of_case, h.application, h.batch, v FROM jsonb_to_recordset(r -> 'holders') AS h (application text, batch text)
    ON CONFLICT (case_id, application) DO NOTHING
$$;

CREATE FUNCTION iehe.round_record_waitlist_told_over(of_case text, v integer, moment timestamptz, actor text, r jsonb)
RETURNS void LANGUAGE sql AS $$
    UPDATE iehe.round_waitlist w SET told_version = v
    WHERE w.case_id = of_case AND w.entry = ANY (ARRAY(SELECT jsonb_array_elements_text(r -> 'entries')))
$$;

SELECT iehe.keep_at_home('round', 'round_waitlist', 'round_contacts', 'round_waitlist_log', 'round_elsewhere',
    'round_elsewhere_lists');

GRANT SELECT ON iehe.round_waitlist, iehe.round_contacts, iehe.round_waitlist_log, iehe.round_elsewhere,
    iehe.round_elsewhere_lists TO iehe_worker, iehe_office;
GRANT INSERT, UPDATE ON iehe.round_waitlist TO iehe_worker;
GRANT INSERT ON iehe.round_contacts, iehe.round_waitlist_log, iehe.round_elsewhere, iehe.round_elsewhere_lists TO iehe_worker;

-- retention: every row of a case that is its own
CREATE OR REPLACE FUNCTION iehe.round_erase(of_case text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT iehe.erase_rows(of_case, ARRAY['round_contacts', 'round_waitlist_log', 'round_elsewhere', 'round_elsewhere_lists',
        'round_waitlist', 'round_formulas', 'round_judgements', 'round_limits', 'round_missing', 'round_applications', 'round_standings', 'round_inputs',
        'round_rounds'])
$$;
