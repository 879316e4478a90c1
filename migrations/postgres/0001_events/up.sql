-- The append-only log: one row for each committed change, in commit order.
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
    version_after  INTEGER
);

CREATE INDEX events_resource ON events (resource_kind, resource_id, position);

-- The newest position. Writers take the next one from this row and hold it until they commit, so that positions have
-- no gaps and follow the order of commits on both databases.
CREATE TABLE event_head (
    id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    position BIGINT NOT NULL
);

INSERT INTO event_head (id, position) VALUES (1, 0);
