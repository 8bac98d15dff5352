package dev.lutra.server.winner;

import dev.lutra.latency.correction.Interval;
import dev.lutra.lowering.Precision;
import dev.lutra.network.Network;
import dev.lutra.supernet.superkernel.SuperkernelSampling;
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

    /** A value between two points of a grid may be put on either, and all that follows with it. */
    private static final double GRID_TOLERANCE = 0.1;

    /** Largest difference from the supernet, relative to the range of its outputs, that still counts as the same network. */
    public static double tolerance(Precision precision, Network network) {
        return network.isQuantized() ? GRID_TOLERANCE : precision == Precision.FLOAT16 ? HALF_TOLERANCE : TOLERANCE;
    }

    /**
     * What one device said.
     *
     * @param device its name
     * @param batch images of one call, which latencies are of
     * @param aim latency that superkernels aimed at, which is no limit; empty where none did
     * @param latency median
     * @param p99 what one call in a hundred exceeds
     * @param memory peak, in bytes
     * @param energy of one call, in nanojoules
     * @param fullNanos median of the same network in float32, where the target computes in less; empty where it does not
     * @param p90Nanos measured; 0 if the samples were too few to tell
     * @param difference largest difference of the outputs from the supernet's, relative to their range
     * @param numericsAgree whether that is within the {@linkplain #tolerance tolerance}
     */
    public record Check(String device, int batch, Optional<Long> aim, Comparison latency, Comparison p99, Comparison memory, Comparison energy,
        Optional<Long> fullNanos,
        long p90Nanos, double difference, boolean numericsAgree) {

        /** Whether anything is asked of it. */
        public boolean isLimited() {
            return latency.asked().isPresent() || p99.asked().isPresent() || memory.asked().isPresent() || energy.asked().isPresent();
        }

        /** Whether all that is asked of it holds as measured. */
        public boolean withinLimit() {
            return latency.holds() && p99.holds() && memory.holds() && energy.holds();
        }

        /** The median in parts of the aim, where that is known to be the least, and the most; empty without an aim. */
        private Optional<double[]> aimed() {
            return aim.map(nanos -> new double[]{latency.known().map(Interval::low).orElse(latency.measured()) / (double) nanos,
                latency.known().map(Interval::high).orElse(latency.measured()) / (double) nanos});
        }

        /** Whether the measured median lies where the table expected it; empty where the table states no interval. */
        public Optional<Boolean> inside() {
            return latency.inside();
        }

        /**
         * Whether a figure that was asked for, or the median, lies farther from what was predicted than chance explains.
         *
         * @param widening of the expected intervals
         */
        public boolean deviates(double widening) {
            return latency.deviates(widening) || p99.asked().isPresent() && p99.deviates(widening)
                || memory.asked().isPresent() && memory.deviates(widening)
                || energy.asked().isPresent() && energy.deviates(widening);
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

    /**
     * Devices on which superkernels' aim is missed by more than is known of the latency, and than counts. Of several aims the one that is
     * exceeded most is followed, so others may be kept by far.
     */
    public List<Check> missed() {
        double farthest = checks.stream().map(Check::aimed).flatMap(Optional::stream).mapToDouble(aimed -> aimed[1]).max().orElse(0);
        return checks.stream().filter(check -> check.aimed().filter(aimed -> aimed[0] > 1 + SuperkernelSampling.MISSED
            || aimed[1] == farthest && farthest < 1 - SuperkernelSampling.MISSED).isPresent()).toList();
    }

    public double accuracy() {
        return measures.get("accuracy");
    }
}
