-- Addresses that show one working copy to somebody without an account. hash is the SHA-256 of the secret in the address,
-- which is nowhere; hint its last four characters. made_by and token_id are who made it, and with which API token, when it
-- was one: it shows no more than they may read at that moment.
CREATE TABLE preview_links (
    id         TEXT NOT NULL PRIMARY KEY,
    article_id TEXT NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    made_by    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_id   TEXT,
    label      TEXT,
    hash       TEXT NOT NULL,
    hint       TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    CONSTRAINT preview_links_hash UNIQUE (hash)
) STRICT;

CREATE INDEX preview_links_article ON preview_links (article_id, id);
CREATE INDEX preview_links_maker ON preview_links (made_by);
