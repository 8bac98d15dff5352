-- Agents by the name of their device. An agent's session survives restarts of the server.
CREATE TABLE devices (
    name             TEXT PRIMARY KEY,
    session          TEXT NOT NULL UNIQUE,
    description      BLOB NOT NULL,              -- lutra.v1.JoinRequest, as last sent
    last_seen_millis INTEGER NOT NULL
);

-- Work for agents. A device need not have joined yet to have a queue.
CREATE TABLE tasks (
    position             INTEGER PRIMARY KEY,    -- order of submission; a lost task keeps it, so it is at the head again
    id                   TEXT NOT NULL UNIQUE,
    device               TEXT NOT NULL,
    state                TEXT NOT NULL CHECK (state IN ('queued', 'leased', 'done')),
    epoch                INTEGER NOT NULL,       -- leases given so far: names the newest lease and counts the attempts
    session              TEXT,                   -- of the newest lease; null once that lease is lost
    lease_expires_millis INTEGER,                -- while leased
    task                 BLOB NOT NULL,          -- lutra.v1.Task
    outcome              BLOB,                   -- lutra.v1.Outcome, when done
    submitted_millis     INTEGER NOT NULL,
    finished_millis      INTEGER,
    CHECK ((state = 'leased') = (lease_expires_millis IS NOT NULL)),
    CHECK ((state = 'done') = (outcome IS NOT NULL AND finished_millis IS NOT NULL))
);
CREATE INDEX tasks_of_device ON tasks (device, state, position);
CREATE INDEX leases ON tasks (lease_expires_millis) WHERE state = 'leased';

-- What experiments have found out, so that nothing is worked out twice.
CREATE TABLE results (
    position   INTEGER PRIMARY KEY,              -- order of insertion
    experiment TEXT NOT NULL,
    kind       TEXT NOT NULL,
    key        TEXT NOT NULL,
    value      TEXT NOT NULL,                    -- JSON
    UNIQUE (experiment, kind, key)
);
