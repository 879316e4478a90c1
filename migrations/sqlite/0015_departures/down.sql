DROP TRIGGER departures_purged;
DROP TRIGGER departures_killed;
DROP TRIGGER departures_moved;
DROP TRIGGER departures_begun;
DROP TABLE departures;
