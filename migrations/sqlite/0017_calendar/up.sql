-- The day (UTC) on which a publication's run began, as a number: 20261123. Archives count by it, in the order of the
-- index and from nothing else.
ALTER TABLE publications ADD COLUMN published_day INTEGER NOT NULL GENERATED ALWAYS AS (
    CAST(substr(published_at, 1, 4) || substr(published_at, 6, 2) || substr(published_at, 9, 2) AS INTEGER)
) VIRTUAL;

CREATE INDEX publications_day ON publications (published_day, superseded, live_from, live_until);
