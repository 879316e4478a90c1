-- Somebody who was invited has no password until they accept.
ALTER TABLE users ADD COLUMN invited INTEGER NOT NULL DEFAULT 0 CHECK (invited IN (0, 1));

-- Links that set a password, once. hash is the SHA-256 of the secret, which only the letter has; email_key is the address
-- that it went to, as it is compared. A link that was used is gone.
CREATE TABLE one_time_links (
    hash       TEXT NOT NULL PRIMARY KEY,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    purpose    TEXT NOT NULL,
    email_key  TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
) STRICT;

CREATE INDEX one_time_links_user ON one_time_links (user_id);
