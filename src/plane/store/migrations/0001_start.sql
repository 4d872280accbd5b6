-- Times are milliseconds since 1970, UTC. JSON columns hold the wire shape of what they are named after.

CREATE TABLE setting (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE account (
    uid            TEXT PRIMARY KEY,
    kind           TEXT NOT NULL CHECK (kind IN ('tenant', 'system')),
    login          TEXT NOT NULL,
    first_name     TEXT NOT NULL,
    last_name      TEXT NOT NULL,
    email          TEXT NOT NULL,
    password_hash  TEXT NOT NULL,
    api_key_sha256 BLOB UNIQUE,
    created        INTEGER NOT NULL,
    UNIQUE (kind, login)
) STRICT, WITHOUT ROWID;

-- Wrong passwords by the name that was typed, whether or not an account has it: a stranger must not
-- learn from the lockout which accounts exist.
CREATE TABLE attempt (
    kind         TEXT NOT NULL,
    login        TEXT NOT NULL,
    failures     INTEGER NOT NULL,
    last         INTEGER NOT NULL,
    locked_until INTEGER,
    PRIMARY KEY (kind, login)
) STRICT, WITHOUT ROWID;

CREATE TABLE project (
    uid  TEXT PRIMARY KEY,
    name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The last beat of everything that is beating: one row to write, whatever the number of gateways.
CREATE TABLE beat (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    at  INTEGER NOT NULL
) STRICT;

CREATE TABLE gateway (
    uid                 TEXT PRIMARY KEY,
    name                TEXT NOT NULL,
    labels              TEXT NOT NULL,
    annotations         TEXT NOT NULL,
    created             INTEGER NOT NULL,
    modified            INTEGER NOT NULL,
    cloud_type          TEXT NOT NULL,
    cloud_account_uid   TEXT NOT NULL,
    spectro_cluster_uid TEXT NOT NULL,
    ip_address          TEXT NOT NULL,
    ip_pools            TEXT NOT NULL,
    self_hosted         INTEGER NOT NULL,
    system              INTEGER NOT NULL,
    state               TEXT NOT NULL,
    agent_version       TEXT NOT NULL,
    beating             INTEGER NOT NULL,
    last_heartbeat      INTEGER,
    conditions          TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX gateway_by_name ON gateway (name, uid);

CREATE TABLE cluster (
    uid            TEXT PRIMARY KEY,
    role           TEXT NOT NULL CHECK (role IN ('workload', 'gateway')),
    name           TEXT NOT NULL,
    labels         TEXT NOT NULL,
    created        INTEGER NOT NULL,
    modified       INTEGER NOT NULL,
    cloud_type     TEXT NOT NULL,
    project_uid    TEXT REFERENCES project (uid),
    gateway_uid    TEXT NOT NULL REFERENCES gateway (uid),
    state          TEXT NOT NULL,
    agent_version  TEXT NOT NULL,
    beating        INTEGER NOT NULL,
    last_heartbeat INTEGER,
    conditions     TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX cluster_by_gateway ON cluster (gateway_uid, role, name, uid);
CREATE INDEX cluster_by_name ON cluster (role, name, uid);
CREATE INDEX cluster_by_created ON cluster (role, created, uid);
CREATE INDEX cluster_by_modified ON cluster (role, modified, uid);
CREATE INDEX cluster_by_state ON cluster (role, state, uid);
CREATE INDEX cluster_by_project ON cluster (project_uid);

CREATE TABLE migration (
    id          INTEGER PRIMARY KEY,
    source_uid  TEXT NOT NULL,
    source_name TEXT NOT NULL,
    target_uid  TEXT NOT NULL,
    target_name TEXT NOT NULL,
    actor       TEXT NOT NULL,
    total       INTEGER NOT NULL,
    moved       INTEGER NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    started     INTEGER NOT NULL,
    finished    INTEGER
) STRICT;
CREATE INDEX migration_by_state ON migration (state, id);

CREATE TABLE audit (
    seq            INTEGER PRIMARY KEY AUTOINCREMENT,
    uid            TEXT NOT NULL UNIQUE,
    at             INTEGER NOT NULL,
    action_type    TEXT NOT NULL,
    action_msg     TEXT NOT NULL,
    content_msg    TEXT NOT NULL,
    user_msg       TEXT NOT NULL DEFAULT '',
    actor_type     TEXT NOT NULL,
    actor          TEXT NOT NULL,
    actor_uid      TEXT NOT NULL,
    project_uid    TEXT NOT NULL,
    resource_uid   TEXT NOT NULL,
    resource_kind  TEXT NOT NULL,
    resource_name  TEXT NOT NULL,
    resource_label TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_time ON audit (at, seq);
CREATE INDEX audit_by_action ON audit (action_type, at, seq);
CREATE INDEX audit_by_user ON audit (actor_uid, at, seq);
CREATE INDEX audit_by_kind ON audit (resource_kind, at, seq);
CREATE INDEX audit_by_resource ON audit (resource_uid, at, seq);
CREATE INDEX audit_by_project ON audit (project_uid, at, seq);
