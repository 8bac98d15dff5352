package dev.lutra.server.regression;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import dev.lutra.AtomicFile;
import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.proto.Baseline;
import dev.lutra.proto.Device;
import dev.lutra.proto.Runtime;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** A baseline as JSON: small, and meant to lie beside the model in a repository. */
public final class BaselineFile {

    private static final int FORMAT = 1;
    private static final int MOST_BYTES = 1 << 20;

    private BaselineFile() {}

    /**
     * Reads one.
     *
     * @throws InputException naming the file: it is not there, is no baseline, or states no time
     */
    public static Baseline read(Path file) {
        if (!Files.exists(file)) {
            throw new InputException(file + ": not there (expected: a baseline; --update writes one)");
        }
        Baseline.Builder baseline = Baseline.newBuilder();
        try {
            JsonFormat.parser().merge(InputFile.text(file, MOST_BYTES), baseline);
        } catch (InvalidProtocolBufferException e) {
            throw new InputException(file + ": " + e.getMessage() + " (expected: a baseline, as --update writes it)");
        }
        if (baseline.getFormat() != FORMAT) {
            throw new InputException(file + ": format: " + baseline.getFormat() + " (expected: " + FORMAT + ")");
        }
        if (baseline.getLatency().getP50Nanos() <= 0) {
            throw new InputException(file + ": latency.p50Nanos: " + baseline.getLatency().getP50Nanos() + " (expected: more than 0)");
        }
        return baseline.build();
    }

    /** Writes one, whole or not at all. */
    public static void write(Path file, Baseline baseline) {
        try {
            AtomicFile.write(file, JsonFormat.printer().print(baseline.toBuilder().setFormat(FORMAT)) + "\n");
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Makes sure that two measurements are of one machine, runtime and way of measuring: then a difference is the model's.
     *
     * @throws InputException naming the file, what differs, and what is now
     */
    public static void requireComparable(Path file, Baseline then, Baseline now) {
        List<String> differences = new ArrayList<>();
        differ(differences, "cpu", then.getDevice().getCpu(), now.getDevice().getCpu());
        differ(differences, "cores", cores(then.getDevice()), cores(now.getDevice()));
        differ(differences, "runtime", shown(then.getRuntime()), shown(now.getRuntime()));
        differ(differences, "cores pinned to", then.getCircumstances().getPinnedCoresList().toString(),
            now.getCircumstances().getPinnedCoresList().toString());
        differ(differences, "estimator", then.getLatency().getEstimator(), now.getLatency().getEstimator());
        if (!differences.isEmpty()) {
            throw new InputException(file + ": measured with " + String.join(", ", differences)
                + ", as it is now; another machine needs another baseline, and --update writes one)");
        }
    }

    private static String cores(Device device) {
        return Integer.toString(device.getLogicalCores());
    }

    private static String shown(Runtime runtime) {
        return runtime.getName() + " " + runtime.getVersion() + ", provider " + runtime.getProvider()
            + (runtime.getProviderOptionsCount() == 0 ? "" : " " + new TreeMap<>(runtime.getProviderOptionsMap())) + ", "
            + runtime.getThreads() + " threads";
    }

    private static void differ(List<String> differences, String what, String then, String now) {
        if (!then.equals(now)) {
            differences.add(what + " " + (then.isEmpty() ? "unknown" : then) + " (expected: " + now);
        }
    }
}
