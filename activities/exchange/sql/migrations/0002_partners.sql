-- Home universities' own systems: how they are reached, what is to be asked of them, what they said before, and what
-- they are still to be told. Notices carry ids alone, both ways.

ALTER TABLE iehe.exchange_partners
    ADD COLUMN base        text CHECK (base ~ '^https?://[^/?#@]+(/[^?#]*[^/?#])?$'),
    ADD COLUMN source      text UNIQUE REFERENCES iehe.sources,
    ADD COLUMN webhook     text REFERENCES iehe.webhooks,
    ADD COLUMN answered_at timestamptz,
    ADD CHECK (base IS NULL OR webhook IS NOT NULL);
COMMENT ON COLUMN iehe.exchange_partners.base IS
    'Where its system is asked, and nowhere else; null: it has none, and its coordinator writes.';
COMMENT ON COLUMN iehe.exchange_partners.source IS 'The source by whose keys it shows who it is.';
COMMENT ON COLUMN iehe.exchange_partners.webhook IS 'Where it takes our notices; by its keys we show who asks.';
COMMENT ON COLUMN iehe.exchange_partners.answered_at IS 'When its system has answered last.';

ALTER TABLE iehe.exchange_mobilities
    ADD COLUMN host        text,
    ADD COLUMN home_status text CHECK (home_status IN ('live', 'cancelled')),
    ADD COLUMN stale_since timestamptz;
COMMENT ON COLUMN iehe.exchange_mobilities.host IS 'Whom the home university names as host: never another one (X5).';
COMMENT ON COLUMN iehe.exchange_mobilities.stale_since IS
    'Since when the home university was asked and did not say so again: it is unknown whether the copy still holds (X3, X4).';

-- of two cases of a mobility the one that was not put off to the other
CREATE INDEX exchange_mobilities_put_off ON iehe.exchange_mobilities (deferred_from) WHERE deferred_from IS NOT NULL;

CREATE TABLE iehe.exchange_revisions (
    case_id   text NOT NULL REFERENCES iehe.exchange_mobilities,
    revision  integer NOT NULL,
    said      jsonb NOT NULL,
    until     timestamptz NOT NULL,
    PRIMARY KEY (case_id, revision)
);
COMMENT ON TABLE iehe.exchange_revisions IS 'What the home university had said before. Personal: it goes with the mobility.';

CREATE FUNCTION iehe.exchange_forget_revisions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM iehe.exchange_revisions r WHERE r.case_id = NEW.case_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER exchange_mobilities_erased AFTER UPDATE OF erased_at ON iehe.exchange_mobilities
    FOR EACH ROW WHEN (NEW.erased_at IS NOT NULL) EXECUTE FUNCTION iehe.exchange_forget_revisions();

-- what is to be asked (X2, X3) -------------------------------------------------------------------------------

CREATE TABLE iehe.exchange_fetches (
    partner      text NOT NULL REFERENCES iehe.exchange_partners,
    mobility     text NOT NULL,
    asked_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    next_try_at  timestamptz NOT NULL DEFAULT now(),
    attempts     integer NOT NULL DEFAULT 0,
    reason       text,
    PRIMARY KEY (partner, mobility)
);
COMMENT ON TABLE iehe.exchange_fetches IS
    'Mobilities that a partner is to be asked for: what was notified, missed or wished for; empty: its index of all.';
COMMENT ON COLUMN iehe.exchange_fetches.asked_at IS 'When it was wished for last: an answer from before does not settle it.';
COMMENT ON COLUMN iehe.exchange_fetches.next_try_at IS 'Whoever asks puts it off first, so that another one asks if they die.';
CREATE INDEX exchange_fetches_due ON iehe.exchange_fetches (next_try_at);

CREATE FUNCTION iehe.exchange_ask(of_partner text, mobilities text[]) RETURNS bigint LANGUAGE sql AS $$
    WITH asked AS (
        INSERT INTO iehe.exchange_fetches AS f (partner, mobility)
        SELECT p.partner, m.mobility FROM iehe.exchange_partners p
        CROSS JOIN (SELECT DISTINCT unnest(mobilities) AS mobility ORDER BY 1) AS m
        WHERE p.partner = of_partner AND p.base IS NOT NULL
        ON CONFLICT (partner, mobility) DO UPDATE
        SET asked_at = excluded.asked_at, next_try_at = least(f.next_try_at, excluded.next_try_at), attempts = 0
        RETURNING 1)
    SELECT count(*) FROM asked
$$;

-- a notice is taken with what it asks for, or not at all; it can be of its sender's mobilities alone
CREATE FUNCTION iehe.exchange_took(fact text, subject text, said jsonb, teller text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF fact <> 'mobility-notice' THEN
        RETURN;
    END IF;
    IF NOT EXISTS (SELECT FROM iehe.exchange_partners p JOIN iehe.sources s ON s.name = p.source
                   WHERE p.partner = exchange_took.subject AND s.uri = teller) THEN
        PERFORM iehe.refuse('not-this-partner', jsonb_build_object('partner', subject));
    END IF;
    PERFORM iehe.exchange_ask(subject, ARRAY(SELECT jsonb_array_elements_text(said -> 'mobilities')));
END
$$;

-- what they are to be told (X1, X6) --------------------------------------------------------------------------

CREATE TABLE iehe.exchange_outbox (
    notice       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    partner      text NOT NULL REFERENCES iehe.exchange_partners,
    mobility     text NOT NULL,
    changed_at   timestamptz NOT NULL DEFAULT now(),
    next_try_at  timestamptz NOT NULL DEFAULT now(),
    attempts     integer NOT NULL DEFAULT 0,
    state        text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'given-up')),
    reason       text,
    ended_at     timestamptz
);
COMMENT ON TABLE iehe.exchange_outbox IS
    'Changes of our side of a mobility, written by the steps that make them: the partner is told that there is one.';
CREATE INDEX exchange_outbox_due ON iehe.exchange_outbox (next_try_at) WHERE state = 'waiting';
CREATE INDEX exchange_outbox_of_partner ON iehe.exchange_outbox (partner, state, ended_at);

CREATE FUNCTION iehe.exchange_tell_partner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO iehe.exchange_outbox (partner, mobility)
    SELECT m.partner, m.mobility FROM iehe.exchange_mobilities m JOIN iehe.exchange_partners p USING (partner)
    WHERE m.case_id = NEW.case_id AND p.base IS NOT NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER exchange_mobilities_told AFTER UPDATE ON iehe.exchange_mobilities FOR EACH ROW
    WHEN ((OLD.seen, OLD.arrived_on, OLD.left_on, OLD.stays_first, OLD.stays_last, OLD.transcript)
          IS DISTINCT FROM (NEW.seen, NEW.arrived_on, NEW.left_on, NEW.stays_first, NEW.stays_last, NEW.transcript))
    EXECUTE FUNCTION iehe.exchange_tell_partner();
CREATE TRIGGER exchange_plans_told AFTER INSERT ON iehe.exchange_plans
    FOR EACH ROW EXECUTE FUNCTION iehe.exchange_tell_partner();

-- work of no case --------------------------------------------------------------------------------------------

CREATE FUNCTION iehe.exchange_open_task(of_kind text, about text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO iehe.office_tasks (process, key, kind, roles, opened_at, due_at)
    VALUES ('exchange-onboarding', of_kind || ':' || about, of_kind, ARRAY['exchange_office', 'head_of_exchange'], now(),
            now() + interval '3 days')
    ON CONFLICT (process, key) WHERE closed_at IS NULL DO NOTHING
$$;

CREATE FUNCTION iehe.exchange_close_task(of_kind text, about text) RETURNS void LANGUAGE sql AS $$
    UPDATE iehe.office_tasks SET closed_at = now()
    WHERE process = 'exchange-onboarding' AND key = of_kind || ':' || about AND closed_at IS NULL
$$;

SELECT iehe.keep_at_home('exchange', 'exchange_revisions', 'exchange_fetches', 'exchange_outbox');

GRANT SELECT, INSERT, UPDATE, DELETE ON iehe.exchange_fetches, iehe.exchange_outbox TO iehe_worker;
GRANT SELECT, INSERT, DELETE ON iehe.exchange_revisions TO iehe_worker;
GRANT UPDATE (answered_at) ON iehe.exchange_partners TO iehe_worker;
GRANT UPDATE (host, home_status, stale_since) ON iehe.exchange_mobilities TO iehe_worker;
GRANT SELECT, INSERT, UPDATE ON iehe.exchange_fetches TO iehe_office;
GRANT SELECT, UPDATE ON iehe.exchange_outbox TO iehe_office;
