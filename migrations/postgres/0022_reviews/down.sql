DROP INDEX articles_review;
ALTER TABLE articles DROP COLUMN submitted_by;
ALTER TABLE articles DROP COLUMN review_note;
ALTER TABLE articles DROP COLUMN review_at;
ALTER TABLE articles DROP COLUMN review_by;
ALTER TABLE articles DROP COLUMN review_version;
ALTER TABLE articles DROP COLUMN review_step;
