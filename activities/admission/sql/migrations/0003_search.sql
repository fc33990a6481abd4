-- Applications are found by name, reading and e-mail of their person.

CREATE VIEW iehe.admission_search WITH (security_invoker) AS
SELECT a.case_id, a.person_id, p.family_name || ' ' || p.given_name AS name,
       iehe.search_text(p.family_name || p.given_name, p.given_name || p.family_name, p.family_kana || p.given_kana,
                        p.given_kana || p.family_kana, p.email) AS text,
       iehe.sort_key(p.family_kana || ' ' || p.given_kana) AS sort_key
FROM iehe.applications a JOIN iehe.people p USING (person_id);

CREATE FUNCTION iehe.admission_note_search() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM iehe.search_texts s USING gone WHERE s.case_id = gone.case_id;
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO iehe.search_texts (case_id, name, text, sort_key)
        SELECT s.case_id, s.name, s.text, s.sort_key FROM iehe.admission_search s JOIN arrived USING (case_id)
        ON CONFLICT (case_id) DO NOTHING;
    ELSE
        UPDATE iehe.search_texts t SET name = s.name, text = s.text, sort_key = s.sort_key
        FROM iehe.admission_search s JOIN arrived USING (person_id)
        WHERE t.case_id = s.case_id AND (t.name, t.text, t.sort_key) IS DISTINCT FROM (s.name, s.text, s.sort_key);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER applications_found AFTER INSERT ON iehe.applications
    REFERENCING NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION iehe.admission_note_search();
CREATE TRIGGER applications_found_no_more AFTER DELETE ON iehe.applications
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION iehe.admission_note_search();
CREATE TRIGGER people_found AFTER UPDATE ON iehe.people
    REFERENCING NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION iehe.admission_note_search();

GRANT SELECT ON iehe.admission_search TO iehe_worker, iehe_office;
INSERT INTO iehe.search_texts (case_id, name, text, sort_key) SELECT case_id, name, text, sort_key FROM iehe.admission_search;
