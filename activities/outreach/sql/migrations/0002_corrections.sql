-- What the office may put right of a request: its contact, until that is erased.

CREATE FUNCTION iehe.outreach_data(of_case text, of_record text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('name', r.contact_name, 'email', r.contact_email, 'phone', r.contact_phone,
                              'language', r.language, 'school_name', r.school_name)
    FROM iehe.outreach_requests r WHERE r.case_id = of_case AND of_record = 'contact' AND r.erased_at IS NULL
$$;

CREATE FUNCTION iehe.outreach_correct(of_case text, of_record text, new_values jsonb) RETURNS void LANGUAGE sql AS $$
    UPDATE iehe.outreach_requests r
    SET contact_name = n ->> 'name', contact_email = n ->> 'email', contact_phone = n ->> 'phone',
        language = n ->> 'language', school_name = n ->> 'school_name'
    FROM (SELECT iehe.outreach_data(of_case, of_record) || new_values) AS w (n)
    WHERE r.case_id = of_case AND w.n IS NOT NULL
$$;

GRANT UPDATE (contact_name, contact_email, contact_phone, language, school_name) ON iehe.outreach_requests TO iehe_worker;
