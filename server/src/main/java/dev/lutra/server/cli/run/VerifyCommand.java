package dev.lutra.server.cli.run;

import dev.lutra.InputException;
import dev.lutra.Names;
import dev.lutra.lowering.Precision;
import dev.lutra.proto.Baseline;
import dev.lutra.server.cli.output.ConsoleProgress;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.cli.output.Lines;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.regression.BaselineFile;
import dev.lutra.server.regression.JunitReport;
import dev.lutra.server.regression.OneFile;
import dev.lutra.server.regression.Verdict;
import dev.lutra.server.run.ExperimentRun;
import dev.lutra.yaml.Durations;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(name = "verify", mixinStandardHelpOptions = true, description = {
    "Stage 5: run the exported files on their devices: numerics and latency. Exit code 1 if they confirm none.",
    "Or, for FILE.onnx: whether it has become slower than its baseline. Exit code 1 if it has."})
public final class VerifyCommand implements Callable<Integer> {

    private static final Pattern PERCENT = Pattern.compile("([0-9]{1,2}(?:\\.[0-9]+)?)\\s*%");
    /** Of what is let pass: intervals of both measurements then leave room for it. */
    private static final double PART = 3;

    /** How a file is held against its baseline. */
    static final class Gate {

        @Option(names = "--baseline", paramLabel = "F.json", required = true, description = "The measurement that FILE.onnx is held against.")
        private Path baseline;

        @Option(names = "--max-regression", paramLabel = "PERCENT", defaultValue = "3%", description = "How much slower it may be (default: 3%%).")
        private String most;

        @Option(names = "--update", description = "Write the baseline instead of holding against it.")
        private boolean update;

        @Option(names = "--junit", paramLabel = "F.xml", description = "Also write the verdict as JUnit's XML.")
        private Optional<Path> junit = Optional.empty();

        @Option(names = "--device", paramLabel = "NAME", defaultValue = Experiment.LOCAL, description = "A device of the server, or 'local' for this machine (default: local).")
        private String device;

        @Option(names = "--provider", paramLabel = "NAME", defaultValue = "cpu", description = "Execution provider, or a runtime by command (default: cpu).")
        private String provider;

        @Option(names = "--option", paramLabel = "KEY=VALUE", description = "An option of the provider; may be repeated.")
        private Map<String, String> options = new TreeMap<>();

        @Option(names = "--threads", paramLabel = "N", defaultValue = "1", description = "Intra-op threads (default: 1).")
        private int threads;

        @Option(names = "--half-width", paramLabel = "PERCENT", description = "Of the interval that ends the measurement (default: a third of --max-regression).")
        private Optional<String> halfWidth = Optional.empty();

        @Option(names = "--time-limit", paramLabel = "TIME", defaultValue = "60 s", description = "After which no further round begins (default: 60 s).")
        private String timeLimit;
    }

    @Mixin
    private RunOptions options;

    @ArgGroup(exclusive = false)
    private Gate gate;

    @Mixin
    private JsonOption json;

    @Override
    public Integer call() {
        boolean isModel = options.file().toString().endsWith(".onnx");
        if (isModel != (gate != null)) {
            throw new InputException(isModel
                ? "--baseline: missing (expected: with FILE.onnx, the file to hold it against, or to write with --update)"
                : "--baseline: given with " + options.file() + " (expected: with FILE.onnx)");
        }
        return isModel ? holdAgainstBaseline() : verifyRun();
    }

    private int verifyRun() {
        try (ExperimentRun run = options.open()) {
            run.verify();
            RunSummary.print(run, json.isWanted());
            return RunSummary.code(run);
        }
    }

    private int holdAgainstBaseline() {
        double most = percent("--max-regression", gate.most);
        // looked at first: nobody waits for a measurement to hear that there is nothing to hold it against
        Optional<Baseline> then = gate.update ? Optional.empty() : Optional.of(BaselineFile.read(gate.baseline));
        Baseline now = OneFile.measure(options.file(), target(), profile(most), options.devices(gate.device), options.folder("verify"),
            new ConsoleProgress());
        Optional<Verdict> verdict = then.map(baseline -> Verdict.of(gate.baseline, baseline, now, most));
        if (gate.update) {
            BaselineFile.write(gate.baseline, now);
        }
        gate.junit.ifPresent(file -> JunitReport.write(file, now, verdict));
        print(now, verdict);
        return verdict.filter(Verdict::isRegression).isPresent() ? 1 : 0;
    }

    private Experiment.Target target() {
        if (gate.threads < 1) {
            throw new InputException("--threads: " + gate.threads + " (expected: 1 or more)");
        }
        return new Experiment.Target(Names.device("--device", gate.device), 1, Optional.empty(), Optional.empty(),
            gate.provider.toLowerCase(Locale.ROOT), gate.options, gate.threads, Precision.FLOAT32, Optional.empty());
    }

    private Experiment.Profile profile(double most) {
        Experiment.Profile usual = Experiment.Profile.defaults();
        Duration limit = Durations.of(gate.timeLimit).orElseThrow(() -> new InputException("--time-limit: " + gate.timeLimit
            + " (expected: a duration with its unit, such as 60 s)"));
        return new Experiment.Profile(gate.halfWidth.map(text -> percent("--half-width", text)).orElse(most / PART), usual.rounds(), usual.slice(),
            limit, 0, 0, Optional.empty(), Optional.empty());
    }

    private static double percent(String option, String text) {
        Matcher matcher = PERCENT.matcher(text.strip());
        if (!matcher.matches() || Double.parseDouble(matcher.group(1)) == 0) {
            throw new InputException(option + ": " + text + " (expected: more than 0% and less than 100%, such as 3%)");
        }
        return Double.parseDouble(matcher.group(1)) / 100;
    }

    private void print(Baseline now, Optional<Verdict> verdict) {
        if (json.isWanted()) {
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("file", options.file().toString());
            document.put("device", now.getDevice().getName());
            document.put("runtime", now.getRuntime().getName() + " " + now.getRuntime().getVersion());
            document.put("p50_ms", now.getLatency().getP50Nanos() / 1e6);
            verdict.ifPresentOrElse(told -> {
                document.put("baseline_ms", told.change().firstNanos() / 1e6);
                document.put("change", told.change().relative());
                document.put("by_chance", told.chance());
                document.put("max_regression", told.most());
                document.put("found_in_9_of_10", told.found());
                document.put("slower", told.isRegression());
            }, () -> document.put("baseline", gate.baseline.toString()));
            System.out.println(Json.line(document));
            return;
        }
        Lines.print(verdict.map(Verdict::described).orElseGet(() -> String.format(Locale.ROOT, "%s: %.4f ms%s, written to %s", now.getFile(),
            now.getLatency().getP50Nanos() / 1e6, halfWidth(now.getLatency().getRelativeHalfWidth()), gate.baseline)));
    }

    private static String halfWidth(double relative) {
        return Double.isFinite(relative)
            ? String.format(Locale.ROOT, " +-%.1f %%", 100 * relative)
            : " of a single round, without an interval";
    }
}
