-- What the log will have to say when its time comes: a scheduled story went live, a story expired. Written by the door,
-- removed by the job that says it, in the transaction that says it. What readers see never depends on it.
CREATE TABLE announcements (
    publication_id TEXT COLLATE "C" NOT NULL REFERENCES publications (id) ON DELETE CASCADE,
    change         TEXT COLLATE "C" NOT NULL,
    due_at         TIMESTAMP NOT NULL,
    PRIMARY KEY (publication_id, change)
);

CREATE INDEX announcements_due ON announcements (due_at);
