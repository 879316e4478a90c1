ALTER TABLE sessions DROP COLUMN second_factor;
DROP TABLE sign_in_tickets;
DROP TABLE identities;
