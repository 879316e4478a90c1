DROP TRIGGER publication_ended ON publications;
DROP FUNCTION publication_ended();
DROP TABLE publication_tags;
DROP TABLE publication_authors;
DROP TABLE publications;
