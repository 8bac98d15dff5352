package dev.lutra.agent;

/**
 * How much of the sentinel's changes tasks follow, from 0 to 1: the slope of a regression of log latency on the log of the
 * sentinel's level around it, pooled over tasks. Where clocks change, everything follows in full. Where neighbours take the last
 * cache, the sentinel is hit and small segments are not; scaling them by it would add its noise to figures that repeat within half
 * a per cent. Before anything is known, and where the sentinel hardly changes, everything is taken to follow.
 */
final class Following {

    /** Changes beyond this are interference, of which nothing is learned. */
    private static final double LARGEST_CHANGE = 0.15;
    /** The weight of that: as of thirty readings that differ by one per cent. */
    private static final double PRIOR = 30 * 0.01 * 0.01;
    /** Older knowledge fades beyond this sum of squares. */
    private static final double MEMORY = 100 * PRIOR;

    /** A sentinel that is mostly noise says little of how tasks follow it, and no correction for that says more. */
    private static final double LEAST_RELIABILITY = 0.3;

    private double together = PRIOR;
    private double alone = PRIOR;
    private double noise;

    /**
     * Takes in the rounds of one task; an entry of each array a round. Those of a task that is still measured go into a {@link #copy}.
     *
     * @param sentinelSteps by how much the log of the sentinel's readings before and after differ, whose mean {@code logSentinel} is: a
     *     quarter of the square is the noise in that mean, which flattens the slope (errors in variables) and is taken out again
     */
    void add(double[] logLatencies, double[] logSentinel, double[] sentinelSteps) {
        if (logLatencies.length < 2) {
            return;
        }
        double latency = Statistics.median(logLatencies);
        double sentinel = Statistics.median(logSentinel);
        for (int i = 0; i < logLatencies.length; i++) {
            double change = logSentinel[i] - sentinel;
            double answer = logLatencies[i] - latency;
            if (Math.abs(change) <= LARGEST_CHANGE && Math.abs(answer) <= LARGEST_CHANGE) {
                together += change * answer;
                alone += change * change;
                noise += sentinelSteps[i] * sentinelSteps[i] / 4;
            }
        }
        if (alone > MEMORY) {
            together *= MEMORY / alone;
            noise *= MEMORY / alone;
            alone = MEMORY;
        }
    }

    Following copy() {
        Following copy = new Following();
        copy.together = together;
        copy.alone = alone;
        copy.noise = noise;
        return copy;
    }

    double share() {
        return Math.max(0, Math.min(1, together / Math.max(LEAST_RELIABILITY * alone, alone - noise)));
    }
}
