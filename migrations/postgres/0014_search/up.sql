-- What readers can find by its words: one entry for each publication that is or will be read. position says how new the
-- story is, so that the newest hits are read first and nothing is sorted. The three moments are those of the
-- publication. head and filed are what ranking and counting need, a line each: words of title, summary, byline, tags,
-- and what the text repeats; ids of section, source, authors, tags.
CREATE TABLE search_entries (
    position       BIGINT NOT NULL PRIMARY KEY,
    publication_id TEXT COLLATE "C" NOT NULL REFERENCES publications (id) ON DELETE CASCADE,
    article_id     TEXT COLLATE "C" NOT NULL,
    partner_from   TIMESTAMP NOT NULL,
    live_from      TIMESTAMP NOT NULL,
    live_until     TIMESTAMP NOT NULL,
    head           TEXT NOT NULL,
    filed          TEXT NOT NULL,
    CONSTRAINT search_entries_publication_id_key UNIQUE (publication_id)
);

-- The words themselves, already folded; rowid is the position, as on SQLite.
CREATE TABLE search_words (
    rowid BIGINT NOT NULL PRIMARY KEY REFERENCES search_entries (position) ON DELETE CASCADE,
    words TSVECTOR NOT NULL
);

CREATE INDEX search_words_words ON search_words USING gin (words);

-- Every word, spelled forwards and backwards, and since when somebody may have read it.
CREATE TABLE search_vocabulary (
    word         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    reversed     TEXT COLLATE "C" NOT NULL,
    partner_from TIMESTAMP NOT NULL,
    live_from    TIMESTAMP NOT NULL
);

CREATE INDEX search_vocabulary_reversed ON search_vocabulary (reversed);

-- The index follows publications by itself, whoever changes them.
CREATE FUNCTION search_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.superseded THEN
        DELETE FROM search_entries WHERE publication_id = NEW.id;
    ELSE
        UPDATE search_entries SET live_until = NEW.live_until WHERE publication_id = NEW.id;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER search_entries_follow AFTER UPDATE OF live_until, superseded ON publications
FOR EACH ROW EXECUTE FUNCTION search_follow();
