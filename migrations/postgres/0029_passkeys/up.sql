-- Keys that people's devices sign with in place of a password. credential_id is what the device calls it. static_state is the
-- public key with what was agreed on, and never changes; dynamic_state is the counter and whether there is a copy of the key
-- in somebody's cloud, as of the last use.
CREATE TABLE passkeys (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    user_id       TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    credential_id BYTEA NOT NULL UNIQUE,
    static_state  BYTEA NOT NULL,
    dynamic_state BYTEA NOT NULL,
    name          TEXT COLLATE "C" NOT NULL,
    created_at    TIMESTAMP NOT NULL,
    last_used_at  TIMESTAMP
);

CREATE INDEX passkeys_user ON passkeys (user_id);

-- Ceremonies that succeeded, until they would have run out: none succeeds twice. hash is the SHA-256 of what came back.
CREATE TABLE used_ceremonies (
    hash       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    expires_at TIMESTAMP NOT NULL
);
