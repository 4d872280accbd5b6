-- Backups. What lies in the locations themselves is the truth; these tables say where to look, what was tried and how it went.

-- Where backups go. The body is the wire shape without secrets; the secret is sealed with the plane's recovery key.
CREATE TABLE location (
    name      TEXT PRIMARY KEY,
    mode      TEXT NOT NULL CHECK (mode IN ('ftp', 's3')),
    body      TEXT NOT NULL,
    secret    TEXT NOT NULL,
    created   INTEGER NOT NULL,
    since     INTEGER NOT NULL,
    last_pass INTEGER,
    prepared  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The unique index is what makes a slot of the schedule run once, however often the process begins anew.
CREATE TABLE job (
    seq        INTEGER PRIMARY KEY,
    uid        TEXT NOT NULL UNIQUE,
    kind       TEXT NOT NULL,
    location   TEXT NOT NULL,
    mode       TEXT NOT NULL,
    backup_uid TEXT NOT NULL,
    owner      TEXT NOT NULL,
    level      TEXT NOT NULL,
    state      TEXT NOT NULL,
    actor      TEXT NOT NULL,
    slot       INTEGER,
    started    INTEGER NOT NULL,
    finished   INTEGER,
    attempts   INTEGER NOT NULL,
    retry_at   INTEGER,
    stale      TEXT NOT NULL,
    checks     TEXT NOT NULL,
    result     TEXT NOT NULL,
    advice     TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX job_by_slot ON job (location, slot) WHERE slot IS NOT NULL;
CREATE INDEX job_by_state ON job (state, location);
CREATE INDEX job_by_finish ON job (finished);

-- Backups that were seen complete, and when they were gone: what the strip of days is drawn from without asking the location.
CREATE TABLE backup (
    location TEXT NOT NULL,
    uid      TEXT NOT NULL,
    owner    TEXT NOT NULL,
    finished INTEGER NOT NULL,
    gone     INTEGER,
    PRIMARY KEY (location, uid)
) STRICT, WITHOUT ROWID;

-- The newest verification of a backup.
CREATE TABLE verification (
    uid    TEXT PRIMARY KEY,
    level  TEXT NOT NULL,
    at     INTEGER NOT NULL,
    good   INTEGER NOT NULL,
    detail TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Which recovery keys were exported, and when last.
CREATE TABLE recovery_key (
    fingerprint TEXT PRIMARY KEY,
    exported    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
