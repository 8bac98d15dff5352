package dev.lutra.agent.estimate;

import dev.lutra.agent.statistics.Statistics;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What slices of one process have in common, such as where its memory lies: the variance between processes, as a multiple of the
 * variance within one. The mean of n slices has a variance of 1/n of theirs only if each has a process of its own; fourteen slices of
 * one process tell little more than five of five. Estimated over tasks by the mean squares of a one-way analysis of variance (Searle
 * 1971), with a prior.
 */
public final class ProcessEffect {

    /**
     * Three recorded tables of two slices a process had mean squares between and within processes of 1.0, 1.4 and 1.5 to 1, which is a
     * fifth. A task that is alone can hardly tell, and what is read of the sentinels is shared by slices next to each other as well: a
     * half errs on the wide side.
     */
    static final double PRIOR = 0.5;
    /**
     * What is known beforehand counts as so many slices: a few processes hardly tell, and a task that ends when its interval is narrow
     * would end when they tell too little.
     */
    private static final double PRIOR_WEIGHT = 50;
    /** Older knowledge fades beyond this many slices: machines change. */
    private static final double MEMORY = 500;
    /** A slice further off counts as if it were only so many deviations off. */
    private static final double CLIPPED = 2.5;

    /** Sums over tasks: squares between and within processes, their degrees of freedom, and how much a process's variance weighs. */
    private double between;
    private double within;
    private double betweenFreedom;
    private double withinFreedom;
    private double weight;

    /** Takes in what the slices of one task are off its estimate. Those of a task that is still measured go into a {@link #copy}. */
    public void add(List<Observation> observations, double[] residuals) {
        List<double[]> processes = byProcess(observations, clipped(residuals));
        int freedom = residuals.length - processes.size();
        if (processes.size() < 2 || freedom < 1) {
            return;
        }
        double mean = Arrays.stream(residuals).average().orElseThrow();
        double squares = 0;
        double inside = 0;
        double counts = 0;
        for (double[] process : processes) {
            double own = Arrays.stream(process).average().orElseThrow();
            squares += process.length * Math.pow(own - mean, 2);
            inside += Statistics.variance(process) * (process.length - 1);
            counts += process.length * (double) process.length;
        }
        double fade = weight + residuals.length > MEMORY ? 1 - residuals.length / MEMORY : 1;
        between = fade * between + squares;
        within = fade * within + inside;
        betweenFreedom = fade * betweenFreedom + processes.size() - 1;
        withinFreedom = fade * withinFreedom + freedom;
        weight = fade * weight + residuals.length - counts / residuals.length;
    }

    public ProcessEffect copy() {
        ProcessEffect copy = new ProcessEffect();
        copy.between = between;
        copy.within = within;
        copy.betweenFreedom = betweenFreedom;
        copy.withinFreedom = withinFreedom;
        copy.weight = weight;
        return copy;
    }

    /** The variance between processes, as a multiple of the variance within one. */
    double ratio() {
        double excess = within == 0 ? 0 : between / (within / withinFreedom) - betweenFreedom;
        return Math.max(0, (PRIOR_WEIGHT * PRIOR + excess) / (PRIOR_WEIGHT + weight));
    }

    /**
     * The variance of the mean of a task's slices, as a multiple of what their own variance, over their number, says.
     *
     * @param observations at least two
     */
    double inflation(List<Observation> observations) {
        double n = observations.size();
        double slicesOfAProcess = observations.stream().collect(Collectors.groupingBy(Observation::process, Collectors.counting()))
            .values().stream().mapToDouble(count -> count * (double) count).sum() / n;
        double ratio = ratio();
        return (1 + ratio * slicesOfAProcess) / (1 + ratio * (n - slicesOfAProcess) / (n - 1));
    }

    private static List<double[]> byProcess(List<Observation> observations, double[] residuals) {
        Map<Long, List<Double>> processes = IntStream.range(0, residuals.length).boxed().collect(Collectors.groupingBy(
            i -> observations.get(i).process(), Collectors.mapping(i -> residuals[i], Collectors.toList())));
        return processes.values().stream().map(values -> values.stream().mapToDouble(Double::doubleValue).toArray()).toList();
    }

    private static double[] clipped(double[] residuals) {
        double limit = residuals.length == 0
            ? 0
            : CLIPPED * Statistics.ROBUST * Statistics.median(Arrays.stream(residuals).map(Math::abs).toArray());
        return Arrays.stream(residuals).map(one -> Math.max(-limit, Math.min(limit, one))).toArray();
    }
}
