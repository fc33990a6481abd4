-- Requests are found by the school and by whom it named as its contact, until that is erased.

CREATE FUNCTION iehe.outreach_note_search() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM iehe.search_texts WHERE case_id = OLD.case_id;
        RETURN NULL;
    END IF;
    INSERT INTO iehe.search_texts AS s (case_id, name, text, sort_key)
    VALUES (NEW.case_id, concat_ws(' ', NEW.school_name, NEW.contact_name),
            iehe.search_text(NEW.school_name, NEW.contact_name, NEW.contact_email), iehe.sort_key(NEW.school_name))
    ON CONFLICT (case_id) DO UPDATE SET name = excluded.name, text = excluded.text, sort_key = excluded.sort_key;
    RETURN NULL;
END
$$;
CREATE TRIGGER outreach_requests_found AFTER INSERT OR DELETE OR UPDATE OF school_name, contact_name, contact_email
    ON iehe.outreach_requests FOR EACH ROW EXECUTE FUNCTION iehe.outreach_note_search();

INSERT INTO iehe.search_texts (case_id, name, text, sort_key)
SELECT case_id, concat_ws(' ', school_name, contact_name), iehe.search_text(school_name, contact_name, contact_email),
       iehe.sort_key(school_name) FROM iehe.outreach_requests;
