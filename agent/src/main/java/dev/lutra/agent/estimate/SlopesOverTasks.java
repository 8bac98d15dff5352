package dev.lutra.agent.estimate;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * How much tasks follow the sentinels' changes, and how much tasks differ in that: what is known of a task's slopes before its own
 * slices are looked at. They differ a great deal: while a neighbour took memory bandwidth, the sentinel that depends on it was 6 to
 * 15 % slower and networks that fit a core's caches were not slower at all. Mean and variance over tasks follow from what each
 * task's slices say by themselves ({@link RandomEffects}).
 */
public final class SlopesOverTasks {

    /** Of the core's changes, before anything is known: all of them, more or less. */
    private static final Normal CORE = new Normal(1, 0.3 * 0.3);
    /** Of the memory's: anything from none to all. */
    private static final Normal MEMORY = new Normal(0.5, 0.3 * 0.3);
    /** What is known beforehand counts as much as so many tasks. */
    private static final int PRIOR_TASKS = 4;
    /** However alike tasks seem, the next one may differ by so much. */
    private static final double LEAST_VARIANCE = 0.1 * 0.1;
    /** A prior of no weight, for what a task's slices say by themselves. */
    private static final double VAGUE = 1;
    /** Slices that narrow even that down by less say nothing. */
    private static final double LEAST_SAID = 0.1;
    /** Older tasks are forgotten. */
    private static final int LONGEST_MEMORY = 200;

    private final Deque<Normal> cores = new ArrayDeque<>();
    private final Deque<Normal> memories = new ArrayDeque<>();

    /**
     * Learns from the slices of one task. Those of a task that is still measured go into a {@link #copy}.
     *
     * @param variance of a slice
     */
    public void add(List<Observation> observations, double variance) {
        if (observations.isEmpty()) {
            return;
        }
        Regression own = Regression.of(observations, variance, new Normal(CORE.mean(), VAGUE), new Normal(MEMORY.mean(), VAGUE));
        keep(cores, own.core(), CORE.mean());
        keep(memories, own.memory(), MEMORY.mean());
    }

    /** Takes the vague prior out again, and keeps what is left. */
    private static void keep(Deque<Normal> slopes, Normal posterior, double priorMean) {
        double said = 1 / posterior.variance() - 1 / VAGUE;
        if (said > LEAST_SAID) {
            slopes.addLast(new Normal((posterior.mean() / posterior.variance() - priorMean / VAGUE) / said, 1 / said));
            if (slopes.size() > LONGEST_MEMORY) {
                slopes.removeFirst();
            }
        }
    }

    public SlopesOverTasks copy() {
        SlopesOverTasks copy = new SlopesOverTasks();
        copy.cores.addAll(cores);
        copy.memories.addAll(memories);
        return copy;
    }

    public Normal core() {
        return of(CORE).over(cores);
    }

    public Normal memory() {
        return of(MEMORY).over(memories);
    }

    private static RandomEffects of(Normal prior) {
        return new RandomEffects(prior, PRIOR_TASKS, LEAST_VARIANCE);
    }
}
