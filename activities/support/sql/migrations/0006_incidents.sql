-- Group incidents: one event behind several cases, each of which is written to alone (S16).

CREATE TABLE iehe.support_incidents (
    incident   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    label      text NOT NULL,
    opened_by  text NOT NULL,
    opened_at  timestamptz NOT NULL DEFAULT now(),
    closed_by  text,
    closed_at  timestamptz
);
COMMENT ON TABLE iehe.support_incidents IS 'What several cases come from; a code, and nothing of what happened.';
CREATE UNIQUE INDEX support_incidents_open ON iehe.support_incidents (label) WHERE closed_at IS NULL;

CREATE TABLE iehe.support_incident_cases (
    case_id   text NOT NULL REFERENCES iehe.cases,
    incident  bigint NOT NULL REFERENCES iehe.support_incidents,
    added_by  text NOT NULL,
    added_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (case_id, incident)
);
COMMENT ON TABLE iehe.support_incident_cases IS 'The cases of an incident: nothing of it changes any of them.';
CREATE INDEX support_incident_cases_by_incident ON iehe.support_incident_cases (incident);

SELECT iehe.keep_at_home('support', 'support_incidents', 'support_incident_cases');

GRANT SELECT ON iehe.support_incidents, iehe.support_incident_cases TO iehe_worker, iehe_office;
GRANT INSERT ON iehe.support_incidents, iehe.support_incident_cases TO iehe_office;
GRANT UPDATE (closed_by, closed_at) ON iehe.support_incidents TO iehe_office;
