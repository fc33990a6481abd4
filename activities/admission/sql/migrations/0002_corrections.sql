-- What the office may put right of an applicant and of an application.

CREATE FUNCTION iehe.admission_data(of_case text, of_record text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT CASE of_record
        WHEN 'applicant' THEN to_jsonb(p) - ARRAY['person_id', 'identity_key', 'account', 'mailbox']
        WHEN 'application' THEN to_jsonb(a) - ARRAY['case_id', 'person_id', 'row_sha256', 'superseded_by'] END
    FROM iehe.applications a JOIN iehe.people p USING (person_id) WHERE a.case_id = of_case
$$;

-- Who has no account is found again by reading, birth and address: the next file names them as they are now. Somebody
-- else who is found so already keeps it, and a person says whether they are one.
CREATE FUNCTION iehe.admission_correct(of_case text, of_record text, new_values jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    who uuid;
    own text;
BEGIN
    PERFORM iehe.admission_lock_persons(of_case);
    IF of_record = 'applicant' THEN
        SELECT a.person_id INTO who FROM iehe.applications a WHERE a.case_id = of_case;
        UPDATE iehe.people p
        SET family_name = n.family_name, given_name = n.given_name, family_kana = n.family_kana, given_kana = n.given_kana,
            birth_date = n.birth_date, sex = n.sex, email = n.email, phone = n.phone, postal_code = n.postal_code,
            address = n.address, guardian_name = n.guardian_name, language = n.language
        FROM (SELECT (jsonb_populate_record(o, new_values)).* FROM iehe.people o WHERE o.person_id = who) AS n
        WHERE p.person_id = who;
        SELECT encode(sha256(convert_to(concat_ws('|', 'person', p.family_kana, p.given_kana, p.birth_date, lower(p.email)),
                                        'UTF8')), 'hex')
        INTO own FROM iehe.people p WHERE p.person_id = who AND p.account IS NULL;
        UPDATE iehe.people p SET identity_key = own
        WHERE p.person_id = who AND own IS NOT NULL
          AND NOT EXISTS (SELECT FROM iehe.people o WHERE o.identity_key = own);
        RETURN;
    END IF;
    IF new_values ? 'programme' AND NOT EXISTS (
        SELECT FROM iehe.applications a JOIN iehe.round_places r USING (round_id)
        WHERE a.case_id = of_case AND r.programme = new_values ->> 'programme') THEN
        PERFORM iehe.refuse('programme-not-of-round', jsonb_build_object('programme', new_values ->> 'programme'));
    END IF;
    UPDATE iehe.applications a
    SET programme = n.programme, school_name = n.school_name, school_code = n.school_code,
        school_contact_email = n.school_contact_email, related_staff = n.related_staff, statement = n.statement
    FROM (SELECT (jsonb_populate_record(o, new_values)).* FROM iehe.applications o WHERE o.case_id = of_case) AS n
    WHERE a.case_id = of_case;
    UPDATE iehe.case_labels l SET value = new_values ->> 'programme'
    WHERE l.case_id = of_case AND l.name = 'programme' AND new_values ? 'programme';
END
$$;

GRANT UPDATE (identity_key, family_name, given_name, family_kana, given_kana, birth_date, sex, email, phone, postal_code,
    address, guardian_name, language) ON iehe.people TO iehe_worker;
GRANT UPDATE (programme, school_name, school_code, school_contact_email, related_staff, statement) ON iehe.applications
    TO iehe_worker;
GRANT UPDATE (value) ON iehe.case_labels TO iehe_worker;
