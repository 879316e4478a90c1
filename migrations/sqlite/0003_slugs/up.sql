-- Slugs that tags, sources and authors once had; each leads to the resource for ever.
CREATE TABLE former_slugs (
    kind        TEXT NOT NULL,
    slug        TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    retired_at  TEXT NOT NULL,
    PRIMARY KEY (kind, slug)
) STRICT;

CREATE INDEX former_slugs_resource ON former_slugs (kind, resource_id);
