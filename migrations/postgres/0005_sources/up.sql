CREATE TABLE sources (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    slug         TEXT COLLATE "C" NOT NULL,
    name         TEXT COLLATE "C" NOT NULL,
    kind         TEXT COLLATE "C" NOT NULL,
    homepage_url TEXT,
    feed_url     TEXT,
    country      TEXT COLLATE "C",
    language     TEXT COLLATE "C",
    credit_line  TEXT,
    usage_terms  TEXT,
    logo_url     TEXT,
    version      INTEGER NOT NULL,
    created_at   TIMESTAMP NOT NULL,
    updated_at   TIMESTAMP NOT NULL,
    CONSTRAINT sources_slug_key UNIQUE (slug)
);

CREATE INDEX sources_name ON sources (name, id);
