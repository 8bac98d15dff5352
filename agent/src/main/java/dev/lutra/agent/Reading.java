package dev.lutra.agent;

/**
 * One slice of the sentinel.
 *
 * @param atNanos when, by the monotonic clock
 * @param levelNanos its {@link Level}
 * @param interrupted whether the slice itself shows that something interfered
 */
record Reading(long atNanos, double levelNanos, boolean interrupted) {}
