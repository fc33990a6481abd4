-- Who is written to of a case may be put right: each value is another text of the case, and the old one stays with it.

CREATE FUNCTION iehe.support_data(of_case text, of_record text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('contact', r.contact_text, 'language', r.language, 'referrer_name', r.referrer_name,
                              'referrer_email', r.referrer_email, 'referrer_language', r.referrer_language)
    FROM iehe.support_referrals r WHERE r.case_id = of_case AND of_record = 'parties'
$$;

CREATE FUNCTION iehe.support_correct(of_case text, of_record text, new_values jsonb) RETURNS void LANGUAGE sql AS $$
    UPDATE iehe.support_referrals r
    SET contact_text = (n ->> 'contact')::uuid, language = n ->> 'language', referrer_name = (n ->> 'referrer_name')::uuid,
        referrer_email = (n ->> 'referrer_email')::uuid, referrer_language = n ->> 'referrer_language'
    FROM (SELECT iehe.support_data(of_case, of_record) || new_values) AS w (n)
    WHERE r.case_id = of_case AND w.n IS NOT NULL
$$;

GRANT UPDATE (contact_text, language, referrer_name, referrer_email, referrer_language) ON iehe.support_referrals TO iehe_worker;
