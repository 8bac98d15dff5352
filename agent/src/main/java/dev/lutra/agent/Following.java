package dev.lutra.agent;

/**
 * How much of the sentinel's changes tasks follow, from 0 to 1: the slope of a regression of log latency on the log of the
 * sentinel's level around it, pooled over tasks. Where clocks change, everything follows in full. Where neighbours take the last
 * cache, the sentinel is hit and small segments are not; scaling them by it would add its noise to figures that repeat within half
 * a per cent. Before anything is known, nothing is scaled.
 */
final class Following {

    /** Changes beyond this are interference, of which nothing is learned. */
    private static final double LARGEST_CHANGE = 0.15;
    /** The weight of not following: as of thirty readings that differ by one per cent. */
    private static final double RELUCTANCE = 30 * 0.01 * 0.01;
    /** Older knowledge fades beyond this sum of squares. */
    private static final double MEMORY = 100 * RELUCTANCE;

    private double together;
    private double alone = RELUCTANCE;

    /** Takes in the rounds of one task; an entry of each array a round. Those of a task that is still measured go into a {@link #copy}. */
    void add(double[] logLatencies, double[] logSentinel) {
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
            }
        }
        if (alone > MEMORY) {
            together *= MEMORY / alone;
            alone = MEMORY;
        }
    }

    Following copy() {
        Following copy = new Following();
        copy.together = together;
        copy.alone = alone;
        return copy;
    }

    double share() {
        return Math.max(0, Math.min(1, together / alone));
    }
}
