package dev.lutra.server.event;

import java.time.Instant;

/**
 * An event as a run's store holds it.
 *
 * @param at when it happened, or happened again
 * @param life which of the processes that worked on the run, from 1
 */
public record StoredEvent(Instant at, int life, RunEvent event) {}
