-- The day (UTC) on which a publication's run began, as a number: 20261123. Archives count by it, in the order of the
-- index and from nothing else.
ALTER TABLE publications ADD COLUMN published_day INTEGER NOT NULL GENERATED ALWAYS AS (
    CAST(EXTRACT(YEAR FROM published_at) AS INTEGER) * 10000
    + CAST(EXTRACT(MONTH FROM published_at) AS INTEGER) * 100
    + CAST(EXTRACT(DAY FROM published_at) AS INTEGER)
) STORED;

CREATE INDEX publications_day ON publications (published_day, superseded, live_from, live_until);
