package dev.lutra.latency.table;

import dev.lutra.latency.Estimators;
import dev.lutra.latency.LookupTable;
import dev.lutra.proto.Circumstances;
import dev.lutra.proto.Device;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Entry;
import dev.lutra.proto.Runtime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import org.apache.commons.math3.stat.descriptive.rank.Median;

/**
 * Two tables side by side: the repeat error of measuring, or what an update of the device changed.
 *
 * @param incomparable what differs between the devices, runtimes and ways of measuring, so that figures may differ for it
 * @param onlyFirst entries that only the first table has
 * @param onlySecond entries that only the second has
 * @param changes entries of both, the largest change first
 */
public record TableDiff(List<String> incomparable, List<Entry> onlyFirst, List<Entry> onlySecond, List<Change> changes) {

    /** Share of equal pairs that lie outside their joint 95 % interval by chance. */
    private static final double BY_CHANCE = 0.05;

    /**
     * An entry of both tables.
     *
     * @param firstNanos the median in the first
     * @param secondNanos the median in the second
     * @param jointHalfWidth of the 95 % interval of the relative difference of two equal medians: the root of the sum of
     *     squares of both intervals, between runs where known; 0 where a table gives none, or the two come from different
     *     estimators
     */
    public record Change(String key, String label, long firstNanos, long secondNanos, double jointHalfWidth) {

        static Change of(Entry first, Entry second) {
            return of(first.getKey(), first.getLabel(), first.getLatency(), second.getLatency());
        }

        /** Of two measurements of one model. */
        public static Change of(String key, String label, Distribution first, Distribution second) {
            long a = first.getP50Nanos();
            long b = second.getP50Nanos();
            double firstWidth = width(first);
            double secondWidth = width(second);
            boolean known = isKnown(firstWidth) && isKnown(secondWidth) && first.getEstimator().equals(second.getEstimator());
            return new Change(key, label, a, b, known ? Math.hypot(firstWidth, secondWidth * b / a) : 0);
        }

        /** Tables are of different runs, unless an agent does not say what those may differ by. */
        private static double width(Distribution latency) {
            double betweenRuns = latency.getBetweenRunsHalfWidth();
            return betweenRuns > 0 ? betweenRuns : latency.getRelativeHalfWidth();
        }

        private static boolean isKnown(double width) {
            return width > 0 && Double.isFinite(width);
        }

        /** Of the second to the first. */
        public double relative() {
            return (double) secondNanos / firstNanos - 1;
        }

        public boolean hasInterval() {
            return jointHalfWidth > 0;
        }

        /** Whether the difference is more than the two measurements' own uncertainty explains. */
        public boolean isSignificant() {
            return hasInterval() && Math.abs(relative()) > jointHalfWidth;
        }
    }

    public TableDiff {
        incomparable = List.copyOf(incomparable);
        onlyFirst = List.copyOf(onlyFirst);
        onlySecond = List.copyOf(onlySecond);
        changes = List.copyOf(changes);
    }

    /** Compares two tables. */
    public static TableDiff of(LookupTable first, LookupTable second) {
        List<Change> changes = new ArrayList<>();
        for (Entry entry : first.entries()) {
            second.entry(entry.getKey()).ifPresent(other -> changes.add(Change.of(entry, other)));
        }
        changes.sort(Comparator.comparingDouble((Change change) -> -Math.abs(change.relative())).thenComparing(Change::key));
        return new TableDiff(incomparable(first, second), without(first, second), without(second, first), changes);
    }

    private static List<Entry> without(LookupTable table, LookupTable other) {
        return table.entries().stream().filter(entry -> other.entry(entry.getKey()).isEmpty()).toList();
    }

    private static List<String> incomparable(LookupTable first, LookupTable second) {
        List<String> differences = new ArrayList<>();
        compare(differences, "device", first, second, table -> table.content().getDevice().getName());
        compare(differences, "hardware", first, second, table -> hardware(table.content().getDevice()));
        compare(differences, "system", first, second, table -> table.content().getDevice().getOs());
        compare(differences, "runtime", first, second, table -> runtime(table.content().getRuntime()));
        compare(differences, "precision", first, second, table -> table.content().getPrecision());
        compare(differences, "batch", first, second, table -> Integer.toString(table.content().getBatch()));
        compare(differences, "source", first, second, table -> table.content().getSource());
        compare(differences, "agent", first, second, table -> all(table, Circumstances::getAgentVersion));
        compare(differences, "estimator", first, second, Estimators::named);
        compare(differences, "pinned cores", first, second, table -> all(table, how -> cores(how.getPinnedCoresList())));
        compare(differences, "frequency governor", first, second, table -> all(table, how -> how.getSystem().getGovernor()));
        compare(differences, "power mode", first, second, table -> all(table, how -> how.getSystem().getPowerMode()));
        compare(differences, "timing", first, second, table -> all(table, Circumstances::getTiming));
        compare(differences, "sentinel reference ns", first, second,
            table -> all(table, how -> Long.toString(how.getSentinelReferenceNanos())));
        compare(differences, "small sentinel reference ns", first, second,
            table -> all(table, how -> Long.toString(how.getCoreSentinelReferenceNanos())));
        return differences;
    }

    private static void compare(List<String> differences, String what, LookupTable first, LookupTable second,
        Function<LookupTable, String> property) {
        String a = property.apply(first);
        String b = property.apply(second);
        if (!a.equals(b)) {
            differences.add(what + ": " + (a.isEmpty() ? "not said" : a) + " and " + (b.isEmpty() ? "not said" : b));
        }
    }

    private static String hardware(Device device) {
        List<String> parts = new ArrayList<>(List.of(device.getCpu()));
        if (device.getLogicalCores() > 0) {
            parts.add(device.getLogicalCores() + " cores");
        }
        parts.addAll(device.getGpusList());
        return String.join(", ", parts);
    }

    private static String runtime(Runtime runtime) {
        List<String> parts = new ArrayList<>(List.of(runtime.getName(), runtime.getVersion(), runtime.getProvider()));
        parts.add(runtime.getThreads() > 0 ? "t" + runtime.getThreads() : "");
        parts.add(runtime.getProviderOptionsCount() > 0 ? new TreeMap<>(runtime.getProviderOptionsMap()).toString() : "");
        parts.removeIf(String::isEmpty);
        return String.join(" ", parts);
    }

    private static String cores(List<Integer> pinned) {
        return pinned.stream().map(String::valueOf).collect(Collectors.joining("+"));
    }

    /** Every different value of the entries, in order. */
    private static String all(LookupTable table, Function<Circumstances, String> property) {
        TreeSet<String> values = new TreeSet<>();
        table.entries().stream().filter(Entry::hasCircumstances)
            .forEach(entry -> values.add(property.apply(entry.getCircumstances())));
        return String.join(", ", values);
    }

    /** Median of the sizes of the relative differences; empty where the tables share nothing. */
    public Optional<Double> medianDifference() {
        return median(changes.stream().mapToDouble(change -> Math.abs(change.relative())));
    }

    /** Median of the relative differences with their sign: what a common cause did to all. */
    public Optional<Double> medianShift() {
        return median(changes.stream().mapToDouble(Change::relative));
    }

    private static Optional<Double> median(DoubleStream values) {
        double median = new Median().evaluate(values.toArray());
        return Double.isNaN(median) ? Optional.empty() : Optional.of(median);
    }

    /** Shared entries of which both tables give an interval. */
    public long judged() {
        return changes.stream().filter(Change::hasInterval).count();
    }

    /** How many of the {@link #judged()} differ by more than their joint interval. */
    public long significant() {
        return changes.stream().filter(Change::isSignificant).count();
    }

    /** How many of the {@link #judged()} would, were nothing different: one in twenty. */
    public double expectedByChance() {
        return BY_CHANCE * judged();
    }
}
