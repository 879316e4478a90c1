-- When readers stop seeing a story, and when they see it again: one row for each publication that ends and is not
-- followed at once by another one. A row may lie in the future; readers are told of it when gone_at has come and back_at
-- has not (the year 9999 while nothing is planned). A purge leaves the newest row behind, without the slug, so that copies
-- elsewhere learn of it. Triggers keep it, in the transaction that moves an interval.
CREATE TABLE departures (
    publication_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    article_id     TEXT COLLATE "C" NOT NULL,
    slug           TEXT COLLATE "C",
    gone_at        TIMESTAMP NOT NULL,
    back_at        TIMESTAMP NOT NULL,
    reason         TEXT COLLATE "C" NOT NULL
);

CREATE INDEX departures_gone ON departures (gone_at, article_id);
CREATE INDEX departures_article ON departures (article_id, back_at);

INSERT INTO departures (publication_id, article_id, slug, gone_at, back_at, reason)
SELECT id, article_id, slug, live_until, next, CASE WHEN live_until < expires_at THEN 'unpublished' ELSE 'expired' END
FROM (
    SELECT p.*, COALESCE(
        (SELECT MIN(q.live_from) FROM publications AS q
         WHERE q.article_id = p.article_id AND q.number > p.number AND q.live_until > q.live_from),
        '9999-12-31 23:59:59') AS next
    FROM publications AS p WHERE p.live_until > p.live_from AND p.live_until < '9999-12-31 23:59:59'
) AS ended
WHERE next > live_until;

UPDATE departures SET reason = 'killed', gone_at = GREATEST(gone_at, w.begun_at)
FROM withdrawals AS w
WHERE w.article_id = departures.article_id AND w.kind = 'killed' AND w.ended_at = '9999-12-31 23:59:59'
  AND back_at = '9999-12-31 23:59:59';

-- What begins ends an absence, or follows without one.
CREATE FUNCTION departures_begun() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE departures SET back_at = NEW.live_from
    WHERE article_id = NEW.article_id AND back_at = '9999-12-31 23:59:59';
    DELETE FROM departures WHERE article_id = NEW.article_id AND back_at = NEW.live_from AND gone_at >= NEW.live_from;
    IF NEW.live_until > NEW.live_from AND NEW.live_until < '9999-12-31 23:59:59' THEN
        INSERT INTO departures (publication_id, article_id, slug, gone_at, back_at, reason)
        VALUES (NEW.id, NEW.article_id, NEW.slug, NEW.live_until, '9999-12-31 23:59:59', 'expired');
    END IF;
    RETURN NULL;
END
$$;

-- An end that moves. What is cancelled was never read, so the one before it is looked at again, too.
CREATE FUNCTION departures_moved() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before TEXT := (
        SELECT b.id FROM publications AS b
        WHERE b.article_id = NEW.article_id AND b.number < NEW.number AND b.live_until > b.live_from
        ORDER BY b.number DESC LIMIT 1);
BEGIN
    DELETE FROM departures WHERE publication_id IN (NEW.id, before);
    -- Whatever waited for it waits again; that of a publication that ended as it began is looked at nowhere else.
    UPDATE departures SET back_at = '9999-12-31 23:59:59'
    WHERE article_id = NEW.article_id AND back_at = NEW.live_from AND NEW.live_until <= NEW.live_from;
    INSERT INTO departures (publication_id, article_id, slug, gone_at, back_at, reason)
    SELECT id, article_id, slug, live_until, next, CASE WHEN live_until < expires_at THEN 'unpublished' ELSE 'expired' END
    FROM (
        SELECT p.*, COALESCE(
            (SELECT q.live_from FROM publications AS q
             WHERE q.article_id = p.article_id AND q.number > p.number AND q.live_until > q.live_from
             ORDER BY q.number LIMIT 1),
            '9999-12-31 23:59:59') AS next
        FROM publications AS p
        WHERE p.id IN (NEW.id, before) AND p.live_until > p.live_from AND p.live_until < '9999-12-31 23:59:59'
    ) AS ended
    WHERE next > live_until;
    RETURN NULL;
END
$$;

CREATE FUNCTION departures_killed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE departures SET gone_at = NEW.begun_at, reason = 'killed'
    WHERE article_id = NEW.article_id AND back_at = '9999-12-31 23:59:59' AND gone_at <= NEW.begun_at;
    RETURN NULL;
END
$$;

CREATE FUNCTION departures_purged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM departures WHERE publication_id = OLD.id AND back_at < '9999-12-31 23:59:59';
    UPDATE departures SET slug = NULL WHERE publication_id = OLD.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER departures_begun AFTER INSERT ON publications FOR EACH ROW EXECUTE FUNCTION departures_begun();
CREATE TRIGGER departures_moved AFTER UPDATE OF live_until ON publications
    FOR EACH ROW WHEN (NEW.live_until <> OLD.live_until) EXECUTE FUNCTION departures_moved();
CREATE TRIGGER departures_killed AFTER INSERT ON withdrawals
    FOR EACH ROW WHEN (NEW.kind = 'killed') EXECUTE FUNCTION departures_killed();
CREATE TRIGGER departures_purged AFTER DELETE ON publications FOR EACH ROW EXECUTE FUNCTION departures_purged();
