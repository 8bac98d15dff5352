package dev.lutra.agent;

import java.util.List;
import java.util.TreeMap;

/**
 * How much of the sentinel's changes tasks follow, from 0 to 1: slopes of regressions of log latency on the log of the
 * sentinel, pooled over tasks. There are two. What changes <b>from round to round</b>, clocks and neighbours that stay, is seen
 * by all slices of a round and all its readings, whose means are hardly noisy; unless they say otherwise, tasks follow it in
 * full. What changes <b>within a round</b>, from one second to the next, is a reading's own noise for the most part, and small
 * segments do not feel what hits the sentinel; tasks follow it as far as that is seen.
 */
final class Following {

    /** Changes beyond this are interference, of which nothing is learned. */
    private static final double LARGEST_CHANGE = 0.15;
    /** The weight of following from round to round in full, before anything is known: as of a hundred rounds that differ by 1 %. */
    private static final double PRIOR = 100 * 0.01 * 0.01;
    /** Before anything is known, the means of rounds scatter by 0.5 % around what the sentinel says … */
    private static final double PRIOR_SCATTER = 0.005 * 0.005;
    /** … which counts as much as so many rounds. */
    private static final double PRIOR_ROUNDS = 10;
    /** The mean of so many tasks or more counts as a whole round. */
    private static final int WHOLE_ROUND = 8;
    /** Older rounds are forgotten. */
    private static final int MEMORY = 200;
    /** The weight of not following at all within a round, before anything is known: as of thirty slices that differ by 1 %. */
    private static final double PRIOR_WITHIN = 30 * 0.01 * 0.01;
    /** Older slices fade beyond this sum of squares. */
    private static final double MEMORY_WITHIN = 100 * PRIOR_WITHIN;
    /** A sentinel that is mostly noise says little of how tasks follow it, and no correction for that says more. */
    private static final double LEAST_RELIABILITY = 0.3;

    /** Sums over the tasks of a round: by how much their latencies and the sentinel were off their usual level. */
    private record Changes(int tasks, double latency, double sentinel, double noise) {

        Changes plus(Changes other) {
            return new Changes(tasks + other.tasks, latency + other.latency, sentinel + other.sentinel, noise + other.noise);
        }

        double weight() {
            return Math.min(1, (double) tasks / WHOLE_ROUND);
        }

        double meanLatency() {
            return latency / tasks;
        }

        double meanSentinel() {
            return sentinel / tasks;
        }
    }

    private final TreeMap<Integer, Changes> rounds = new TreeMap<>();
    private double together;
    private double alone = PRIOR_WITHIN;
    private double noise;

    /** Takes in the rounds of one task. Those of a task that is still measured go into a {@link #copy}. */
    void add(List<Series.Round> slices) {
        if (slices.size() < 2) {
            return;
        }
        double latency = Statistics.median(slices.stream().mapToDouble(Series.Round::logLatency).toArray());
        double sentinel = Statistics.median(slices.stream().mapToDouble(slice -> slice.speed().roundLevel()).toArray());
        for (Series.Round slice : slices) {
            double answer = slice.logLatency() - latency;
            double change = slice.speed().roundLevel() - sentinel;
            double within = slice.speed().withinRound();
            if (Math.abs(answer) <= LARGEST_CHANGE && Math.abs(change + within) <= LARGEST_CHANGE) {
                rounds.merge(slice.speed().round(), new Changes(1, answer, change, slice.speed().roundNoise()), Changes::plus);
                together += within * answer;
                alone += within * within;
                noise += slice.speed().step() * slice.speed().step() / 4;
            }
        }
        forget();
    }

    private void forget() {
        while (rounds.size() > MEMORY) {
            rounds.pollFirstEntry();
        }
        if (alone > MEMORY_WITHIN) {
            together *= MEMORY_WITHIN / alone;
            noise *= MEMORY_WITHIN / alone;
            alone = MEMORY_WITHIN;
        }
    }

    Following copy() {
        Following copy = new Following();
        copy.rounds.putAll(rounds);
        copy.together = together;
        copy.alone = alone;
        copy.noise = noise;
        return copy;
    }

    /** Of changes within a round. A reading's noise, a quarter of the squared step for the mean of two, flattens no slope. */
    double withinRounds() {
        return share(together, Math.max(LEAST_RELIABILITY * alone, alone - noise));
    }

    /** Of changes from round to round. */
    double fromRoundToRound() {
        double product = PRIOR;
        for (Changes round : rounds.values()) {
            product += round.weight() * round.meanLatency() * round.meanSentinel();
        }
        return share(product, signal());
    }

    /** The standard error of {@link #fromRoundToRound}. */
    double error() {
        double share = fromRoundToRound();
        double scatter = PRIOR_ROUNDS * PRIOR_SCATTER;
        double weight = PRIOR_ROUNDS;
        for (Changes round : rounds.values()) {
            double off = round.meanLatency() - share * round.meanSentinel();
            scatter += round.weight() * off * off;
            weight += round.weight();
        }
        return Math.sqrt(scatter / weight / signal());
    }

    /** What the sentinel changed from round to round without its own noise. */
    private double signal() {
        double squares = 0;
        double own = 0;
        for (Changes round : rounds.values()) {
            squares += round.weight() * round.meanSentinel() * round.meanSentinel();
            own += round.weight() * round.noise() / round.tasks();
        }
        return PRIOR + Math.max(LEAST_RELIABILITY * squares, squares - own);
    }

    private static double share(double product, double squares) {
        return Math.max(0, Math.min(1, product / squares));
    }
}
