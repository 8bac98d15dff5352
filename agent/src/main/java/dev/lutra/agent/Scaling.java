package dev.lutra.agent;

import java.util.OptionalLong;

/**
 * How latencies are brought to the sentinel's reference level.
 *
 * @param withinRounds the share of the sentinel's changes within a round that tasks follow
 * @param fromRoundToRound that of its changes from round to round
 * @param error the standard error of that
 * @param referenceNanos the reference level; empty if nothing is scaled, or there is none yet
 */
record Scaling(double withinRounds, double fromRoundToRound, double error, OptionalLong referenceNanos) {

    static final Scaling NONE = new Scaling(0, 0, 0, OptionalLong.empty());
    /** The 95 % interval of a normal value, in standard errors to each side. */
    private static final double HALF_WIDTH = 1.96;

    /** A log latency without the changes of the sentinel. */
    double unchanged(double logLatency, Speed speed) {
        return logLatency - withinRounds * speed.withinRound() - fromRoundToRound * speed.roundLevel();
    }

    /** What brings such a value to the reference level. */
    double logShift() {
        return referenceNanos.isEmpty() ? 0 : fromRoundToRound * Math.log(referenceNanos.getAsLong());
    }

    /** Half the width of the 95 % interval of what scaling from so far a level may have got wrong, relative. */
    double relativeHalfWidth(double logLevel) {
        return referenceNanos.isEmpty() ? 0 : HALF_WIDTH * error * Math.abs(logLevel - Math.log(referenceNanos.getAsLong()));
    }
}
