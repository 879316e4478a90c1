DROP TRIGGER publication_ended;
DROP TABLE publication_tags;
DROP TABLE publication_authors;
DROP TABLE publications;
