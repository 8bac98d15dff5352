package dev.lutra.latency;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import dev.lutra.AtomicFile;
import dev.lutra.InputException;
import dev.lutra.Names;
import dev.lutra.latency.correction.CorrectionPart;
import dev.lutra.latency.correction.EnergyModel;
import dev.lutra.latency.correction.SegmentTimes;
import dev.lutra.latency.published.TableFormat;
import dev.lutra.network.Network;
import dev.lutra.network.Segment;
import dev.lutra.proto.Calibration;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Energy;
import dev.lutra.proto.Entry;
import dev.lutra.proto.NetworkMemory;
import dev.lutra.proto.Runtime;
import dev.lutra.proto.WholeNetwork;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The measured segments of one device and runtime. Its schema is the protobuf message of the same name; this class adds
 * look-up by key, the rules a table has to keep, and the stored form: canonical JSON, entries sorted by key. Immutable.
 */
public final class LookupTable implements SegmentTimes {

    /** The stored format that this version reads and writes. */
    public static final int FORMAT = 1;

    /** What {@link dev.lutra.proto.LookupTable#getSource} says of a table whose entries nobody has measured. */
    public static final String ESTIMATED = "estimated";

    private static final Pattern KEY = Pattern.compile("[0-9a-f]{16}");
    /** Quantiles may be those of a histogram of two to three digits. */
    private static final double ROUNDED_DOWN = 0.99;
    /** No memory is larger: a pebibyte, beyond any device, and exact as a double. */
    public static final long MOST_BYTES = 1L << 50;
    /** No call takes more: a megajoule. */
    public static final double MOST_NANOJOULES = 1e15;
    private static final String USUAL_PRECISION = "float32";

    private final String origin;
    private final dev.lutra.proto.LookupTable content;
    private final SortedMap<String, Entry> entries = new TreeMap<>();

    private LookupTable(String origin, dev.lutra.proto.LookupTable content) {
        this.origin = origin;
        requireHeader(content);
        for (int i = 0; i < content.getEntriesCount(); i++) {
            add(i, content.getEntries(i));
        }
        if (content.hasCalibration()) {
            requireCalibration(content.getCalibration());
        }
        this.content = content.toBuilder().clearEntries().addAllEntries(entries.values()).build();
    }

    /**
     * A table made by the program; messages about it use the name that its file would have.
     *
     * @throws InputException if it breaks a rule that {@link #load} checks
     */
    public static LookupTable of(dev.lutra.proto.LookupTable content) {
        return new LookupTable(fileName(content), content);
    }

    /**
     * Reads a stored table.
     *
     * @throws InputException naming the file and the place in it: no such file, not JSON, another format, a field that the format
     *     does not have, a key that is malformed or there twice, an entry without a latency, a time that is negative
     */
    public static LookupTable load(Path file) {
        return new LookupTable(file.toString(), TableJson.read(file));
    }

    /** Writes the table; equal tables give equal bytes. */
    public void save(Path file) {
        try {
            AtomicFile.write(file, JsonFormat.printer().sortingMapKeys().print(content) + "\n");
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("a table holds no message of an unknown type", e);
        }
    }

    private void requireHeader(dev.lutra.proto.LookupTable table) {
        require(table.getFormat() == FORMAT, "format", table.getFormat() + " (expected: " + FORMAT + ")");
        require(!table.getDevice().getName().isBlank(), "device.name", "missing (expected: the device's name)");
        require(!table.getRuntime().getName().isBlank(), "runtime.name", "missing (expected: what executed the segments)");
        require(table.getBatch() >= 1, "batch", table.getBatch() + " (expected: at least 1)");
        requireTimes("callOverhead", table.getCallOverhead());
        requireEnergy("callEnergy", table.getCallEnergy());
    }

    private void add(int index, Entry entry) {
        String place = "entries[" + index + "]";
        require(KEY.matcher(entry.getKey()).matches(), place + ".key",
            "'" + entry.getKey() + "' (expected: 16 digits of 0-9 and a-f)");
        place += " " + entry.getKey();
        require(entries.put(entry.getKey(), entry) == null, place, "key given twice");
        require(entry.hasLatency(), place, "no latency");
        requireTimes(place + ".latency", entry.getLatency());
        requireEnergy(place + ".energy", entry.getEnergy());
        requireTime(place + ".callOverheadNanos", entry.getCallOverheadNanos());
        require(entry.getLatency().getP50Nanos() > 0, place + ".latency.p50Nanos",
            entry.getLatency().getP50Nanos() + " (expected: more than 0)");
    }

    /** What a correction is computed from: networks of known segments, and how far its parts may go. */
    private void requireCalibration(Calibration calibration) {
        long fitted = calibration.getNetworksList().stream().filter(network -> !network.getHeldOut()).count();
        require(fitted >= 2, "calibration.networks", fitted + " that are not held out (expected: at least 2)");
        for (CorrectionPart part : CorrectionPart.values()) {
            double variance = part.in(calibration.getVariances());
            require(variance > 0 && Double.isFinite(variance),
                "calibration.variances." + part.name().toLowerCase(Locale.ROOT), variance + " (expected: more than 0)");
        }
        requireJudgement(calibration);
        for (int i = 0; i < calibration.getNetworksCount(); i++) {
            WholeNetwork network = calibration.getNetworks(i);
            String place = "calibration.networks[" + i + "]";
            requireTimes(place + ".latency", network.getLatency());
            require(network.getLatency().getP50Nanos() > 0, place + ".latency.p50Nanos",
                network.getLatency().getP50Nanos() + " (expected: more than 0)");
            requireMemory(place + ".memory", network);
            requireEnergy(place + ".energy", network.getEnergy());
            require(network.getHeldOut() || network.getWeight() > 0 && network.getWeight() <= 1, place + ".weight",
                network.getWeight() + " (expected: more than 0, at most 1)");
            require(network.getSegmentsCount() > 0, place + ".segments", "missing (expected: keys of its segments)");
            for (String key : network.getSegmentsList()) {
                require(entries.containsKey(key), place + ".segments", "no entry for " + key);
            }
        }
    }

    /** What held-out networks say of a correction; without any, and where they tell no more, it is NaN. */
    private void requireJudgement(Calibration calibration) {
        boolean isJudged = calibration.getNetworksList().stream().anyMatch(WholeNetwork::getHeldOut);
        requireBetween("meanRelativeError", calibration.getMeanRelativeError(), 0, Double.MAX_VALUE, isJudged);
        requireBetween("worstRelativeError", calibration.getWorstRelativeError(), 0, Double.MAX_VALUE, isJudged);
        requireBetween("uncalibratedMeanRelativeError", calibration.getUncalibratedMeanRelativeError(), 0, Double.MAX_VALUE, isJudged);
        requireBetween("within5Percent", calibration.getWithin5Percent(), 0, 1, isJudged);
        requireBetween("within10Percent", calibration.getWithin10Percent(), 0, 1, isJudged);
        requireBetween("intervalCoverage", calibration.getIntervalCoverage(), 0, 1, isJudged);
        requireBetween("kendallTau", calibration.getKendallTau(), -1, 1, false);
        requireBetween("uncalibratedKendallTau", calibration.getUncalibratedKendallTau(), -1, 1, false);
        requireBetween("noiseFloor", calibration.getNoiseFloor(), 0, Double.MAX_VALUE, false);
        requireBetween("p99MeanRelativeError", calibration.getP99MeanRelativeError(), 0, Double.MAX_VALUE, false);
        requireBetween("p99IntervalCoverage", calibration.getP99IntervalCoverage(), 0, 1, false);
    }

    private void requireBetween(String name, double value, double least, double most, boolean isTold) {
        require(value >= least && value <= most || Double.isNaN(value) && !isTold, "calibration." + name, value + " (expected: "
            + (most == Double.MAX_VALUE ? "finite, at least 0" : Math.round(least) + " to " + Math.round(most)) + ")");
    }

    private void requireMemory(String place, WholeNetwork network) {
        NetworkMemory memory = network.getMemory();
        requireBytes(place + ".weightBytes", memory.getWeightBytes(), 0);
        requireBytes(place + ".liveBytes", memory.getLiveBytes(), 0);
        requireBytes(place + ".measured.peakBytes", memory.getMeasured().getPeakBytes(), network.hasMemory() ? 1 : 0);
        requireBytes(place + ".measured.runningBytes", memory.getMeasured().getRunningBytes(), 0);
    }

    private void requireEnergy(String place, Energy energy) {
        requireFigure(place + ".nanojoules", energy.getNanojoules());
        requireFigure(place + ".halfWidthNanojoules", energy.getHalfWidthNanojoules());
        requireFigure(place + ".idleWatts", energy.getIdleWatts());
        requireFigure(place + ".idleHalfWidthWatts", energy.getIdleHalfWidthWatts());
        require(energy.getWindows() >= 0, place + ".windows", energy.getWindows() + " (expected: not negative)");
    }

    private void requireFigure(String place, double value) {
        require(value >= 0 && value <= MOST_NANOJOULES, place, value + " (expected: 0 to " + MOST_NANOJOULES + ")");
    }

    private void requireBytes(String place, long bytes, long least) {
        require(bytes >= least && bytes <= MOST_BYTES, place, bytes + " (expected: " + least + " to " + MOST_BYTES + ")");
    }

    private void requireTimes(String place, Distribution latency) {
        requireTime(place + ".minNanos", latency.getMinNanos());
        requireTime(place + ".p50Nanos", latency.getP50Nanos());
        requireTime(place + ".p90Nanos", latency.getP90Nanos());
        requireTime(place + ".p99Nanos", latency.getP99Nanos());
        requireTime(place + ".p999Nanos", latency.getP999Nanos());
        requireTime(place + ".maxNanos", latency.getMaxNanos());
        requireTime(place + ".meanNanos", latency.getMeanNanos());
        requireTime(place + ".deviationNanos", latency.getDeviationNanos());
        requireInOrder(place, "p99Nanos", latency.getP99Nanos(), "p50Nanos", latency.getP50Nanos());
        requireInOrder(place, "p999Nanos", latency.getP999Nanos(), "p99Nanos", latency.getP99Nanos());
        requireWidth(place + ".relativeHalfWidth", latency.getRelativeHalfWidth());
        requireWidth(place + ".betweenRunsHalfWidth", latency.getBetweenRunsHalfWidth());
        require(latency.getSamples() >= 0, place + ".samples", latency.getSamples() + " (expected: not negative)");
    }

    /** Quantiles that a table does not state are 0. */
    private void requireInOrder(String place, String upperName, long upper, String lowerName, long lower) {
        require(upper == 0 || upper >= lower * ROUNDED_DOWN, place + "." + upperName,
            upper + " (expected: at least " + lowerName + ", " + lower + ")");
    }

    /** Infinite for a single round. */
    private void requireWidth(String place, double width) {
        require(width >= 0, place, width + " (expected: not negative)");
    }

    private void requireTime(String place, long nanos) {
        require(nanos >= 0, place, nanos + " (expected: not negative)");
    }

    private void requireTime(String place, double nanos) {
        require(nanos >= 0 && Double.isFinite(nanos), place, nanos + " (expected: not negative)");
    }

    private void require(boolean holds, String place, String problem) {
        if (!holds) {
            throw new InputException(origin + ": " + place + ": " + problem);
        }
    }

    /** Where the table came from: its file, or the name of the file that it would have. */
    public String origin() {
        return origin;
    }

    /** The whole table, entries sorted by key. */
    public dev.lutra.proto.LookupTable content() {
        return content;
    }

    /**
     * Whether agents measured it, so that it may be extended and calibrated on a device; an imported table and one whose entries are
     * estimated stay as they are.
     */
    public boolean isMeasured() {
        return TableFormat.of(content).isEmpty() && !content.getSource().equals(ESTIMATED);
    }

    /** What the publisher of an imported table calls a segment, there or not; empty for other tables and unknown kinds. */
    public Optional<String> nameFor(Network network, Segment segment) {
        return TableFormat.of(content).flatMap(format -> format.label(network, segment));
    }

    public Optional<Entry> entry(String key) {
        return Optional.ofNullable(entries.get(key));
    }

    /** All entries, sorted by key. */
    public List<Entry> entries() {
        return List.copyOf(entries.values());
    }

    /** Median cost of a session call that does nothing; 0 where the source of the table gives none. */
    @Override
    public long callOverheadNanos() {
        return content.getCallOverhead().getP50Nanos();
    }

    /**
     * A segment's own time: the median of its entry without the call as it was then, at least 0.
     *
     * @throws java.util.NoSuchElementException if there is no such entry
     */
    @Override
    public long ownNanos(String key) {
        Entry entry = entry(key).orElseThrow();
        long overhead = entry.getCallOverheadNanos() > 0 ? entry.getCallOverheadNanos() : callOverheadNanos();
        return Math.max(0, entry.getLatency().getP50Nanos() - overhead);
    }

    /** The energy of its networks; empty where the call or an entry states none. */
    Optional<EnergyModel> energyModel() {
        if (!content.hasCallEnergy() || !entries.values().stream().allMatch(Entry::hasEnergy)) {
            return Optional.empty();
        }
        Map<String, Energy> segments = new HashMap<>();
        entries.forEach((key, entry) -> segments.put(key, entry.getEnergy()));
        return Optional.of(EnergyModel.of(content.getCallEnergy(), segments, networks()));
    }

    @Override
    public String signature(String key) {
        return entry(key).orElseThrow().getSignature();
    }

    @Override
    public void requireOneEstimator(List<WholeNetwork> networks) {
        Estimators.requireOne(this, networks);
    }

    public Optional<Calibration> calibration() {
        return content.hasCalibration() ? Optional.of(content.getCalibration()) : Optional.empty();
    }

    /**
     * This table with more entries; an entry whose key is there already takes its place. A calibration was fitted to the
     * old entries and goes.
     *
     * @throws InputException if old and new entries name different estimators
     */
    public LookupTable withEntries(Collection<Entry> added) {
        SortedMap<String, Entry> all = new TreeMap<>(entries);
        added.forEach(entry -> all.put(entry.getKey(), entry));
        Estimators.requireOne(origin, all.values().stream());
        return new LookupTable(origin, content.toBuilder().clearCalibration().clearEntries()
            .addAllEntries(all.values()).build());
    }

    /** This table with the entries of others whose keys it lacks, and without a calibration. */
    public LookupTable extendedBy(Collection<Entry> others) {
        return withEntries(others.stream().filter(entry -> !entries.containsKey(entry.getKey())).toList());
    }

    /** The whole networks that were measured for this table, of whatever space. */
    public List<WholeNetwork> networks() {
        return content.getCalibration().getNetworksList();
    }

    /**
     * This table without some entries, which are measured anew when they are needed next, and without a calibration.
     *
     * @throws InputException if one is not there, or nobody here has measured them
     */
    public LookupTable without(Collection<String> keys) {
        require(isMeasured(), "source", "not measured by agents, so nothing would be measured anew (expected: a measured table)");
        SortedMap<String, Entry> left = new TreeMap<>(entries);
        dev.lutra.proto.LookupTable.Builder table = content.toBuilder().clearCalibration();
        for (String key : new TreeSet<>(keys)) {
            require(left.remove(key) != null, "entries", "no entry " + key + " (expected: a key, as lutra lut show has it)");
            table.putForgotten(key, timesForgotten(key) + 1);
        }
        return new LookupTable(origin, table.clearEntries().addAllEntries(left.values()).build());
    }

    /** How often an entry was forgotten; its measurements before are not to be used again. */
    public int timesForgotten(String key) {
        return content.getForgottenOrDefault(key, 0);
    }

    public LookupTable withCalibration(Calibration calibration) {
        return new LookupTable(origin, content.toBuilder().setCalibration(calibration).build());
    }

    /**
     * Name of the table's file: {@code <device>-<runtime>-<version>-<provider>-t<threads>.json}, with the provider's options
     * after it, and the precision and the batch before the dot where they are not float32 and 1, so that no two tables
     * share a file; names as {@link Names#inFile} has them, and the whole as {@link Names#fitting} has it.
     */
    public String fileName() {
        return fileName(content);
    }

    private static String fileName(dev.lutra.proto.LookupTable table) {
        Runtime runtime = table.getRuntime();
        List<String> parts = new ArrayList<>(Stream.of(table.getDevice().getName(), runtime.getName(), runtime.getVersion(),
            runtime.getProvider()).map(String::strip).map(Names::inFile).toList());
        new TreeMap<>(runtime.getProviderOptionsMap()).forEach((key, value) -> parts.add(option(key) + "=" + option(value)));
        parts.add("t" + runtime.getThreads());
        if (!table.getPrecision().isEmpty() && !table.getPrecision().equals(USUAL_PRECISION)) {
            parts.add(table.getPrecision());
        }
        if (table.getBatch() > 1) {
            parts.add("b" + table.getBatch());
        }
        parts.removeIf(String::isBlank);
        return Names.fitting(String.join("-", parts), ".json");
    }

    /** Without what parts are joined by. */
    private static String option(String text) {
        return Names.inFile(text).replace("-", "%2D");
    }
}
