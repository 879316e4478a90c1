CREATE TABLE tags (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    slug        TEXT COLLATE "C" NOT NULL,
    name        TEXT COLLATE "C" NOT NULL,
    kind        TEXT COLLATE "C" NOT NULL,
    description TEXT,
    parent_id   TEXT COLLATE "C" REFERENCES tags (id) ON DELETE SET NULL,
    code        TEXT COLLATE "C",
    version     INTEGER NOT NULL,
    created_at  TIMESTAMP NOT NULL,
    updated_at  TIMESTAMP NOT NULL,
    CONSTRAINT tags_slug_key UNIQUE (slug)
);

CREATE INDEX tags_name ON tags (name, id);
CREATE INDEX tags_kind ON tags (kind, name, id);
CREATE INDEX tags_parent ON tags (parent_id);
