DROP TRIGGER tallies_moved ON publications;
DROP TRIGGER tallies_begun ON publications;
DROP TRIGGER tallies_signed ON publication_authors;
DROP TRIGGER tallies_tagged ON publication_tags;
DROP FUNCTION tallies_moved();
DROP FUNCTION tallies_begun();
DROP FUNCTION tallies_signed();
DROP FUNCTION tallies_tagged();
DROP TABLE tallies;
