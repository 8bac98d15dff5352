-- What each device said last of each model, so that devices of one kind can be held against each other.
CREATE TABLE figures (
    model           TEXT NOT NULL,               -- with all that its latency follows from besides the device; a hash
    device          TEXT NOT NULL,
    p50_nanos       INTEGER NOT NULL,
    half_width      REAL NOT NULL,               -- relative, of the 95 % interval of what another run would say
    reported_millis INTEGER NOT NULL,
    PRIMARY KEY (model, device)
) WITHOUT ROWID;
CREATE INDEX figures_of_device ON figures (device);
