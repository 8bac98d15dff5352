package dev.lutra.agent;

import java.util.List;

/**
 * How latencies are brought to the sentinels' reference level.
 *
 * @param spread what slices of one task disagree about
 * @param following how much tasks follow the sentinels
 */
record Scaling(Reference reference, Spread spread, Following following) {

    /** The sentinels' levels that figures are scaled to, as logarithms of nanoseconds. */
    record Reference(double core, double memory) {

        /** Where there are no sentinels, see {@link Speed#UNKNOWN}. */
        static final Reference NONE = new Reference(0, 0);
    }

    Estimate estimate(List<Observation> observations) {
        return Estimate.of(observations, spread, following);
    }
}
