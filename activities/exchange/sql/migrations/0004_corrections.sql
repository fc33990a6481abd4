-- What the office may put right of a mobility: who the student is, until names and addresses are erased.

CREATE FUNCTION iehe.exchange_data(of_case text, of_record text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('family', m.family, 'given', m.given, 'nationality', m.nationality, 'mail', m.mail,
                              'language', m.language)
    FROM iehe.exchange_mobilities m WHERE m.case_id = of_case AND of_record = 'student' AND m.erased_at IS NULL
$$;

CREATE FUNCTION iehe.exchange_correct(of_case text, of_record text, new_values jsonb) RETURNS void LANGUAGE sql AS $$
    UPDATE iehe.exchange_mobilities m
    SET family = n ->> 'family', given = n ->> 'given', nationality = n ->> 'nationality', mail = n ->> 'mail',
        language = n ->> 'language'
    FROM (SELECT iehe.exchange_data(of_case, of_record) || new_values) AS w (n)
    WHERE m.case_id = of_case AND w.n IS NOT NULL
$$;

GRANT UPDATE (family, given, nationality, mail, language) ON iehe.exchange_mobilities TO iehe_worker;
