-- Tokens that people give out; of each only what tells it again.
CREATE TABLE tokens (
    id             TEXT PRIMARY KEY,             -- by which people name it
    hash           TEXT NOT NULL UNIQUE,         -- SHA-256, hex
    role           TEXT NOT NULL CHECK (role IN ('JOINING', 'VIEWER', 'OPERATOR')),
    device         TEXT NOT NULL,                -- of JOINING: the name that it is for, or was used for; empty: any
    created_millis INTEGER NOT NULL,
    expires_millis INTEGER NOT NULL,             -- 0: never
    ended_millis   INTEGER NOT NULL,             -- when it was used up or revoked; 0: it was not
    used           INTEGER NOT NULL
);

-- The key that a device's name belongs to.
CREATE TABLE device_keys (
    device          TEXT PRIMARY KEY,
    public_key      BLOB NOT NULL,               -- X.509 SubjectPublicKeyInfo
    enrolled_millis INTEGER NOT NULL
);
