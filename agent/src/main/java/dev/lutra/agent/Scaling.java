package dev.lutra.agent;

import java.util.OptionalLong;

/**
 * How latencies are brought to the sentinel's reference level.
 *
 * @param followed the share of the sentinel's changes that tasks follow
 * @param followedError the standard error of that
 * @param referenceNanos the reference level; empty if nothing is scaled, or there is none yet
 */
record Scaling(double followed, double followedError, OptionalLong referenceNanos) {

    static final Scaling NONE = new Scaling(0, 0, OptionalLong.empty());
    /** Of the standard error: what a normal value exceeds with 5 %. */
    private static final double HALF_WIDTH = 1.96;

    /** What is added to logarithms of latencies that the sentinel's changes are already taken out of. */
    double logShift() {
        return referenceNanos.isEmpty() ? 0 : followed * Math.log(referenceNanos.getAsLong());
    }

    /** Half the width of the 95 % interval of what scaling from so far a level may have got wrong, relative. */
    double relativeHalfWidth(double meanLogSentinel) {
        return referenceNanos.isEmpty() ? 0
                : HALF_WIDTH * followedError * Math.abs(meanLogSentinel - Math.log(referenceNanos.getAsLong()));
    }
}
