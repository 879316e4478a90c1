DROP TRIGGER event_head_follow;
DROP TABLE event_head;
DROP TABLE events;
