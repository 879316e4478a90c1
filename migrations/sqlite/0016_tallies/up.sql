-- How many live stories name a tag, an author or a source, or stand in a section: the sum of delta up to a moment. A
-- publication adds one where it begins and takes one away where it ends, so a schedule counts at its time and not
-- before. Rows are only added by the triggers, so that two editors never wait for the same count; from time to time what
-- lies behind is added up into one row.
CREATE TABLE tallies (
    id      INTEGER NOT NULL PRIMARY KEY,
    role    TEXT NOT NULL,
    name_id TEXT NOT NULL,
    at      TEXT NOT NULL,
    delta   INTEGER NOT NULL
) STRICT;

CREATE INDEX tallies_name ON tallies (role, name_id, at, delta);
CREATE INDEX tallies_at ON tallies (at);

-- The links are written after their publication.
CREATE TRIGGER tallies_tagged AFTER INSERT ON publication_tags
BEGIN
    INSERT INTO tallies (role, name_id, at, delta)
    SELECT 'tag', NEW.tag_id, live_from, 1 FROM publications WHERE id = NEW.publication_id
    UNION ALL SELECT 'tag', NEW.tag_id, live_until, -1 FROM publications
        WHERE id = NEW.publication_id AND live_until < '9999-12-31 23:59:59';
END;

CREATE TRIGGER tallies_signed AFTER INSERT ON publication_authors
BEGIN
    INSERT INTO tallies (role, name_id, at, delta)
    SELECT 'author', NEW.author_id, live_from, 1 FROM publications WHERE id = NEW.publication_id
    UNION ALL SELECT 'author', NEW.author_id, live_until, -1 FROM publications
        WHERE id = NEW.publication_id AND live_until < '9999-12-31 23:59:59';
END;

CREATE TRIGGER tallies_begun AFTER INSERT ON publications
BEGIN
    INSERT INTO tallies (role, name_id, at, delta)
    SELECT role, name_id, at, delta FROM (
        SELECT 'section' AS role, NEW.section_id AS name_id UNION ALL SELECT 'source', NEW.source_id
    ) CROSS JOIN (
        SELECT NEW.live_from AS at, 1 AS delta UNION ALL SELECT NEW.live_until, -1
    ) WHERE name_id IS NOT NULL AND at < '9999-12-31 23:59:59';
END;

CREATE TRIGGER tallies_moved AFTER UPDATE OF live_until ON publications
WHEN NEW.live_until <> OLD.live_until
BEGIN
    INSERT INTO tallies (role, name_id, at, delta)
    SELECT role, name_id, at, delta FROM (
        SELECT 'tag' AS role, tag_id AS name_id FROM publication_tags WHERE publication_id = NEW.id
        UNION ALL SELECT 'author', author_id FROM publication_authors WHERE publication_id = NEW.id
        UNION ALL SELECT 'section', NEW.section_id
        UNION ALL SELECT 'source', NEW.source_id
    ) CROSS JOIN (
        SELECT OLD.live_until AS at, 1 AS delta UNION ALL SELECT NEW.live_until, -1
    ) WHERE name_id IS NOT NULL AND at < '9999-12-31 23:59:59';
END;

-- What there is already. What was superseded has begun and ended, which makes nothing.
INSERT INTO tallies (role, name_id, at, delta)
SELECT role, name_id, at, delta FROM (
    SELECT 'tag' AS role, tag_id AS name_id, publication_id FROM publication_tags
    UNION ALL SELECT 'author', author_id, publication_id FROM publication_authors
    UNION ALL SELECT 'section', section_id, id FROM publications
    UNION ALL SELECT 'source', source_id, id FROM publications
) AS named JOIN (
    SELECT id, live_from AS at, 1 AS delta FROM publications WHERE NOT superseded
    UNION ALL SELECT id, live_until, -1 FROM publications WHERE NOT superseded
) AS ends ON ends.id = named.publication_id
WHERE name_id IS NOT NULL AND at < '9999-12-31 23:59:59';
