package dev.lutra.agent.sentinel;

import dev.lutra.agent.statistics.Level;

/**
 * One slice of a sentinel.
 *
 * @param atNanos when, by the monotonic clock
 * @param tookNanos all of it, with its session
 * @param levelNanos its {@link Level}
 * @param interrupted whether something interfered with the slice itself, so that it says little of the time around it
 */
public record Reading(long atNanos, long tookNanos, double levelNanos, boolean interrupted) {

    public Reading asInterrupted() {
        return new Reading(atNanos, tookNanos, levelNanos, true);
    }
}
