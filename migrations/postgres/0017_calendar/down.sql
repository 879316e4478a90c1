DROP INDEX publications_day;
ALTER TABLE publications DROP COLUMN published_day;
