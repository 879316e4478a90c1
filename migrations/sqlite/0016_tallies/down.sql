DROP TRIGGER tallies_moved;
DROP TRIGGER tallies_begun;
DROP TRIGGER tallies_signed;
DROP TRIGGER tallies_tagged;
DROP TABLE tallies;
