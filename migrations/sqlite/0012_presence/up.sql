-- Who works on which story just now. A row counts until two minutes after seen_at; it never blocks anybody.
CREATE TABLE presence (
    article_id TEXT NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    since      TEXT NOT NULL,
    seen_at    TEXT NOT NULL,
    PRIMARY KEY (article_id, user_id)
) STRICT;

CREATE INDEX presence_seen ON presence (seen_at);
