DROP TRIGGER search_index_add;
DROP VIEW search_index;
DROP TRIGGER search_words_follow;
DROP TRIGGER search_entries_over;
DROP TRIGGER search_entries_end;
DROP TABLE search_vocabulary;
DROP TABLE search_words;
DROP TABLE search_entries;
