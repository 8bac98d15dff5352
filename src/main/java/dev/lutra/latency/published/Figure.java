package dev.lutra.latency.published;

/**
 * What a publisher says of one of its keys, or of several together.
 *
 * @param millis the mean; an offset may be negative
 * @param deviationMillis standard deviation, 0 where none is given
 * @param count of the samples, 0 where none is given
 */
public record Figure(double millis, double deviationMillis, long count) {

    /** One after the other: times add up, variances as those of independent times, and the weakest part counts the samples. */
    public Figure plus(Figure other) {
        boolean bothSpread = deviationMillis > 0 && other.deviationMillis > 0;
        return new Figure(millis + other.millis, bothSpread ? Math.hypot(deviationMillis, other.deviationMillis) : 0,
            Math.min(count, other.count));
    }
}
