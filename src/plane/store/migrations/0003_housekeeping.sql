-- What the plane does in a location by itself: what the last retention pass has to say, empty where it went well, and when
-- the rotation last chose a backup to read again.
CREATE TABLE housekeeping (
    location TEXT PRIMARY KEY,
    said     TEXT NOT NULL,
    chosen   INTEGER
) STRICT, WITHOUT ROWID;

-- Someone wants the job to end, and the next process must not take it up again.
ALTER TABLE job ADD COLUMN cancel_wanted INTEGER NOT NULL DEFAULT 0;
