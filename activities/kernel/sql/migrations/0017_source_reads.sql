-- What a system may read, beside the events that it may send: nothing that it was not allowed.

ALTER TABLE iehe.sources ADD COLUMN reads text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN iehe.sources.reads IS 'What the source may read: each door asks for its own.';
