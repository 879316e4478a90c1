DROP TRIGGER departures_purged ON publications;
DROP TRIGGER departures_killed ON withdrawals;
DROP TRIGGER departures_moved ON publications;
DROP TRIGGER departures_begun ON publications;
DROP FUNCTION departures_purged();
DROP FUNCTION departures_killed();
DROP FUNCTION departures_moved();
DROP FUNCTION departures_begun();
DROP TABLE departures;
