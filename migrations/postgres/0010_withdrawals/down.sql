DROP VIEW killed_publications;
DROP TABLE withdrawals;
