-- Keys that people's devices sign with in place of a password. credential_id is what the device calls it. static_state is the
-- public key with what was agreed on, and never changes; dynamic_state is the counter and whether there is a copy of the key
-- in somebody's cloud, as of the last use.
CREATE TABLE passkeys (
    id            TEXT NOT NULL PRIMARY KEY,
    user_id       TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    credential_id BLOB NOT NULL UNIQUE,
    static_state  BLOB NOT NULL,
    dynamic_state BLOB NOT NULL,
    name          TEXT NOT NULL,
    created_at    TEXT NOT NULL,
    last_used_at  TEXT
) STRICT;

CREATE INDEX passkeys_user ON passkeys (user_id);

-- Ceremonies that succeeded, until they would have run out: none succeeds twice. hash is the SHA-256 of what came back.
CREATE TABLE used_ceremonies (
    hash       TEXT NOT NULL PRIMARY KEY,
    expires_at TEXT NOT NULL
) STRICT;
