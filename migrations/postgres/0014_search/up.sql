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

-- One statement puts a publication into all three. positions are numbers that would do, as JSON, and the first that is
-- free is taken; words is a tsvector as text; vocabulary is JSON: pairs of a word and the word backwards, in one order
-- for all, so that two writers wait for each other instead of forever.
CREATE VIEW search_index AS
SELECT ''::text AS positions, publication_id, article_id, partner_from, live_from, live_until, head, filed,
    ''::text AS words, ''::text AS vocabulary
FROM search_entries;

CREATE FUNCTION search_index_add() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free BIGINT;
BEGIN
    FOR free IN SELECT value::bigint FROM jsonb_array_elements_text(NEW.positions::jsonb) AS value LOOP
        INSERT INTO search_entries
            (position, publication_id, article_id, partner_from, live_from, live_until, head, filed)
        VALUES (
            free, NEW.publication_id, NEW.article_id, NEW.partner_from, NEW.live_from, NEW.live_until, NEW.head, NEW.filed
        )
        ON CONFLICT (position) DO NOTHING;
        IF FOUND THEN
            INSERT INTO search_words (rowid, words) VALUES (free, NEW.words::tsvector);
            -- What is known already is left alone: a row that is only looked at is held, too, and two transactions that
            -- publish several stories would wait for each other. What is new is held in one order.
            -- The question is a subquery with one answer, so that each word is looked up: as NOT EXISTS, PostgreSQL would
            -- rather read all words there are.
            INSERT INTO search_vocabulary AS known (word, reversed, partner_from, live_from)
            SELECT value ->> 0, value ->> 1, NEW.partner_from, NEW.live_from
            FROM jsonb_array_elements(NEW.vocabulary::jsonb) AS value
            WHERE (
                SELECT there.partner_from <= NEW.partner_from AND there.live_from <= NEW.live_from
                FROM search_vocabulary AS there WHERE there.word = value ->> 0
            ) IS NOT TRUE
            ORDER BY value ->> 0
            ON CONFLICT (word) DO UPDATE SET
                partner_from = least(known.partner_from, excluded.partner_from),
                live_from = least(known.live_from, excluded.live_from)
            WHERE excluded.partner_from < known.partner_from OR excluded.live_from < known.live_from;
            RETURN NEW;
        END IF;
    END LOOP;
    RAISE 'no number is free for an entry of the search index';
END
$$;

CREATE TRIGGER search_index_add INSTEAD OF INSERT ON search_index
FOR EACH ROW EXECUTE FUNCTION search_index_add();

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
