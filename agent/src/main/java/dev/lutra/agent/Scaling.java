package dev.lutra.agent;

/**
 * How latencies are brought to the sentinels' reference level.
 *
 * @param spread what slices of one task disagree about
 * @param core how much tasks follow the core's changes
 * @param memory how much the memory's
 */
record Scaling(Reference reference, Spread spread, Slope core, Slope memory) {

    /** The sentinels' levels that figures are scaled to, as logarithms of nanoseconds. */
    record Reference(double core, double memory) {

        /** Where there are no sentinels, see {@link Speed#UNKNOWN}. */
        static final Reference NONE = new Reference(0, 0);
    }
}
