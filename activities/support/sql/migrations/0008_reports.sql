-- What is told of many cases: published counts, and what was missed.

CREATE TABLE iehe.support_reports (
    year          integer PRIMARY KEY,
    published_at  timestamptz NOT NULL DEFAULT now(),
    published_by  text NOT NULL,
    body          jsonb NOT NULL
);
COMMENT ON TABLE iehe.support_reports IS 'The counts of a year as they were published, once and for all (P9).';
CREATE TRIGGER support_reports_stay BEFORE UPDATE OR DELETE ON iehe.support_reports
    FOR EACH ROW EXECUTE FUNCTION iehe.refuse_change();

-- a clock that was stopped later than it was due, or runs and is over; whom it was recounted for keeps its due time
CREATE VIEW iehe.support_missed WITH (security_invoker) AS
SELECT d.case_id, d.name AS clock, d.state, d.due_at, d.clock AS counted,
       CASE WHEN d.state IN ('running', 'expired') THEN NULL ELSE l.at END AS ended_at
FROM iehe.deadlines d JOIN iehe.case_log l ON l.case_id = d.case_id AND l.version = d.version
WHERE d.name IN ('triage', 'first-response', 'update', 'resolution') AND d.state <> 'paused'
  AND CASE WHEN d.state IN ('running', 'expired') THEN d.due_at < now() ELSE d.due_at < l.at END;

SELECT iehe.keep_at_home('support', 'support_reports');

GRANT SELECT, INSERT ON iehe.support_reports TO iehe_office;
GRANT SELECT ON iehe.support_missed TO iehe_worker, iehe_office;
