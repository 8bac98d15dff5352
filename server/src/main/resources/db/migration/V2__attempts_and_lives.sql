-- From now on lease_expires_millis counts from when the server began to run, on a clock that nobody sets: a server that starts again
-- gives every lease a whole period. The session of a lapsed lease stays, for its agent may come back; it is null once others may come.

-- Agents that died over this task. The epoch counts leases, most of which end for reasons that are not the task's.
ALTER TABLE tasks ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
-- Whether the newest lease's agent works on it, as opposed to having it ready for later.
ALTER TABLE tasks ADD COLUMN under_way INTEGER NOT NULL DEFAULT 0;
-- The lease whose report is the outcome; null where the server itself gave the task up.
ALTER TABLE tasks ADD COLUMN reported_epoch INTEGER;
-- Reports of leases up to this one are of an outcome that was not to stay.
ALTER TABLE tasks ADD COLUMN stale_epoch INTEGER NOT NULL DEFAULT 0;

UPDATE tasks SET reported_epoch = epoch WHERE state = 'done' AND session IS NOT NULL;
