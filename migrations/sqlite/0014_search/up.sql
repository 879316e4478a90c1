-- What readers can find by its words: one entry for each publication that is or will be read. position says how new the
-- story is, so that the newest hits are read first and nothing is sorted. The three moments are those of the
-- publication. head and filed are what ranking and counting need, a line each: words of title, summary, byline, tags,
-- and what the text repeats; ids of section, source, authors, tags.
CREATE TABLE search_entries (
    position       INTEGER NOT NULL PRIMARY KEY,
    publication_id TEXT NOT NULL REFERENCES publications (id) ON DELETE CASCADE,
    article_id     TEXT NOT NULL,
    partner_from   TEXT NOT NULL,
    live_from      TEXT NOT NULL,
    live_until     TEXT NOT NULL,
    head           TEXT NOT NULL,
    filed          TEXT NOT NULL,
    CONSTRAINT search_entries_publication_id_key UNIQUE (publication_id)
) STRICT;

-- The words themselves, already folded, separated by spaces; rowid is the position. Nothing but the index is kept.
CREATE VIRTUAL TABLE search_words USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'ascii');

-- Every word, spelled forwards and backwards, and since when somebody may have read it.
CREATE TABLE search_vocabulary (
    word         TEXT NOT NULL PRIMARY KEY,
    reversed     TEXT NOT NULL,
    partner_from TEXT NOT NULL,
    live_from    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX search_vocabulary_reversed ON search_vocabulary (reversed);

-- The index follows publications by itself, whoever changes them.
CREATE TRIGGER search_entries_end AFTER UPDATE OF live_until ON publications
WHEN NOT NEW.superseded
BEGIN
    UPDATE search_entries SET live_until = NEW.live_until WHERE publication_id = NEW.id;
END;

CREATE TRIGGER search_entries_over AFTER UPDATE OF superseded ON publications
WHEN NEW.superseded
BEGIN
    DELETE FROM search_entries WHERE publication_id = NEW.id;
END;

CREATE TRIGGER search_words_follow AFTER DELETE ON search_entries
BEGIN
    DELETE FROM search_words WHERE rowid = OLD.position;
END;
