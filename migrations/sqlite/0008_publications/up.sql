-- Authors, tags and sources are plain ids here, with the slugs that they had: what was published outlives what it names.
-- What readers see: immutable documents, each with the interval [live_from, live_until) in which it is read. Only the
-- ends of an interval ever change: expires_at is the end that was asked for, live_until the one that holds, which comes
-- earlier when another publication follows. superseded means that the door ended it (replaced, unpublished, cancelled), so that
-- history drops out of the indexes that live reads use. partner_from is when those who may read under embargo begin to
-- see it: earlier than live_from while an embargo holds. original_id is the same for all translations of a story. hash
-- seals the row and previous_hash is that of the story's publication before. card is what lists show of it: made from the
-- document, so that reading has nothing left to make. What is long stands last, and the document, which no reader is sent,
-- behind the text: a row is read from its beginning, and SQLite goes from page to page for what does not fit into one.
CREATE TABLE publications (
    id                 TEXT NOT NULL PRIMARY KEY,
    article_id         TEXT NOT NULL REFERENCES articles (id),
    number             INTEGER NOT NULL,
    revision           INTEGER NOT NULL,
    partner_from       TEXT NOT NULL,
    live_from          TEXT NOT NULL,
    live_until         TEXT NOT NULL,
    expires_at         TEXT NOT NULL,
    superseded         INTEGER NOT NULL CHECK (superseded IN (0, 1)),
    slug               TEXT NOT NULL,
    title              TEXT NOT NULL,
    language           TEXT NOT NULL,
    kind               TEXT NOT NULL,
    featured           INTEGER NOT NULL CHECK (featured IN (0, 1)),
    has_image          INTEGER NOT NULL CHECK (has_image IN (0, 1)),
    has_corrections    INTEGER NOT NULL CHECK (has_corrections IN (0, 1)),
    section_id         TEXT,
    section_slug       TEXT,
    source_id          TEXT,
    source_slug        TEXT,
    original_id        TEXT NOT NULL,
    created_at         TEXT NOT NULL,
    first_published_at TEXT NOT NULL,
    published_at       TEXT NOT NULL,
    modified_at        TEXT NOT NULL,
    previous_hash      TEXT,
    hash               TEXT NOT NULL,
    card               TEXT NOT NULL,
    body               TEXT NOT NULL,
    body_html          TEXT NOT NULL,
    document           TEXT NOT NULL,
    CONSTRAINT publications_number_key UNIQUE (article_id, number),
    CHECK (partner_from <= live_from),
    CHECK (live_from <= live_until)
) STRICT;

-- Lists are walked in the order of an index and never sorted whole. superseded comes before the order, so that history
-- stands apart and never slows the present, and the interval comes after it, so that a walk reads the index alone.
CREATE INDEX publications_published ON publications (superseded, published_at, article_id, live_from, live_until);
CREATE INDEX publications_updated ON publications (superseded, live_from, article_id, live_until);
CREATE INDEX publications_created ON publications (superseded, created_at, article_id, live_from, live_until);
CREATE INDEX publications_title ON publications (superseded, title, article_id, live_from, live_until);
CREATE INDEX publications_story ON publications (superseded, article_id, live_from, live_until);
-- The same for what many lists ask for. Names of now are ids; names as printed, for the past, are slugs.
CREATE INDEX publications_section ON publications (section_id, superseded, published_at, article_id, live_from, live_until);
CREATE INDEX publications_source ON publications (source_id, superseded, published_at, article_id, live_from, live_until);
CREATE INDEX publications_language ON publications (language, superseded, published_at, article_id, live_from, live_until);
CREATE INDEX publications_kind ON publications (kind, superseded, published_at, article_id, live_from, live_until);
CREATE INDEX publications_section_slug ON publications (section_slug, superseded, published_at, article_id);
CREATE INDEX publications_source_slug ON publications (source_slug, superseded, published_at, article_id);
CREATE INDEX publications_featured ON publications (superseded, published_at, article_id) WHERE featured = TRUE;
CREATE INDEX publications_has_image ON publications (superseded, published_at, article_id) WHERE has_image = TRUE;
CREATE INDEX publications_has_corrections ON publications (superseded, published_at, article_id) WHERE has_corrections = TRUE;
CREATE INDEX publications_has_source ON publications (superseded, published_at, article_id) WHERE source_id IS NOT NULL;
CREATE INDEX publications_slug ON publications (slug, live_from);
-- These hold only what is or will be read.
CREATE INDEX publications_live_slug ON publications (slug) WHERE NOT superseded;
CREATE INDEX publications_live_article ON publications (article_id) WHERE NOT superseded;
CREATE INDEX publications_live_original ON publications (original_id) WHERE NOT superseded;

-- What ends next, and what is over.
CREATE INDEX publications_ending ON publications (live_until, id) WHERE NOT superseded;

-- The translations of a story at a moment that is over.
CREATE INDEX publications_original ON publications (original_id, live_from);

-- Who and what a publication names, with the slugs of then. The columns behind them repeat the publication's, so that a
-- list by author or tag reads one index and nothing else; the trigger keeps its end in step.
CREATE TABLE publication_authors (
    publication_id TEXT NOT NULL REFERENCES publications (id) ON DELETE CASCADE,
    author_id      TEXT NOT NULL,
    slug           TEXT NOT NULL,
    article_id     TEXT NOT NULL,
    published_at   TEXT NOT NULL,
    live_from      TEXT NOT NULL,
    live_until     TEXT NOT NULL,
    superseded     INTEGER NOT NULL CHECK (superseded IN (0, 1)),
    PRIMARY KEY (publication_id, author_id)
) STRICT;

CREATE INDEX publication_authors_author ON publication_authors (author_id, superseded, published_at, article_id, live_from, live_until);
CREATE INDEX publication_authors_slug ON publication_authors (slug, superseded, published_at, article_id, live_from, live_until);

CREATE TABLE publication_tags (
    publication_id TEXT NOT NULL REFERENCES publications (id) ON DELETE CASCADE,
    tag_id         TEXT NOT NULL,
    slug           TEXT NOT NULL,
    article_id     TEXT NOT NULL,
    published_at   TEXT NOT NULL,
    live_from      TEXT NOT NULL,
    live_until     TEXT NOT NULL,
    superseded     INTEGER NOT NULL CHECK (superseded IN (0, 1)),
    PRIMARY KEY (publication_id, tag_id)
) STRICT;

CREATE INDEX publication_tags_tag ON publication_tags (tag_id, superseded, published_at, article_id, live_from, live_until);
CREATE INDEX publication_tags_slug ON publication_tags (slug, superseded, published_at, article_id, live_from, live_until);

CREATE TRIGGER publication_ended AFTER UPDATE OF live_until, superseded ON publications
BEGIN
    UPDATE publication_authors SET live_until = NEW.live_until, superseded = NEW.superseded
        WHERE publication_id = NEW.id;
    UPDATE publication_tags SET live_until = NEW.live_until, superseded = NEW.superseded WHERE publication_id = NEW.id;
END;
