-- The public keys that the log was signed with, each from its first signature on. A proof of long ago still finds its key
-- after the secret of the instance changed.
CREATE TABLE log_keys (
    kid   TEXT NOT NULL PRIMARY KEY,
    x     TEXT NOT NULL,
    since TEXT NOT NULL
) STRICT;
