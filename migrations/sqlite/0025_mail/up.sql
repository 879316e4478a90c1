-- Letters that are still to be sent: what about, and to which address as it is compared. What they say is written when
-- they are sent, so no secret waits here. due_at is also how long a letter is left to the instance that took it;
-- given_up_at is set when nobody tries any more.
CREATE TABLE letters (
    id          TEXT NOT NULL PRIMARY KEY,
    purpose     TEXT NOT NULL,
    recipient   TEXT NOT NULL,
    created_at  TEXT NOT NULL,
    due_at      TEXT NOT NULL,
    attempts    INTEGER NOT NULL,
    given_up_at TEXT
) STRICT;

CREATE INDEX letters_due ON letters (due_at) WHERE given_up_at IS NULL;
