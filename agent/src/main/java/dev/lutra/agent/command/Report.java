package dev.lutra.agent.command;

import java.util.List;

/**
 * What a command says of a model.
 *
 * @param samplesNanos latencies in order, in nanoseconds, each of one run or of several in the mean or the median
 * @param runs how many runs they tell of
 * @param runsNanos what all those took together
 * @param of what they are, in words
 * @param warmUpRuns runs before; 0 where it does not say
 * @param warmUpNanos what those took; 0 where it does not say
 * @param isSteady whether the warm-up settled; where the command does not say it has not been seen to
 * @param outputs of the model
 */
public record Report(long[] samplesNanos, long runs, double runsNanos, String of, long warmUpRuns, long warmUpNanos, boolean isSteady,
    List<Output> outputs) {

    /** @param file its float32 values, little endian, in the folder that the command works in */
    public record Output(String name, List<Long> shape, String file) {}

    /** Of every run, in order. */
    static Report ofRuns(long[] nanos, String of) {
        double sum = 0;
        for (long one : nanos) {
            sum += one;
        }
        return new Report(nanos, nanos.length, sum, of, 0, 0, false, List.of());
    }

    /**
     * Of a figure over many runs.
     *
     * @param nanos the figure
     * @param meanNanos of the same runs
     */
    static Report ofFigure(double nanos, long runs, double meanNanos, String of) {
        return new Report(new long[]{Math.round(nanos)}, runs, runs * meanNanos, of, 0, 0, false, List.of());
    }
}
