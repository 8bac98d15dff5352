package dev.lutra.agent.statistics;

import dev.lutra.proto.Slice;
import java.util.Arrays;

/**
 * What a slice says about speed: the latency that the fastest fifth of its runs stay below. Interference only ever adds time,
 * so on a busy machine this repeats from process to process about half again as well as the median; on a quiet one it is
 * hardly worse, as rounds then disagree by more than samples within a round.
 */
public final class Level {

    private static final double FAST = 0.2;
    /** Fewer samples in each half say nothing. */
    private static final int LEAST_HALF = 8;

    private Level() {}

    public static double nanos(Slice slice) {
        return quantile(slice, 0, slice.getSamplesNanosCount(), FAST);
    }

    public static double median(Slice slice) {
        return quantile(slice, 0, slice.getSamplesNanosCount(), 0.5);
    }

    private static double quantile(Slice slice, int from, int to, double fraction) {
        double[] samples = new double[to - from];
        Arrays.setAll(samples, i -> slice.getSamplesNanos(from + i));
        return Statistics.quantile(samples, fraction);
    }

    /** By how much the two halves of a slice disagree, as a logarithm; 0 when it is too short to tell. */
    public static double halvesApart(Slice slice) {
        int count = slice.getSamplesNanosCount();
        int half = count / 2;
        return half < LEAST_HALF ? 0 : Math.abs(Math.log(quantile(slice, half, count, FAST) / quantile(slice, 0, half, FAST)));
    }

    /** The share of the sampling time that the process's threads waited for a core; 0 where the system does not tell. */
    public static double delayed(Slice slice) {
        return slice.getRunDelayNanos() <= 0 || slice.getSamplingNanos() <= 0
            ? 0
            : (double) slice.getRunDelayNanos() / slice.getSamplingNanos();
    }
}
