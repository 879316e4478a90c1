DROP TABLE revisions;
DROP TABLE article_tags;
DROP TABLE article_authors;
DROP TABLE articles;
