-- Mobilities are found by name, e-mail and student number, until these are erased.

CREATE FUNCTION iehe.exchange_found_by(of_one iehe.exchange_mobilities) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT iehe.search_text(concat(of_one.family, of_one.given), concat(of_one.given, of_one.family), of_one.mail,
                            of_one.student_no, of_one.number)
$$;

CREATE FUNCTION iehe.exchange_note_search() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.family IS NULL THEN
        DELETE FROM iehe.search_texts s WHERE s.case_id = CASE TG_OP WHEN 'DELETE' THEN OLD.case_id ELSE NEW.case_id END;
        RETURN NULL;
    END IF;
    INSERT INTO iehe.search_texts AS s (case_id, name, text, sort_key)
    VALUES (NEW.case_id, concat_ws(' ', NEW.family, NEW.given), iehe.exchange_found_by(NEW),
            iehe.sort_key(concat_ws(' ', NEW.family, NEW.given)))
    ON CONFLICT (case_id) DO UPDATE SET name = excluded.name, text = excluded.text, sort_key = excluded.sort_key;
    RETURN NULL;
END
$$;
CREATE TRIGGER exchange_mobilities_found AFTER INSERT OR DELETE OR UPDATE OF family, given, mail, number, student_no
    ON iehe.exchange_mobilities FOR EACH ROW EXECUTE FUNCTION iehe.exchange_note_search();

INSERT INTO iehe.search_texts (case_id, name, text, sort_key)
SELECT m.case_id, concat_ws(' ', m.family, m.given), iehe.exchange_found_by(m), iehe.sort_key(concat_ws(' ', m.family, m.given))
FROM iehe.exchange_mobilities m WHERE m.family IS NOT NULL;
