-- Where a session was last refreshed: device is what the program calls itself, address where it asked from, and network
-- what that stands for when guesses are counted.
ALTER TABLE sessions ADD COLUMN device TEXT;
ALTER TABLE sessions ADD COLUMN address TEXT;
ALTER TABLE sessions ADD COLUMN network TEXT;
