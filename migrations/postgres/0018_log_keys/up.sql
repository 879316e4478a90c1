-- The public keys that the log was signed with, each from its first signature on. A proof of long ago still finds its key
-- after the secret of the instance changed.
CREATE TABLE log_keys (
    kid   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    x     TEXT COLLATE "C" NOT NULL,
    since TIMESTAMP NOT NULL
);
