package dev.lutra.agent.estimate;

import dev.lutra.agent.sentinel.Speed;

/**
 * How latencies are brought to the sentinels' reference level.
 *
 * @param spread what slices of one task disagree about
 * @param processes what slices of one process have in common
 * @param core how much tasks follow the core's changes
 * @param memory how much the memory's
 */
public record Scaling(Reference reference, Spread spread, ProcessEffect processes, Normal core, Normal memory) {

    /** The sentinels' levels that figures are scaled to, as logarithms of nanoseconds. */
    public record Reference(double core, double memory) {

        /** Where there are no sentinels, see {@link Speed#UNKNOWN}. */
        public static final Reference NONE = new Reference(0, 0);
    }
}
