-- When the log will have to say something about a publication: that it went live, that it expired. Written by the door,
-- moved on or removed by the job that says it, in the transaction that says it. What readers see never depends on it.
CREATE TABLE announcements (
    publication_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES publications (id) ON DELETE CASCADE,
    due_at         TIMESTAMP NOT NULL
);

CREATE INDEX announcements_due ON announcements (due_at);
