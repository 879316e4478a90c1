-- Stories that were taken out of the readers' sight altogether, their past included: killed, put into the trash, or held
-- back under an embargo. A withdrawal is over when the story came back, or its embargo ends; until then ended_at is the
-- year 9999. What a kill withdrew, up to the publication with the number in up_to, stays out of sight also when the story
-- comes back. Readers are told reason_public and nothing else of it.
CREATE TABLE withdrawals (
    id              TEXT NOT NULL PRIMARY KEY,
    article_id      TEXT NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    kind            TEXT NOT NULL,
    begun_at        TEXT NOT NULL,
    ended_at        TEXT NOT NULL,
    up_to           INTEGER NOT NULL,
    reason_public   TEXT,
    reason_internal TEXT,
    withdrawn_by    TEXT
) STRICT;

CREATE INDEX withdrawals_article ON withdrawals (article_id, ended_at);
CREATE INDEX withdrawals_ended ON withdrawals (ended_at, article_id);
CREATE INDEX withdrawals_kind ON withdrawals (kind, article_id, up_to);

-- A story is killed once at a time, and in the trash once.
CREATE UNIQUE INDEX withdrawals_open_key ON withdrawals (article_id, kind) WHERE ended_at = '9999-12-31 23:59:59';

-- The publications that kills withdrew. They are out of sight for good.
CREATE VIEW killed_publications AS
    SELECT publications.id AS publication_id FROM withdrawals
    JOIN publications ON publications.article_id = withdrawals.article_id AND publications.number <= withdrawals.up_to
    WHERE withdrawals.kind = 'killed';
