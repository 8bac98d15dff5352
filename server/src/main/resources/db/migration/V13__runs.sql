-- Experiments that this server runs itself, each as a process in a folder of its own, which has what the run has found.
CREATE TABLE runs (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    name             TEXT NOT NULL,
    experiment       TEXT NOT NULL,              -- the file's text
    owner            TEXT NOT NULL,              -- name of the token that it was submitted with
    priority         INTEGER NOT NULL,
    state            TEXT NOT NULL CHECK (state IN ('ACTIVE', 'PAUSED', 'DONE', 'FAILED', 'CANCELLED')),
    device           TEXT NOT NULL DEFAULT '',   -- kind of training device without which it does not go on; empty: none
    turn             INTEGER NOT NULL DEFAULT 0, -- grows with every run that had its turn: who has the lowest comes next
    kills            INTEGER NOT NULL DEFAULT 0, -- processes of it that something else has ended since it was submitted or resumed
    submitted_millis INTEGER NOT NULL,
    started_millis   INTEGER NOT NULL DEFAULT 0, -- 0: not yet
    ended_millis     INTEGER NOT NULL DEFAULT 0, -- 0: not yet
    message          TEXT NOT NULL DEFAULT ''    -- why it failed, or what is to be known of how it ended
);
CREATE INDEX unfinished_runs ON runs (owner) WHERE state IN ('ACTIVE', 'PAUSED');
