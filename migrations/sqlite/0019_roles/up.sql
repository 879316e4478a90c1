-- Roles that admins made; the built-in ones are what the program says. permissions is JSON: what may be done, and with
-- which stories only; sections and sources by id.
CREATE TABLE roles (
    name        TEXT NOT NULL PRIMARY KEY,
    description TEXT,
    permissions TEXT NOT NULL,
    version     INTEGER NOT NULL,
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL
) STRICT;
