-- Who somebody is at the provider of single sign-on. An account is found by issuer and subject, never by an e-mail address.
-- An account has one at each provider. refused_at says since when the rules keep somebody out.
CREATE TABLE identities (
    id           TEXT NOT NULL PRIMARY KEY,
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    issuer       TEXT NOT NULL,
    subject      TEXT NOT NULL,
    created_at   TEXT NOT NULL,
    last_used_at TEXT,
    refused_at   TEXT,
    UNIQUE (issuer, subject),
    UNIQUE (user_id, issuer)
) STRICT;

-- What a sign-in by single sign-on leaves for its next step. hash is the SHA-256 of what somebody comes with: of the state,
-- or of the one-time code; browser is that of the cookie of the browser that began, challenge that of what its front end
-- keeps. A code is for an account, or for an identity that is to be linked with one. One that was used is gone.
CREATE TABLE sign_in_tickets (
    hash          TEXT NOT NULL PRIMARY KEY,
    purpose       TEXT NOT NULL,
    browser       TEXT,
    challenge     TEXT NOT NULL,
    network       TEXT,
    user_id       TEXT REFERENCES users (id) ON DELETE CASCADE,
    issuer        TEXT,
    subject       TEXT,
    second_factor INTEGER NOT NULL CHECK (second_factor IN (0, 1)),
    expires_at    TEXT NOT NULL
) STRICT;

CREATE INDEX sign_in_tickets_network ON sign_in_tickets (network);
CREATE INDEX sign_in_tickets_user ON sign_in_tickets (user_id);
CREATE INDEX sign_in_tickets_end ON sign_in_tickets (expires_at);

-- Whether the provider said that it asked for a second factor when the session began.
ALTER TABLE sessions ADD COLUMN second_factor INTEGER NOT NULL DEFAULT 0 CHECK (second_factor IN (0, 1));
