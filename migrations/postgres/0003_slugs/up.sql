-- Slugs that tags, sources and authors once had; each leads to the resource for ever.
CREATE TABLE former_slugs (
    kind        TEXT COLLATE "C" NOT NULL,
    slug        TEXT COLLATE "C" NOT NULL,
    resource_id TEXT COLLATE "C" NOT NULL,
    retired_at  TIMESTAMP NOT NULL,
    PRIMARY KEY (kind, slug)
);

CREATE INDEX former_slugs_resource ON former_slugs (kind, resource_id);
