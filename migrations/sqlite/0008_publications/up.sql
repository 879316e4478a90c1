-- Authors, tags and sources are plain ids here, with the slugs that they had: what was published outlives what it names.
-- What readers see: immutable documents, each with the interval [live_from, live_until) in which it is read. Only the
-- ends of an interval ever change: expires_at is the end that was asked for, live_until the one that holds, which comes
-- earlier when another publication follows. superseded means that the door ended it (replaced, unpublished, cancelled), so that
-- history drops out of the indexes that live reads use. partner_from is when those who may read under embargo begin to
-- see it: earlier than live_from while an embargo holds. original_id is the same for all translations of a story. hash
-- seals the row and previous_hash is that of the story's publication before. card is what lists show of it: made from the
-- document, so that reading has nothing left to make.
CREATE TABLE publications (
    id                 TEXT NOT NULL PRIMARY KEY,
    article_id         TEXT NOT NULL REFERENCES articles (id),
    number             INTEGER NOT NULL,
    revision           INTEGER NOT NULL,
    partner_from       TEXT NOT NULL,
    live_from          TEXT NOT NULL,
    live_until         TEXT NOT NULL,
    expires_at         TEXT NOT NULL,
    superseded         INTEGER NOT NULL,
    slug               TEXT NOT NULL,
    title              TEXT NOT NULL,
    language           TEXT NOT NULL,
    kind               TEXT NOT NULL,
    featured           INTEGER NOT NULL,
    section_id         TEXT,
    section_slug       TEXT,
    source_id          TEXT,
    source_slug        TEXT,
    original_id        TEXT NOT NULL,
    document           TEXT NOT NULL,
    card               TEXT NOT NULL,
    body               TEXT NOT NULL,
    body_html          TEXT NOT NULL,
    created_at         TEXT NOT NULL,
    first_published_at TEXT NOT NULL,
    published_at       TEXT NOT NULL,
    modified_at        TEXT NOT NULL,
    previous_hash      TEXT,
    hash               TEXT NOT NULL,
    CONSTRAINT publications_number_key UNIQUE (article_id, number),
    CHECK (partner_from <= live_from),
    CHECK (live_from <= live_until)
) STRICT;

CREATE INDEX publications_newest ON publications (published_at, article_id) WHERE NOT superseded;
CREATE INDEX publications_section ON publications (section_id, published_at, article_id) WHERE NOT superseded;
CREATE INDEX publications_source ON publications (source_id, published_at, article_id) WHERE NOT superseded;
CREATE INDEX publications_updated ON publications (live_from, article_id) WHERE NOT superseded;
CREATE INDEX publications_title ON publications (title, article_id) WHERE NOT superseded;
CREATE INDEX publications_slug ON publications (slug, live_from);
-- History never slows the present: these hold only what is or will be read.
CREATE INDEX publications_live_slug ON publications (slug) WHERE NOT superseded;
CREATE INDEX publications_live_article ON publications (article_id) WHERE NOT superseded;
CREATE INDEX publications_live_original ON publications (original_id) WHERE NOT superseded;
CREATE INDEX publications_created ON publications (created_at, article_id) WHERE NOT superseded;

-- What was read at a moment that is over, newest first.
CREATE INDEX publications_past ON publications (published_at, article_id);

CREATE TABLE publication_authors (
    publication_id TEXT NOT NULL REFERENCES publications (id) ON DELETE CASCADE,
    author_id      TEXT NOT NULL,
    slug           TEXT NOT NULL,
    PRIMARY KEY (publication_id, author_id)
) STRICT;

CREATE INDEX publication_authors_author ON publication_authors (author_id, publication_id);
CREATE INDEX publication_authors_slug ON publication_authors (slug, publication_id);

CREATE TABLE publication_tags (
    publication_id TEXT NOT NULL REFERENCES publications (id) ON DELETE CASCADE,
    tag_id         TEXT NOT NULL,
    slug           TEXT NOT NULL,
    PRIMARY KEY (publication_id, tag_id)
) STRICT;

CREATE INDEX publication_tags_tag ON publication_tags (tag_id, publication_id);
CREATE INDEX publication_tags_slug ON publication_tags (slug, publication_id);
