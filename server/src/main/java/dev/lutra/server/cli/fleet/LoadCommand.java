package dev.lutra.server.cli.fleet;

import dev.lutra.InputException;
import dev.lutra.Names;
import dev.lutra.lowering.Precision;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Measured;
import dev.lutra.server.cli.output.ConsoleProgress;
import dev.lutra.server.cli.output.Figures;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.cli.output.TextTable;
import dev.lutra.server.device.OwnServer;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.run.FleetAccess;
import dev.lutra.server.run.LoadMeasurement;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.yaml.Durations;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "load", mixinStandardHelpOptions = true, description = "Latency of an ONNX file at an offered load, beside that of runs back to back.")
public final class LoadCommand implements Runnable {

    private static final Pattern RATE = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)\\s*(?:/s)?");

    @Parameters(index = "0", paramLabel = "MODEL", description = "An ONNX file that takes float tensors.")
    private Path model;

    @Option(names = "--rate", required = true, paramLabel = "N", description = "Requests a second, such as 50 or 50/s.")
    private String rate;

    @Option(names = "--for", paramLabel = "TIME", defaultValue = "10 s", description = "How long requests come; back to back is measured no longer (default: ${DEFAULT-VALUE}).")
    private String duration;

    @Option(names = "--device", paramLabel = "NAME", defaultValue = Experiment.LOCAL, description = "A device of the server, or 'local' for this machine (default: ${DEFAULT-VALUE}).")
    private String device;

    @Option(names = "--provider", paramLabel = "NAME", defaultValue = "cpu", description = "Execution provider (default: ${DEFAULT-VALUE}).")
    private String provider;

    @Option(names = "--option", paramLabel = "KEY=VALUE", description = "An option of the provider; may be repeated.")
    private Map<String, String> options = new TreeMap<>();

    @Option(names = "--threads", paramLabel = "N", defaultValue = "1", description = "Intra-op threads (default: ${DEFAULT-VALUE}).")
    private int threads;

    @Option(names = "--out", paramLabel = "DIR", description = "Folder for the local agent's log (default: runs/load here).")
    private Path out;

    @Mixin
    private JsonOption json;

    @ArgGroup(exclusive = false)
    private MeasuringServer server;

    @Override
    public void run() {
        double requestsPerSecond = requestsPerSecond();
        Duration time = Durations.of(duration)
            .orElseThrow(() -> new InputException("--for: " + duration + " (expected: a duration with its unit, such as 10s)"));
        if (threads < 1) {
            throw new InputException("--threads: " + threads + " (expected: 1 or more)");
        }
        Experiment.Target target = new Experiment.Target(Names.device("--device", device), 1, Optional.empty(), Optional.empty(),
            provider.toLowerCase(Locale.ROOT), options, threads, Precision.FLOAT32, Optional.empty());
        FleetAccess access = server == null
            ? OwnServer.onThisMachine()
            : server.devices();
        if (server == null && !device.equals(Experiment.LOCAL)) {
            throw new InputException("--device: " + device + " (expected: with --server, or " + Experiment.LOCAL + ")");
        }
        RunFolder folder = new RunFolder(out == null ? Path.of("runs", "load") : out);
        print(requestsPerSecond,
            LoadMeasurement.measure(model, target, requestsPerSecond, time, access, folder, new ConsoleProgress()));
    }

    private double requestsPerSecond() {
        Matcher matcher = RATE.matcher(rate.strip());
        if (!matcher.matches() || Double.parseDouble(matcher.group(1)) == 0) {
            throw new InputException("--rate: " + rate + " (expected: requests a second, such as 50 or 50/s)");
        }
        return Double.parseDouble(matcher.group(1));
    }

    private void print(double requestsPerSecond, LoadMeasurement.Result result) {
        boolean keptUp = result.loaded().getCircumstances().getConverged();
        if (json.isWanted()) {
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("model", model.toString());
            document.put("device", device);
            document.put("provider", provider);
            document.put("threads", threads);
            document.put("requests_per_second", requestsPerSecond);
            document.put("kept_up", keptUp);
            document.put("back_to_back", document(result.backToBack()));
            document.put("loaded", document(result.loaded()));
            System.out.println(Json.line(document));
            return;
        }
        TextTable table = new TextTable("ms", "p50", "p90", "p99", "p99.9", "max", "runs");
        row(table, "back to back", result.backToBack().getLatency());
        row(table, "at " + rate(requestsPerSecond) + "/s", result.loaded().getLatency());
        System.out.print(table);
        System.out.println(keptUp
            ? "the device keeps up"
            : "the device does not keep up: its queue grew, and with it the latency");
    }

    private static void row(TextTable table, String name, Distribution latency) {
        table.row(name, Figures.millis(latency.getP50Nanos()), stated(latency.getP90Nanos()), stated(latency.getP99Nanos()),
            stated(latency.getP999Nanos()), Figures.millis(latency.getMaxNanos()), latency.getSamples());
    }

    /** What too few runs cannot tell is 0. */
    private static String stated(long nanos) {
        return nanos > 0 ? Figures.millis(nanos) : "-";
    }

    private static void putStated(Map<String, Object> document, String name, long nanos) {
        if (nanos > 0) {
            document.put(name, nanos / 1e6);
        }
    }

    private static Map<String, Object> document(Measured measured) {
        Map<String, Object> document = new LinkedHashMap<>();
        Distribution latency = measured.getLatency();
        document.put("runs", latency.getSamples());
        document.put("p50_ms", latency.getP50Nanos() / 1e6);
        putStated(document, "p90_ms", latency.getP90Nanos());
        putStated(document, "p99_ms", latency.getP99Nanos());
        putStated(document, "p999_ms", latency.getP999Nanos());
        document.put("max_ms", latency.getMaxNanos() / 1e6);
        document.put("timing", measured.getCircumstances().getTiming());
        document.put("nodes_by_provider", new TreeMap<>(measured.getNodesByProviderMap()));
        return document;
    }

    private static String rate(double requestsPerSecond) {
        return requestsPerSecond == Math.rint(requestsPerSecond)
            ? Long.toString((long) requestsPerSecond)
            : Double.toString(requestsPerSecond);
    }
}
