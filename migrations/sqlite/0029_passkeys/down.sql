DROP TABLE used_ceremonies;
DROP TABLE passkeys;
