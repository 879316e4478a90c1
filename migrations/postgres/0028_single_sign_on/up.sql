-- Who somebody is at the provider of single sign-on. An account is found by issuer and subject, never by an e-mail address.
-- An account has one at each provider. refused_at says since when the rules keep somebody out.
CREATE TABLE identities (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    user_id      TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    issuer       TEXT COLLATE "C" NOT NULL,
    subject      TEXT COLLATE "C" NOT NULL,
    created_at   TIMESTAMP NOT NULL,
    last_used_at TIMESTAMP,
    refused_at   TIMESTAMP,
    UNIQUE (issuer, subject),
    UNIQUE (user_id, issuer)
);

-- What a sign-in by single sign-on leaves for its next step. hash is the SHA-256 of what somebody comes with: of the state,
-- or of the one-time code; browser is that of the cookie of the browser that began, challenge that of what its front end
-- keeps. A code is for an account, or for an identity that is to be linked with one. One that was used is gone.
CREATE TABLE sign_in_tickets (
    hash          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    purpose       TEXT COLLATE "C" NOT NULL,
    browser       TEXT COLLATE "C",
    challenge     TEXT COLLATE "C" NOT NULL,
    network       TEXT COLLATE "C",
    user_id       TEXT COLLATE "C" REFERENCES users (id) ON DELETE CASCADE,
    issuer        TEXT COLLATE "C",
    subject       TEXT COLLATE "C",
    second_factor BOOLEAN NOT NULL,
    expires_at    TIMESTAMP NOT NULL
);

CREATE INDEX sign_in_tickets_network ON sign_in_tickets (network);
CREATE INDEX sign_in_tickets_user ON sign_in_tickets (user_id);
CREATE INDEX sign_in_tickets_end ON sign_in_tickets (expires_at);

-- Whether the provider said that it asked for a second factor when the session began.
ALTER TABLE sessions ADD COLUMN second_factor BOOLEAN NOT NULL DEFAULT FALSE;
