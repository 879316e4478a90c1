-- Public profiles; an author needs no account. links is a JSON array.
CREATE TABLE authors (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    slug          TEXT COLLATE "C" NOT NULL,
    name          TEXT COLLATE "C" NOT NULL,
    job_title     TEXT,
    bio           TEXT,
    contact_email TEXT,
    image_url     TEXT,
    links         TEXT NOT NULL,
    version       INTEGER NOT NULL,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL,
    CONSTRAINT authors_slug_key UNIQUE (slug)
);

CREATE INDEX authors_name ON authors (name, id);
