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

-- One statement puts a publication into all three. positions are numbers that would do, as JSON, and the first that is
-- free is taken; vocabulary is JSON too: pairs of a word and the word backwards.
CREATE VIEW search_index AS
SELECT CAST('' AS TEXT) AS positions, publication_id, article_id, partner_from, live_from, live_until, head, filed,
    CAST('' AS TEXT) AS words, CAST('' AS TEXT) AS vocabulary
FROM search_entries;

CREATE TRIGGER search_index_add INSTEAD OF INSERT ON search_index
BEGIN
    INSERT INTO search_entries (position, publication_id, article_id, partner_from, live_from, live_until, head, filed)
    VALUES (
        coalesce(
            (
                SELECT value FROM json_each(NEW.positions)
                WHERE NOT EXISTS (SELECT 1 FROM search_entries WHERE position = value) ORDER BY key LIMIT 1
            ),
            raise(ABORT, 'no number is free for an entry of the search index')
        ),
        NEW.publication_id, NEW.article_id, NEW.partner_from, NEW.live_from, NEW.live_until, NEW.head, NEW.filed
    );
    INSERT INTO search_words (rowid, words)
    SELECT position, NEW.words FROM search_entries WHERE publication_id = NEW.publication_id;
    INSERT INTO search_vocabulary (word, reversed, partner_from, live_from)
    SELECT value ->> 0, value ->> 1, NEW.partner_from, NEW.live_from FROM json_each(NEW.vocabulary) WHERE true
    ON CONFLICT (word) DO UPDATE SET
        partner_from = min(partner_from, excluded.partner_from), live_from = min(live_from, excluded.live_from)
    WHERE excluded.partner_from < partner_from OR excluded.live_from < live_from;
END;

CREATE TRIGGER search_words_follow AFTER DELETE ON search_entries
BEGIN
    DELETE FROM search_words WHERE rowid = OLD.position;
END;
