-- Stories that were taken out of the readers' sight altogether, their past included: killed, or put into the trash. A
-- withdrawal is over when the story came back; until then ended_at is the year 9999. Readers are told reason_public and
-- nothing else of it.
CREATE TABLE withdrawals (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    article_id      TEXT COLLATE "C" NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    kind            TEXT COLLATE "C" NOT NULL,
    begun_at        TIMESTAMP NOT NULL,
    ended_at        TIMESTAMP NOT NULL,
    reason_public   TEXT,
    reason_internal TEXT,
    withdrawn_by    TEXT COLLATE "C"
);

CREATE INDEX withdrawals_article ON withdrawals (article_id, ended_at);
CREATE INDEX withdrawals_ended ON withdrawals (ended_at, article_id);

-- A story is killed once at a time, and in the trash once.
CREATE UNIQUE INDEX withdrawals_open_key ON withdrawals (article_id, kind) WHERE ended_at = '9999-12-31 23:59:59';
