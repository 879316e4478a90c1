-- Working copies: what editors see. document (JSON) and body are the truth; the other columns and the link tables
-- below are its index, written anew with every save. The door writes the rest: publication_number counts the
-- publications and publication_hash is the seal of the newest, published_at and first_published_at are the dates of the newest and the first one (the year 9999 when
-- there is none), corrections (JSON) are the notes that publications carry, killed_at is set while a story is killed,
-- passed_at is when the door last acted.
CREATE TABLE articles (
    id           TEXT NOT NULL PRIMARY KEY,
    slug         TEXT NOT NULL,
    slug_taken_over INTEGER NOT NULL CHECK (slug_taken_over IN (0, 1)),
    version      INTEGER NOT NULL,
    title        TEXT NOT NULL,
    language     TEXT NOT NULL,
    kind         TEXT NOT NULL,
    featured     INTEGER NOT NULL CHECK (featured IN (0, 1)),
    has_image    INTEGER NOT NULL CHECK (has_image IN (0, 1)),
    section_id   TEXT REFERENCES tags (id) ON DELETE SET NULL,
    source_id    TEXT REFERENCES sources (id) ON DELETE SET NULL,
    document     TEXT NOT NULL,
    body         TEXT NOT NULL,
    body_html    TEXT NOT NULL,
    editor_note  TEXT,
    embargo_until TEXT,
    translation_of TEXT,
    corrections  TEXT NOT NULL,
    created_by   TEXT REFERENCES users (id) ON DELETE SET NULL,
    created_at   TEXT NOT NULL,
    updated_at   TEXT NOT NULL,
    published_at TEXT NOT NULL,
    first_published_at TEXT NOT NULL,
    publication_number INTEGER NOT NULL,
    publication_hash TEXT,
    killed_at    TEXT,
    deleted_at   TEXT,
    passed_at    TEXT NOT NULL
) STRICT;

-- A story in the trash gives its slug free; published slugs are kept by the publications that had them, unless an
-- editor takes one over on purpose (slug_taken_over).
CREATE UNIQUE INDEX articles_slug_key ON articles (slug) WHERE deleted_at IS NULL;
CREATE INDEX articles_updated ON articles (updated_at, id, deleted_at) WHERE deleted_at IS NULL;
CREATE INDEX articles_created ON articles (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX articles_published ON articles (published_at, id) WHERE deleted_at IS NULL;
CREATE INDEX articles_title ON articles (title, id) WHERE deleted_at IS NULL;
CREATE INDEX articles_translation ON articles (translation_of) WHERE translation_of IS NOT NULL;
CREATE INDEX articles_killed ON articles (killed_at) WHERE killed_at IS NOT NULL;
CREATE INDEX articles_trashed ON articles (deleted_at) WHERE deleted_at IS NOT NULL;
-- Few rows with one of these are found by it and sorted; many are met on a walk through the order. Neither moves when a
-- story is saved.
CREATE INDEX articles_section ON articles (section_id);
CREATE INDEX articles_source ON articles (source_id) WHERE source_id IS NOT NULL;
CREATE INDEX articles_language ON articles (language);
CREATE INDEX articles_kind ON articles (kind);
CREATE INDEX articles_featured ON articles (id) WHERE featured = TRUE;
CREATE INDEX articles_has_image ON articles (id) WHERE has_image = TRUE;
CREATE INDEX articles_has_corrections ON articles (id) WHERE corrections <> '[]';
CREATE INDEX articles_created_by ON articles (created_by, updated_at, id);

CREATE TABLE article_authors (
    article_id TEXT NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    author_id  TEXT NOT NULL REFERENCES authors (id) ON DELETE CASCADE,
    PRIMARY KEY (article_id, author_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX article_authors_author ON article_authors (author_id, article_id);

CREATE TABLE article_tags (
    article_id TEXT NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    tag_id     TEXT NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
    PRIMARY KEY (article_id, tag_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX article_tags_tag ON article_tags (tag_id, article_id);

-- Every accepted save, whole: its number is the version of the article that it made. content is compressed; one in
-- sixteen stands alone, the others need the one that base names to be read.
CREATE TABLE revisions (
    article_id TEXT NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    number     INTEGER NOT NULL,
    title      TEXT NOT NULL,
    base       INTEGER,
    content    BLOB NOT NULL,
    saved_by   TEXT,
    saved_at   TEXT NOT NULL,
    note       TEXT,
    PRIMARY KEY (article_id, number)
) STRICT;
