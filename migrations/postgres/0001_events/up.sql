-- The append-only log: one row for each committed change, in commit order. note says why, for colleagues; digest is the
-- hash of what the change made. Each hash covers the row and the hash before it, and the last row of every transaction
-- is signed, so that no row can be changed, removed or put in unseen: docs/proof.md has the format.
CREATE TABLE events (
    position       BIGINT NOT NULL PRIMARY KEY,
    id             TEXT COLLATE "C" NOT NULL UNIQUE,
    at             TIMESTAMP NOT NULL,
    actor_kind     TEXT COLLATE "C" NOT NULL,
    actor_id       TEXT COLLATE "C",
    action         TEXT COLLATE "C" NOT NULL,
    resource_kind  TEXT COLLATE "C" NOT NULL,
    resource_id    TEXT COLLATE "C" NOT NULL,
    version_before INTEGER,
    version_after  INTEGER,
    note           TEXT,
    digest         TEXT COLLATE "C",
    hash           TEXT COLLATE "C" NOT NULL,
    signature      TEXT COLLATE "C"
);

CREATE INDEX events_resource ON events (resource_kind, resource_id, position);
CREATE INDEX events_resource_id ON events (resource_id, position);
CREATE INDEX events_actor ON events (actor_kind, actor_id, position);
CREATE INDEX events_action ON events (action, position);
CREATE INDEX events_at ON events (at, position);

-- The newest position. Writers take the next one from this row and hold it until they commit, so that positions have
-- no gaps and follow the order of commits on both databases. The hash of the newest row follows by itself.
CREATE TABLE event_head (
    id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    position BIGINT NOT NULL,
    hash     TEXT COLLATE "C" NOT NULL
);

INSERT INTO event_head (id, position, hash) VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

CREATE FUNCTION event_head_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE event_head SET hash = NEW.hash WHERE position = NEW.position;
    RETURN NULL;
END
$$;

CREATE TRIGGER event_head_follow AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION event_head_follow();
