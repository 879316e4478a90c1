-- Somebody who was invited has no password until they accept.
ALTER TABLE users ADD COLUMN invited BOOLEAN NOT NULL DEFAULT FALSE;

-- Links that set a password, once. hash is the SHA-256 of the secret, which only the letter has; email_key is the address
-- that it went to, as it is compared. A link that was used is gone.
CREATE TABLE one_time_links (
    hash       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    user_id    TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    purpose    TEXT COLLATE "C" NOT NULL,
    email_key  TEXT COLLATE "C" NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL
);

CREATE INDEX one_time_links_user ON one_time_links (user_id);
