-- Answers to requests that carried an Idempotency-Key, so that sending one again does nothing twice. fingerprint tells
-- the same request from another one under the same key; status is 0 where the answer is not given again.
CREATE TABLE idempotency_keys (
    user_id     TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key         TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT COLLATE "C" NOT NULL,
    status      INTEGER NOT NULL,
    body        TEXT NOT NULL,
    version     INTEGER,
    location    TEXT,
    created_at  TIMESTAMP NOT NULL,
    PRIMARY KEY (user_id, key)
);

CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
