-- People who sign in. email_key is the address as it is compared: folded to lower case.
CREATE TABLE users (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    email         TEXT NOT NULL,
    email_key     TEXT COLLATE "C" NOT NULL,
    name          TEXT NOT NULL,
    role          TEXT COLLATE "C" NOT NULL,
    password_hash TEXT NOT NULL,
    active        BOOLEAN NOT NULL,
    version       INTEGER NOT NULL,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL,
    CONSTRAINT users_email_key UNIQUE (email_key)
);

-- One sign-in on one device. ended_at is set by signing out, by a reused refresh token and by changes to the account.
CREATE TABLE sessions (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    user_id      TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at   TIMESTAMP NOT NULL,
    expires_at   TIMESTAMP NOT NULL,
    last_used_at TIMESTAMP NOT NULL,
    ended_at     TIMESTAMP
);

CREATE INDEX sessions_user ON sessions (user_id);

-- Every refresh token of a living session, hashed; a used one is kept, so that its reuse is noticed.
CREATE TABLE refresh_tokens (
    hash       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    session_id TEXT COLLATE "C" NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    created_at TIMESTAMP NOT NULL,
    used_at    TIMESTAMP
);

CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);
