package dev.lutra.server.winner;

import dev.lutra.latency.correction.Interval;
import dev.lutra.lowering.Precision;
import dev.lutra.network.Network;
import dev.lutra.server.outcome.InIntegers;
import dev.lutra.supernet.superkernel.SuperkernelSampling;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

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
     * @param integers of the network's file in 8-bit integers; empty where there is none
     * @param p90Nanos measured; 0 if the samples were too few to tell
     * @param runningBytes peak memory without what only opening a session takes; 0 if it was not told
     * @param difference largest difference of the outputs from the supernet's, relative to their range
     * @param sameNumbers whether that is within the {@linkplain #tolerance tolerance}
     * @param learned if the table has learned from what this device measured of this network
     */
    public record Check(String device, int batch, Optional<Long> aim, Comparison latency, Comparison p99, Comparison memory, Comparison energy,
        Optional<Long> fullNanos, Optional<InIntegers> integers,
        long p90Nanos, long runningBytes, double difference, boolean sameNumbers, Optional<Learned> learned) {

        /** Whether the outputs of all its files are those of the supernet. */
        public boolean numericsAgree() {
            return sameNumbers && integers.map(InIntegers::numericsAgree).orElse(true);
        }

        /** Whether anything is asked of it. */
        public boolean isLimited() {
            return figures().anyMatch(figure -> figure.asked().isPresent());
        }

        /** Whether all that is asked of it holds as measured. */
        public boolean withinLimit() {
            return figures().allMatch(Comparison::holds);
        }

        /** The median in parts of the aim, where that is known to be the least, and the most; empty without an aim. */
        private Optional<double[]> aimed() {
            return aim.map(nanos -> new double[]{latency.known().map(Interval::low).orElse(latency.measured()) / (double) nanos,
                latency.known().map(Interval::high).orElse(latency.measured()) / (double) nanos});
        }

        /** Whether something that is asked of it does not hold as measured. */
        public boolean missesLimit() {
            return figures().anyMatch(Comparison::misses);
        }

        /**
         * Whether the measured median lies where the table expected it; empty where the table states no interval, or has learned from
         * this network, so that it foretells nothing.
         */
        public Optional<Boolean> inside() {
            return learned.isPresent() ? Optional.empty() : latency.inside();
        }

        /** How far the median was off that was predicted before the table learned from it, relative to the measurement; empty where none was. */
        public Optional<Double> firstError() {
            return learned.flatMap(Learned::firstPredictedNanos)
                .flatMap(first -> new Comparison(Optional.empty(), Optional.of(first), Optional.empty(), latency.measured(), Optional.empty())
                    .relativeError());
        }

        /** The figures that are held against what was predicted: the median, and what is asked for, as far as an interval is known. */
        public Stream<Comparison> held() {
            return Stream.concat(Stream.of(latency), Stream.of(p99, memory, energy).filter(figure -> figure.asked().isPresent()))
                .filter(figure -> figure.inside().isPresent());
        }

        private Stream<Comparison> figures() {
            return Stream.of(latency, p99, memory, energy);
        }
    }

    /**
     * That a table has learned from this very network.
     *
     * @param firstPredictedNanos the median as it was predicted before; empty where the network calibrated the table
     */
    public record Learned(Optional<Long> firstPredictedNanos) {}

    public Winner {
        measures = Map.copyOf(measures);
        checks = List.copyOf(checks);
    }

    /** Whether every device confirmed numbers and latency. */
    public boolean isVerified() {
        return !checks.isEmpty() && checks.stream().allMatch(check -> check.numericsAgree() && check.withinLimit());
    }

    /** Whether a device contradicted numbers or a limit; one that could not tell a figure did neither that nor confirm it. */
    public boolean isRefused() {
        return checks.stream().anyMatch(check -> !check.numericsAgree() || check.missesLimit());
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
