package dev.lutra.server.profile;

import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.correction.Calibrator;
import dev.lutra.lowering.Precision;
import dev.lutra.proto.Device;
import dev.lutra.proto.Runtime;
import dev.lutra.proto.WholeNetwork;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.server.experiment.Experiment;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The file of a target's lookup table. What was measured belongs to one device, runtime, provider, number of threads and precision;
 * several experiments may add to it, also at the same time.
 */
public record TargetTable(Experiment.Target target, Path file) {

    /**
     * The table, if the file is there.
     *
     * @throws InputException if it is of something else, naming what differs
     */
    public Optional<LookupTable> load() {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        LookupTable table = LookupTable.load(file);
        requireNone(table, differences(table, target), "as target " + target.device() + " says; another table needs another file");
        return Optional.of(table);
    }

    /** In what a table is not of a target, found and expected; a published table is of whoever it is given to, in its precision. */
    public static List<String> differences(LookupTable table, Experiment.Target target) {
        Runtime runtime = table.content().getRuntime();
        String precision = table.content().getPrecision();
        List<String> differences = new ArrayList<>();
        differ(differences, "precision", precision.isEmpty() ? Precision.FLOAT32.toString() : precision, target.precision().toString());
        if (table.isMeasured()) {
            differ(differences, "device", table.content().getDevice().getName(), target.device());
            differ(differences, "provider", runtime.getProvider(), target.provider());
            differ(differences, "options", runtime.getProviderOptionsMap().toString(), target.options().toString());
            differ(differences, "threads", Integer.toString(runtime.getThreads()), Integer.toString(target.threads()));
            differ(differences, "batch", Integer.toString(table.content().getBatch()), Integer.toString(target.batch()));
        } else if (target.batch() > 1) {
            differ(differences, "batch", Integer.toString(table.content().getBatch()), Integer.toString(target.batch()));
        }
        return differences;
    }

    /**
     * Makes sure that a table is extended only by what measured it.
     *
     * @param runtimes what the device has now: names and versions
     * @throws InputException if the device or the runtime is another than then, naming what differs
     */
    public static void requireSame(LookupTable table, Device device, String runtimes) {
        List<String> differences = new ArrayList<>();
        machine(table, device, differences);
        setUp(table, device, runtimes, differences);
        requireNone(table, differences, "as device " + device.getName() + " is now; what is measured now needs another file");
    }

    /**
     * Makes sure that what a table says is said of the machine that now has its device's name. The same machine may have changed since:
     * its figures are then still its own, of that time.
     *
     * @param runtimes what the device has now: names and versions
     * @return in a line, how the machine has changed, if it has
     * @throws InputException if it is another machine
     */
    public static Optional<String> changedSince(LookupTable table, Device device, String runtimes) {
        List<String> differences = new ArrayList<>();
        machine(table, device, differences);
        requireNone(table, differences, "as device " + device.getName() + " is now; its own figures need another file");
        setUp(table, device, runtimes, differences);
        return differences.isEmpty()
            ? Optional.empty()
            : Optional.of(table.origin() + ": measured with " + String.join(", ", differences) + ", as device " + device.getName()
                + " is now; its predictions are of then, and to have those of now move the file away and run lutra profile");
    }

    private static void machine(LookupTable table, Device device, List<String> differences) {
        differ(differences, "cpu", table.content().getDevice().getCpu(), device.getCpu());
    }

    private static void setUp(LookupTable table, Device device, String runtimes, List<String> differences) {
        differ(differences, "cores", Integer.toString(table.content().getDevice().getLogicalCores()), Integer.toString(device.getLogicalCores()));
        differ(differences, "CPU quota", quota(table.content().getDevice()), quota(device));
        String runtime = table.content().getRuntime().getName() + " " + table.content().getRuntime().getVersion();
        if (!List.of(runtimes.split(", ")).contains(runtime)) {
            differ(differences, "runtime", runtime, runtimes);
        }
    }

    private static String quota(Device device) {
        return device.getCpuQuota() > 0 ? String.format(Locale.ROOT, "%.2f cores", device.getCpuQuota()) : "none";
    }

    private static void differ(List<String> differences, String what, String found, String expected) {
        if (!found.equals(expected)) {
            differences.add(what + " " + found + " (expected: " + expected + ")");
        }
    }

    private static void requireNone(LookupTable table, List<String> differences, String why) {
        if (!differences.isEmpty()) {
            throw new InputException(table.origin() + ": measured with " + String.join(", ", differences) + ", " + why);
        }
    }

    /**
     * Puts what was measured into the file. What others have put there meanwhile stays, and the fit is to all networks.
     *
     * @param networks whole networks measured for this table; one that is there already is replaced
     * @return the table as it is now in the file
     */
    public LookupTable add(LookupTable measured, List<WholeNetwork> networks) {
        Path lock = file.toAbsolutePath().resolveSibling(file.getFileName() + ".lock");
        try {
            Files.createDirectories(lock.getParent());
            InputFile.requireRegularOrNone(lock);
            try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock held = channel.lock()) {
                Optional<LookupTable> there = load();
                LookupTable now = there.map(table -> table.extendedBy(measured.entries())).orElse(measured);
                fitted(now, all(there, measured, networks)).save(file);
                return LookupTable.load(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(lock + ": cannot be locked: " + FileTrouble.reason(lock, e), e);
        }
    }

    /** A table as it would be with what was measured of some networks. */
    public static LookupTable with(LookupTable table, List<WholeNetwork> networks) {
        return fitted(table.withEntries(List.of()), all(Optional.empty(), table, networks));
    }

    private static List<WholeNetwork> all(Optional<LookupTable> there, LookupTable measured, List<WholeNetwork> networks) {
        Map<String, WholeNetwork> all = new LinkedHashMap<>();
        there.ifPresent(table -> table.networks().forEach(network -> all.put(name(network), network)));
        measured.networks().forEach(network -> all.put(name(network), network));
        networks.forEach(network -> all.put(name(network), network));
        return List.copyOf(all.values());
    }

    /**
     * The same architecture with another number of classes is another network. One that was measured to verify a prediction stands
     * beside what was measured of it before, so that a table can be told as it was then.
     */
    private static String name(WholeNetwork network) {
        return String.join(" ", network.getSpace(), network.getArchitecture(), network.getSegmentsList().toString(),
            network.getVerified() ? "verified" : "");
    }

    /** Whether a table has what was measured of a network. */
    public static boolean has(LookupTable table, WholeNetwork network) {
        return table.networks().stream().anyMatch(one -> name(one).equals(name(network)) && one.getLatency().equals(network.getLatency()));
    }

    /** Whether a table's correction is fitted to a network, whenever that was measured. */
    public static boolean hasLearned(LookupTable table, WholeNetwork network) {
        String name = name(network.toBuilder().setVerified(false).build());
        return table.calibration().isPresent() && table.networks().stream().filter(one -> !one.getHeldOut() && !one.getSuperseded())
            .anyMatch(one -> name(one.toBuilder().setVerified(false).build()).equals(name));
    }

    /** Without held-out networks that were measured again to verify a prediction, which the fit sees then; as long as others are held out. */
    private static List<WholeNetwork> judged(List<WholeNetwork> networks) {
        Set<String> verified = networks.stream().filter(WholeNetwork::getVerified)
            .map(network -> name(network.toBuilder().setVerified(false).build())).collect(Collectors.toSet());
        List<WholeNetwork> judged = networks.stream().filter(network -> !network.getHeldOut() || !verified.contains(name(network))).toList();
        return judged.stream().anyMatch(WholeNetwork::getHeldOut) ? judged : networks;
    }

    /** A table as it would be, had some networks not been measured for it. */
    public static LookupTable without(LookupTable table, List<WholeNetwork> networks) {
        Set<String> gone = networks.stream().map(TargetTable::name).collect(Collectors.toSet());
        return fitted(table.withEntries(List.of()), table.networks().stream().filter(network -> !gone.contains(name(network))).toList());
    }

    /** The table with a fit to the networks, if there are enough of them. */
    private static LookupTable fitted(LookupTable table, List<WholeNetwork> networks) {
        List<WholeNetwork> judged = judged(networks);
        long heldOut = judged.stream().filter(WholeNetwork::getHeldOut).count();
        return heldOut < 1 || judged.size() - heldOut < 2 ? table : table.withCalibration(Calibrator.fit(table, judged));
    }
}
