package dev.lutra.agent.statistics;

import com.google.protobuf.ByteString;
import dev.lutra.proto.Distribution;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.HdrHistogram.Histogram;

/**
 * Turns samples into a {@link Distribution}. Quantiles are exact, by nearest rank over all samples; one that so few samples cannot
 * tell is 0, not stated.
 */
public final class Distributions {

    private static final int SIGNIFICANT_DIGITS = 3;
    /** Samples tell a quantile only if their largest lies beyond it in all but so many cases: the end of its 95 % interval. */
    private static final double UNTOLD = 0.025;

    private Distributions() {}

    /** @param nanos at least one sample; sorted here */
    public static Distribution of(double[] nanos, double relativeHalfWidth) {
        Arrays.sort(nanos);
        Histogram histogram = new Histogram(SIGNIFICANT_DIGITS);
        Arrays.stream(nanos).forEach(sample -> histogram.recordValue(Math.round(sample)));
        double mean = Arrays.stream(nanos).average().orElseThrow();
        return Distribution.newBuilder()
            .setSamples(nanos.length)
            .setMinNanos(Math.round(nanos[0]))
            .setP50Nanos(quantile(nanos, 0.5))
            .setP90Nanos(tail(nanos, 0.9))
            .setP99Nanos(tail(nanos, 0.99))
            .setP999Nanos(tail(nanos, 0.999))
            .setMaxNanos(Math.round(nanos[nanos.length - 1]))
            .setMeanNanos(mean)
            .setDeviationNanos(Math.sqrt(Statistics.variance(nanos)))
            .setRelativeHalfWidth(relativeHalfWidth)
            .setHistogram(encode(histogram))
            .build();
    }

    private static long tail(double[] sorted, double fraction) {
        return Math.pow(fraction, sorted.length) <= UNTOLD ? quantile(sorted, fraction) : 0;
    }

    private static long quantile(double[] sorted, double fraction) {
        return Math.round(sorted[(int) Math.ceil(fraction * sorted.length) - 1]);
    }

    private static ByteString encode(Histogram histogram) {
        ByteBuffer buffer = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
        histogram.encodeIntoCompressedByteBuffer(buffer);
        return ByteString.copyFrom(buffer.flip());
    }
}
