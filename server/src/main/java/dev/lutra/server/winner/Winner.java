package dev.lutra.server.winner;

import dev.lutra.latency.correction.Interval;
import dev.lutra.lowering.Precision;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An exported network and what its devices said of it.
 *
 * @param architecture canonical text
 * @param file its name in the run's export folder
 * @param measures as the search knew them, by name; latencies in nanoseconds
 * @param checks one a target; empty until verified
 */
public record Winner(String architecture, String file, Map<String, Double> measures, List<Check> checks) {

    private static final double TOLERANCE = 1e-4;
    /** float16 has 11 bits: one rounding is 5e-4 of a value, and those of some fifty layers add up. */
    private static final double HALF_TOLERANCE = 2e-2;

    /** Largest difference from the supernet, relative to the range of its outputs, that still counts as the same network. */
    public static double tolerance(Precision precision) {
        return precision == Precision.FLOAT16 ? HALF_TOLERANCE : TOLERANCE;
    }

    /**
     * What one device said.
     *
     * @param device its name
     * @param predictedNanos median latency by the table
     * @param interval where the table expects a measurement of it; empty where the table is not calibrated
     * @param p50Nanos measured median
     * @param p90Nanos measured; 0 if the samples were too few to tell
     * @param p99Nanos measured; 0 if the samples were too few to tell
     * @param limitNanos the target's bound on the median; empty where it has none
     * @param predictedP99Nanos by the table; empty where it predicts none
     * @param p99LimitNanos the target's bound on p99; empty where it has none
     * @param difference largest difference of the outputs from the supernet's, relative to their range
     * @param numericsAgree whether that is within the {@linkplain #tolerance tolerance}
     */
    public record Check(String device, long predictedNanos, Optional<Interval> interval, long p50Nanos, long p90Nanos, long p99Nanos,
        Optional<Long> limitNanos, Optional<Long> predictedP99Nanos, Optional<Long> p99LimitNanos,
        double difference, boolean numericsAgree) {

        public boolean withinLimit() {
            return within(p50Nanos, limitNanos) && withinP99Limit();
        }

        /** A limit on a p99 that nobody could tell is not met. */
        public boolean withinP99Limit() {
            return within(p99Nanos, p99LimitNanos) && (p99Nanos > 0 || p99LimitNanos.isEmpty());
        }

        /** Whether the measured median lies where the table expected it; empty where the table states no interval. */
        public Optional<Boolean> inside() {
            return interval.map(expected -> expected.contains(p50Nanos));
        }

        private static boolean within(long nanos, Optional<Long> limit) {
            return limit.isEmpty() || nanos <= limit.get();
        }

        public double relativeError() {
            return (predictedNanos - p50Nanos) / (double) p50Nanos;
        }
    }

    public Winner {
        measures = Map.copyOf(measures);
        checks = List.copyOf(checks);
    }

    /** Whether every device confirmed numbers and latency. */
    public boolean isVerified() {
        return !checks.isEmpty() && checks.stream().allMatch(check -> check.numericsAgree() && check.withinLimit());
    }

    /** Whether every device measured what its table expected; empty if none of the tables states an interval. */
    public Optional<Boolean> inside() {
        return checks.stream().map(Check::inside).flatMap(Optional::stream).reduce((a, b) -> a && b);
    }

    public double accuracy() {
        return measures.get("accuracy");
    }
}
