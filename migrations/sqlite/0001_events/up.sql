-- The append-only log: one row for each committed change, in commit order.
CREATE TABLE events (
    position       INTEGER NOT NULL PRIMARY KEY,
    id             TEXT NOT NULL UNIQUE,
    at             TEXT NOT NULL,
    actor_kind     TEXT NOT NULL,
    actor_id       TEXT,
    action         TEXT NOT NULL,
    resource_kind  TEXT NOT NULL,
    resource_id    TEXT NOT NULL,
    version_before INTEGER,
    version_after  INTEGER
) STRICT;

CREATE INDEX events_resource ON events (resource_kind, resource_id, position);

-- The newest position. Writers take the next one from this row and hold it until they commit, so that positions have
-- no gaps and follow the order of commits on both databases.
CREATE TABLE event_head (
    id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    position INTEGER NOT NULL
) STRICT;

INSERT INTO event_head (id, position) VALUES (1, 0);
