-- Who asked for a task and may be waiting for it; empty: the server's own process. What nobody waits for any more is given up.
ALTER TABLE tasks ADD COLUMN owner TEXT NOT NULL DEFAULT '';
-- Of a device's tasks those of the highest priority come first, and among them the lowest turn. Owners take turns: the first task of one
-- has the turn of whatever is at the head when it comes (start-time fair queueing).
ALTER TABLE tasks ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
UPDATE tasks SET turn = position;

-- Whether a device is to get no further tasks until somebody says otherwise.
ALTER TABLE devices ADD COLUMN draining INTEGER NOT NULL DEFAULT 0;

DROP INDEX tasks_of_device;
CREATE INDEX tasks_in_turn ON tasks (device, state, priority DESC, turn, position);
CREATE INDEX turns_of_owners ON tasks (device, priority, owner, turn) WHERE state <> 'done';
CREATE INDEX tasks_of_owner ON tasks (owner) WHERE state <> 'done';
CREATE INDEX finished_tasks ON tasks (finished_millis) WHERE state = 'done';
