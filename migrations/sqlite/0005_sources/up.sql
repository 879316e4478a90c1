CREATE TABLE sources (
    id           TEXT NOT NULL PRIMARY KEY,
    slug         TEXT NOT NULL,
    name         TEXT NOT NULL,
    kind         TEXT NOT NULL,
    homepage_url TEXT,
    feed_url     TEXT,
    country      TEXT,
    language     TEXT,
    credit_line  TEXT,
    usage_terms  TEXT,
    logo_url     TEXT,
    version      INTEGER NOT NULL,
    created_at   TEXT NOT NULL,
    updated_at   TEXT NOT NULL,
    CONSTRAINT sources_slug_key UNIQUE (slug)
) STRICT;

CREATE INDEX sources_name ON sources (name, id);
