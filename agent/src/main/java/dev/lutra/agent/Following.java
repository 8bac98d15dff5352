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
    /** The weight of full following before anything is known: as of a hundred readings that differ by one per cent. */
    private static final double PRIOR = 100 * 0.01 * 0.01;
    /** Before anything is known, rounds scatter around what the sentinel says as processes on a rented machine do … */
    private static final double PRIOR_SCATTER = Spread.PRIOR_DEVIATION * Spread.PRIOR_DEVIATION;
    /** … which counts as much as so many rounds. */
    private static final double PRIOR_ROUNDS = 10;
    /** Older knowledge fades beyond this sum of squares. */
    private static final double MEMORY = 30 * PRIOR;
    /** A sentinel that is mostly noise says little of how tasks follow it, and no correction for that says more. */
    private static final double LEAST_RELIABILITY = 0.3;

    private double together = PRIOR;
    private double alone = PRIOR;
    private double answers = PRIOR + PRIOR_ROUNDS * PRIOR_SCATTER;
    private double rounds = PRIOR_ROUNDS;
    private double noise;

    /**
     * Takes in the rounds of one task; an entry of each array a round. Those of a task that is still measured go into a
     * {@link #copy}.
     *
     * @param sentinelSteps by how much the log of the sentinel's readings before and after differ, whose mean
     *     {@code logSentinel} is: a quarter of the square is the noise in that mean, which flattens the slope (errors in
     *     variables) and is taken out again
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
                answers += answer * answer;
                rounds++;
                noise += sentinelSteps[i] * sentinelSteps[i] / 4;
            }
        }
        if (alone > MEMORY) {
            double remembered = MEMORY / alone;
            together *= remembered;
            answers *= remembered;
            rounds *= remembered;
            noise *= remembered;
            alone = MEMORY;
        }
    }

    Following copy() {
        Following copy = new Following();
        copy.together = together;
        copy.alone = alone;
        copy.answers = answers;
        copy.rounds = rounds;
        copy.noise = noise;
        return copy;
    }

    double share() {
        return Math.max(0, Math.min(1, together / signal()));
    }

    /** The standard error of the share. */
    double error() {
        double share = share();
        double scatter = Math.max(0, answers - 2 * share * together + share * share * alone) / rounds;
        return Math.sqrt(scatter / signal());
    }

    /** What is left of the sentinel's changes without its own noise. */
    private double signal() {
        return Math.max(LEAST_RELIABILITY * alone, alone - noise);
    }
}
