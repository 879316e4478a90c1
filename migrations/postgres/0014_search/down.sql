DROP TRIGGER search_entries_follow ON publications;
DROP FUNCTION search_follow();
DROP TABLE search_vocabulary;
DROP TABLE search_words;
DROP TABLE search_entries;
