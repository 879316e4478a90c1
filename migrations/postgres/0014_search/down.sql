DROP TRIGGER search_entries_follow ON publications;
DROP FUNCTION search_follow();
DROP VIEW search_index;
DROP FUNCTION search_index_add();
DROP TABLE search_vocabulary;
DROP TABLE search_words;
DROP TABLE search_entries;
