-- How many live stories name a tag, an author or a source, or stand in a section: the sum of delta up to a moment. A
-- publication adds one where it begins and takes one away where it ends, so a schedule counts at its time and not
-- before. Rows are only added by the triggers, so that two editors never wait for the same count; from time to time what
-- lies behind is added up into one row.
CREATE TABLE tallies (
    id      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    role    TEXT COLLATE "C" NOT NULL,
    name_id TEXT COLLATE "C" NOT NULL,
    at      TIMESTAMP NOT NULL,
    delta   INTEGER NOT NULL
);

CREATE INDEX tallies_name ON tallies (role, name_id, at, delta);
CREATE INDEX tallies_at ON tallies (at);

-- The links are written after their publication.
CREATE FUNCTION tallies_tagged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tallies (role, name_id, at, delta)
    SELECT 'tag', NEW.tag_id, live_from, 1 FROM publications WHERE id = NEW.publication_id
    UNION ALL SELECT 'tag', NEW.tag_id, live_until, -1 FROM publications
        WHERE id = NEW.publication_id AND live_until < '9999-12-31 23:59:59';
    RETURN NULL;
END
$$;

CREATE FUNCTION tallies_signed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tallies (role, name_id, at, delta)
    SELECT 'author', NEW.author_id, live_from, 1 FROM publications WHERE id = NEW.publication_id
    UNION ALL SELECT 'author', NEW.author_id, live_until, -1 FROM publications
        WHERE id = NEW.publication_id AND live_until < '9999-12-31 23:59:59';
    RETURN NULL;
END
$$;

CREATE FUNCTION tallies_begun() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tallies (role, name_id, at, delta)
    SELECT role, name_id, at, delta
    FROM (VALUES ('section', NEW.section_id), ('source', NEW.source_id)) AS named (role, name_id)
    CROSS JOIN (VALUES (NEW.live_from, 1), (NEW.live_until, -1)) AS ends (at, delta)
    WHERE name_id IS NOT NULL AND at < '9999-12-31 23:59:59';
    RETURN NULL;
END
$$;

CREATE FUNCTION tallies_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tallies (role, name_id, at, delta)
    SELECT role, name_id, at, delta
    FROM (
        SELECT 'tag' AS role, tag_id AS name_id FROM publication_tags WHERE publication_id = NEW.id
        UNION ALL SELECT 'author', author_id FROM publication_authors WHERE publication_id = NEW.id
        UNION ALL SELECT 'section', NEW.section_id
        UNION ALL SELECT 'source', NEW.source_id
    ) AS named
    CROSS JOIN (VALUES (OLD.live_until, 1), (NEW.live_until, -1)) AS ends (at, delta)
    WHERE name_id IS NOT NULL AND at < '9999-12-31 23:59:59';
    RETURN NULL;
END
$$;

CREATE TRIGGER tallies_tagged AFTER INSERT ON publication_tags FOR EACH ROW EXECUTE FUNCTION tallies_tagged();
CREATE TRIGGER tallies_signed AFTER INSERT ON publication_authors FOR EACH ROW EXECUTE FUNCTION tallies_signed();
CREATE TRIGGER tallies_begun AFTER INSERT ON publications FOR EACH ROW EXECUTE FUNCTION tallies_begun();
CREATE TRIGGER tallies_moved AFTER UPDATE OF live_until ON publications
    FOR EACH ROW WHEN (NEW.live_until <> OLD.live_until) EXECUTE FUNCTION tallies_moved();

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
