-- Public profiles; an author needs no account. links is a JSON array.
CREATE TABLE authors (
    id            TEXT NOT NULL PRIMARY KEY,
    slug          TEXT NOT NULL,
    name          TEXT NOT NULL,
    job_title     TEXT,
    bio           TEXT,
    contact_email TEXT,
    image_url     TEXT,
    links         TEXT NOT NULL,
    version       INTEGER NOT NULL,
    created_at    TEXT NOT NULL,
    updated_at    TEXT NOT NULL,
    CONSTRAINT authors_slug_key UNIQUE (slug)
) STRICT;

CREATE INDEX authors_name ON authors (name, id);
