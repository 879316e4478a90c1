CREATE TABLE tags (
    id          TEXT NOT NULL PRIMARY KEY,
    slug        TEXT NOT NULL,
    name        TEXT NOT NULL,
    kind        TEXT NOT NULL,
    description TEXT,
    parent_id   TEXT REFERENCES tags (id) ON DELETE SET NULL,
    code        TEXT,
    version     INTEGER NOT NULL,
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL,
    CONSTRAINT tags_slug_key UNIQUE (slug)
) STRICT;

CREATE INDEX tags_name ON tags (name, id);
CREATE INDEX tags_kind ON tags (kind, name, id);
CREATE INDEX tags_parent ON tags (parent_id);
