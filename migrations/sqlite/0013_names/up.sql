-- What authors, tags and sources are called now, so that a page of stories needs one question for all its names. Ids
-- are unique across the three tables.
CREATE VIEW names AS
    SELECT id, 'author' AS kind, slug, name, NULL AS credit_line FROM authors
    UNION ALL SELECT id, 'tag' AS kind, slug, name, NULL AS credit_line FROM tags
    UNION ALL SELECT id, 'source' AS kind, slug, name, credit_line FROM sources;
