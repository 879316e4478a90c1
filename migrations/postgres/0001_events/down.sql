DROP TABLE event_head;
DROP TABLE events;
DROP FUNCTION event_head_follow();
