-- The keys that access tokens are signed with, by name: each is derived from the secret of the instance and its id, and
-- nothing secret stands here. The newest one whose time has come signs; one is trusted until the last token that it
-- signed has expired.
CREATE TABLE access_keys (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    signs_from    TIMESTAMP NOT NULL,
    trusted_until TIMESTAMP NOT NULL
);

INSERT INTO access_keys (id, signs_from, trusted_until) VALUES ('first', '1970-01-01 00:00:00', '9999-12-31 23:59:59');
