package dev.lutra.search.lutra;

import dev.lutra.space.Architecture;

/**
 * An architecture that keeps the constraints, with what is known of it without running it.
 *
 * @param genes positions of its options
 * @param costs losses of the objectives that are known, less is better
 * @param features what its accuracy may follow
 * @param gain the objective that is not known, by accuracy
 * @param level from 0, the cheapest, to 1: where it lies in the range of costs
 */
record Prospect(Architecture architecture, int[] genes, double[] costs, double[] features, Line gain, double level) {

    /** A measure that grows with accuracy: {@code offset + slope · accuracy}. */
    record Line(double offset, double slope) {

        static final Line ACCURACY = new Line(0, 1);

        double at(double accuracy) {
            return offset + slope * accuracy;
        }

        double accuracy(double value) {
            return (value - offset) / slope;
        }
    }

    /** Whether it costs no more of anything. */
    boolean costsAtMost(double[] bounds) {
        for (int i = 0; i < costs.length; i++) {
            if (costs[i] > bounds[i]) {
                return false;
            }
        }
        return true;
    }
}
