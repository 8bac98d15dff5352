-- What a task asks a device for, as a fingerprint, where its outcome may be that of others; null: it is its own.
ALTER TABLE tasks ADD COLUMN content TEXT;
-- Whether the outcome of an equal one counts as this one's.
ALTER TABLE tasks ADD COLUMN takes INTEGER NOT NULL DEFAULT 0;
-- What the device was when the outcome came, as a fingerprint; null: the outcome is for nobody who comes later.
ALTER TABLE tasks ADD COLUMN setting TEXT;
CREATE INDEX equal_tasks ON tasks (content, device, state) WHERE content IS NOT NULL;
