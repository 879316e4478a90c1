-- Working copies: what editors see. document (JSON) and body are the truth; the other columns and the link tables
-- below are its index, written anew with every save. published_at is the door's: the beginning of the newest
-- publication, or the year 9999 for a story that never had one.
CREATE TABLE articles (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    slug         TEXT COLLATE "C" NOT NULL,
    version      INTEGER NOT NULL,
    title        TEXT COLLATE "C" NOT NULL,
    language     TEXT COLLATE "C" NOT NULL,
    kind         TEXT COLLATE "C" NOT NULL,
    featured     BOOLEAN NOT NULL,
    section_id   TEXT COLLATE "C" REFERENCES tags (id) ON DELETE SET NULL,
    source_id    TEXT COLLATE "C" REFERENCES sources (id) ON DELETE SET NULL,
    document     TEXT NOT NULL,
    body         TEXT NOT NULL,
    body_html    TEXT NOT NULL,
    editor_note  TEXT,
    created_by   TEXT COLLATE "C" REFERENCES users (id) ON DELETE SET NULL,
    created_at   TIMESTAMP NOT NULL,
    updated_at   TIMESTAMP NOT NULL,
    published_at TIMESTAMP NOT NULL,
    deleted_at   TIMESTAMP
);

-- A deleted draft gives its slug free; published slugs are kept by the publications that had them.
CREATE UNIQUE INDEX articles_slug_key ON articles (slug) WHERE deleted_at IS NULL;
CREATE INDEX articles_updated ON articles (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX articles_created ON articles (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX articles_published ON articles (published_at, id) WHERE deleted_at IS NULL;
CREATE INDEX articles_title ON articles (title, id) WHERE deleted_at IS NULL;
CREATE INDEX articles_section ON articles (section_id);
CREATE INDEX articles_source ON articles (source_id);
CREATE INDEX articles_created_by ON articles (created_by, updated_at, id);

CREATE TABLE article_authors (
    article_id TEXT COLLATE "C" NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    author_id  TEXT COLLATE "C" NOT NULL REFERENCES authors (id) ON DELETE CASCADE,
    PRIMARY KEY (article_id, author_id)
);

CREATE INDEX article_authors_author ON article_authors (author_id, article_id);

CREATE TABLE article_tags (
    article_id TEXT COLLATE "C" NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    tag_id     TEXT COLLATE "C" NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
    PRIMARY KEY (article_id, tag_id)
);

CREATE INDEX article_tags_tag ON article_tags (tag_id, article_id);

-- Every accepted save, whole: its number is the version of the article that it made.
CREATE TABLE revisions (
    article_id TEXT COLLATE "C" NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    number     INTEGER NOT NULL,
    slug       TEXT COLLATE "C" NOT NULL,
    document   TEXT NOT NULL,
    body       TEXT NOT NULL,
    editor_note TEXT,
    saved_by   TEXT COLLATE "C",
    saved_at   TIMESTAMP NOT NULL,
    note       TEXT,
    PRIMARY KEY (article_id, number)
);
