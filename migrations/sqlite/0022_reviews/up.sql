-- Where the review of a working copy stands: the last step that somebody took (submitted, changes_requested, approved),
-- to which version of the article, who, when and why, and whose submission it was about. Nothing of it is there when
-- nobody submitted the article, or when it was published since.
ALTER TABLE articles ADD COLUMN review_step TEXT;
ALTER TABLE articles ADD COLUMN review_version INTEGER;
ALTER TABLE articles ADD COLUMN review_by TEXT;
ALTER TABLE articles ADD COLUMN review_at TEXT;
ALTER TABLE articles ADD COLUMN review_note TEXT;
ALTER TABLE articles ADD COLUMN submitted_by TEXT;

CREATE INDEX articles_review ON articles (review_step, updated_at, id) WHERE review_step IS NOT NULL;
