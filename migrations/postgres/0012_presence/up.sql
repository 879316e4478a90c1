-- Who works on which story just now. A row counts until two minutes after seen_at; it never blocks anybody.
CREATE TABLE presence (
    article_id TEXT COLLATE "C" NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    user_id    TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    since      TIMESTAMP NOT NULL,
    seen_at    TIMESTAMP NOT NULL,
    PRIMARY KEY (article_id, user_id)
);

CREATE INDEX presence_seen ON presence (seen_at);
