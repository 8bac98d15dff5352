package dev.lutra.supernet.superkernel;

import java.util.Optional;

/**
 * Finds λ while the thresholds are learned, as a multiplier of the constraint that the latency be the target's. What is aimed at
 * falls, in equal steps of the logarithm, from the latency of the first step to the target, so that the decisions worth least for
 * their latency are given up one after the other; λ follows the distance from it, proportionally, and its size follows it
 * integrated. Where too much was given up at once, λ is negative, so that parts come back. Towards the end, decisions that meet the
 * target are confirmed.
 */
final class Multiplier {

    /** Share of the search after which the target itself is aimed at. */
    private static final double DESCENT = 0.7;
    /** Share of the search after which decisions that meet the target are confirmed. */
    private static final double SETTLING = 0.8;
    /** Distances, as logarithms, at which decisions meet the target: when that begins, and in the end. */
    private static final double MET_FIRST = 0.01;
    private static final double MET_LAST = 0.08;
    /** What λ grows by, in parts of its size, for a distance of 1: at a twentieth below the aim it is 0. */
    private static final double PROPORTIONAL = 20;
    /** What the logarithm of its size grows by over a whole search for a distance of 1, and at most in a step. */
    private static final double INTEGRAL = 500;
    private static final double INTEGRAL_OF_STEP = 1;
    /** Distances count as this at most, so that λ is not carried away before thresholds have had time to move. */
    private static final double FARTHEST = 0.1;
    private static final double FIRST = 0.1;

    private double integral;
    private double start;

    /**
     * @param state as {@link #state} gave it; empty at the beginning
     */
    Multiplier(Optional<String> state) {
        String[] parts = state.orElse(Math.log(FIRST) + " " + Double.NaN).split(" ");
        integral = Double.parseDouble(parts[0]);
        start = Double.parseDouble(parts[1]);
    }

    /** All that the next value follows from, to the bit. */
    String state() {
        return integral + " " + start;
    }

    /** Whether decisions of a latency, in parts of the target, are to stay as they are. */
    static boolean settles(double ratio, double progress) {
        double met = MET_FIRST + (MET_LAST - MET_FIRST) * (progress - SETTLING) / (1 - SETTLING);
        return progress >= SETTLING && Math.abs(Math.log(ratio)) <= met;
    }

    /**
     * λ for a step.
     *
     * @param ratio of the latency to the target
     * @param progress share of the search that is over, 0 to below 1
     * @param share of the search that a step is
     */
    double next(double ratio, double progress, double share) {
        if (Double.isNaN(start)) {
            start = Math.log(ratio);
        }
        double aim = Math.max(0, 1 - progress / DESCENT) * start;
        double distance = Math.max(-FARTHEST, Math.min(FARTHEST, Math.log(ratio) - aim));
        double factor = 1 + PROPORTIONAL * distance;
        if (factor >= 0) { // its size stays while it is negative
            integral += Math.min(INTEGRAL_OF_STEP, INTEGRAL * share) * distance;
        }
        return Math.exp(integral) * factor;
    }
}
