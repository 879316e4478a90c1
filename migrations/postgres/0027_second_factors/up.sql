-- What an authenticator app shares with us. secret is encrypted for this account alone; it is on from the moment at which
-- the first code proved that the app has it. last_step is the time step of the code that was accepted last, so that none is
-- accepted twice; wrong_codes counts those in a row that were refused.
CREATE TABLE second_factors (
    user_id     TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    secret      BYTEA NOT NULL,
    created_at  TIMESTAMP NOT NULL,
    on_since    TIMESTAMP,
    last_step   BIGINT NOT NULL,
    wrong_codes INTEGER NOT NULL
);

-- Codes for whoever has lost the app. hash is the SHA-256 of the code; one that was used is gone.
CREATE TABLE recovery_codes (
    hash    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES second_factors (user_id) ON DELETE CASCADE
);

CREATE INDEX recovery_codes_user ON recovery_codes (user_id);

-- Sign-ins whose password was right and whose code is still to come. hash is the SHA-256 of the token, password that of the
-- password's stored hash, so that another password ends them. One that was used is gone.
CREATE TABLE sign_in_challenges (
    hash       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    user_id    TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    password   TEXT COLLATE "C" NOT NULL,
    attempts   INTEGER NOT NULL,
    expires_at TIMESTAMP NOT NULL
);

CREATE INDEX sign_in_challenges_user ON sign_in_challenges (user_id);
