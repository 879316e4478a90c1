-- Tokens for scripts and front ends. hash is the SHA-256 of the secret, which is nowhere; hint its last four characters.
-- scopes, sections and sources are lists in JSON; no list is no limit.
CREATE TABLE api_tokens (
    id             TEXT NOT NULL PRIMARY KEY,
    user_id        TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name           TEXT NOT NULL,
    hash           TEXT NOT NULL,
    hint           TEXT NOT NULL,
    scopes         TEXT NOT NULL,
    sections       TEXT,
    sources        TEXT,
    created_at     TEXT NOT NULL,
    expires_at     TEXT NOT NULL,
    last_used_at   TEXT,
    last_used_from TEXT,
    CONSTRAINT api_tokens_hash UNIQUE (hash)
) STRICT;

CREATE INDEX api_tokens_user ON api_tokens (user_id);
