-- Whoever can write a location can give a folder of their own the uid of someone else's backup: what is known of one is known
-- by location, owner and uid.
ALTER TABLE backup RENAME TO backup_by_uid;
CREATE TABLE backup (
    location TEXT NOT NULL,
    owner    TEXT NOT NULL,
    uid      TEXT NOT NULL,
    finished INTEGER NOT NULL,
    gone     INTEGER,
    PRIMARY KEY (location, owner, uid)
) STRICT, WITHOUT ROWID;
INSERT INTO backup SELECT location, owner, uid, finished, gone FROM backup_by_uid;

ALTER TABLE verification RENAME TO verification_by_uid;
CREATE TABLE verification (
    location TEXT NOT NULL,
    owner    TEXT NOT NULL,
    uid      TEXT NOT NULL,
    level    TEXT NOT NULL,
    at       INTEGER NOT NULL,
    good     INTEGER NOT NULL,
    detail   TEXT NOT NULL,
    PRIMARY KEY (location, owner, uid)
) STRICT, WITHOUT ROWID;
INSERT INTO verification
    SELECT location, owner, uid, level, at, good, detail FROM verification_by_uid JOIN backup_by_uid USING (uid);

DROP TABLE verification_by_uid;
DROP TABLE backup_by_uid;

-- What stays worth a warning about a place, as its server last showed it: a list of sentences.
ALTER TABLE location ADD COLUMN remarks TEXT NOT NULL DEFAULT '[]';
