-- Backups. What lies in the locations themselves is the truth; these tables say where to look, what was tried and how it went.

-- Where backups go. The body is the wire shape without secrets; the secret is sealed with the plane's recovery key. Remarks are
-- what stays worth a warning about the place as its server last showed it: a list of sentences.
CREATE TABLE location (
    name      TEXT PRIMARY KEY,
    mode      TEXT NOT NULL CHECK (mode IN ('ftp', 's3')),
    body      TEXT NOT NULL,
    secret    TEXT NOT NULL,
    created   INTEGER NOT NULL,
    since     INTEGER NOT NULL,
    last_pass INTEGER,
    prepared  INTEGER NOT NULL,
    remarks   TEXT NOT NULL DEFAULT '[]'
) STRICT, WITHOUT ROWID;

-- The unique index is what makes a slot of the schedule run once, however often the process begins anew. Where an end was wanted,
-- the next process does not take the job up again. One that never reached its location has looked at nothing there.
CREATE TABLE job (
    seq           INTEGER PRIMARY KEY,
    uid           TEXT NOT NULL UNIQUE,
    kind          TEXT NOT NULL,
    location      TEXT NOT NULL,
    mode          TEXT NOT NULL,
    backup_uid    TEXT NOT NULL,
    owner         TEXT NOT NULL,
    level         TEXT NOT NULL,
    state         TEXT NOT NULL,
    actor         TEXT NOT NULL,
    slot          INTEGER,
    started       INTEGER NOT NULL,
    finished      INTEGER,
    attempts      INTEGER NOT NULL,
    retry_at      INTEGER,
    stale         TEXT NOT NULL,
    checks        TEXT NOT NULL,
    result        TEXT NOT NULL,
    advice        TEXT NOT NULL,
    cancel_wanted INTEGER NOT NULL DEFAULT 0,
    never_reached INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX job_by_slot ON job (location, slot) WHERE slot IS NOT NULL;
CREATE INDEX job_by_state ON job (state, location);
CREATE INDEX job_by_finish ON job (finished);

-- Backups that were seen complete, and when they were gone: what the strip of days is drawn from without asking the location.
-- Whoever can write a location can give a folder of their own the uid of someone else's backup, so what is known of one is known by
-- location, owner and uid.
CREATE TABLE backup (
    location TEXT NOT NULL,
    owner    TEXT NOT NULL,
    uid      TEXT NOT NULL,
    finished INTEGER NOT NULL,
    gone     INTEGER,
    PRIMARY KEY (location, owner, uid)
) STRICT, WITHOUT ROWID;

-- The newest verification of a backup.
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

-- What the plane does in a location by itself: what the last retention pass has to say, empty where it went well, and when
-- the rotation last chose a backup to read again.
CREATE TABLE housekeeping (
    location TEXT PRIMARY KEY,
    said     TEXT NOT NULL,
    chosen   INTEGER
) STRICT, WITHOUT ROWID;

-- Which recovery keys were exported, and when last.
CREATE TABLE recovery_key (
    fingerprint TEXT PRIMARY KEY,
    exported    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
