package dev.lutra.server.cli.run;

import dev.lutra.InputException;
import dev.lutra.measure.MeasureKind;
import dev.lutra.measure.MeasureKinds;
import dev.lutra.measure.Unit;
import dev.lutra.search.Constraint;
import dev.lutra.search.Measure;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.Quantity;
import dev.lutra.server.report.CallFigures;
import dev.lutra.server.run.ExperimentRun;
import dev.lutra.server.winner.Winner;
import dev.lutra.yaml.Durations;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "pick", mixinStandardHelpOptions = true, description = "Shows the front of a run to choose from; with bounds or an architecture, exports and verifies one more network of it, without searching again. Exit code 1 if a device does not confirm it.")
public final class PickCommand extends AnsweringCommand {

    @Option(names = "--latency", paramLabel = "DEVICE=TIME", description = "Most that the predicted median may be, such as my-box=4ms; without a device: on every target.")
    private List<String> latencies = List.of();

    @Option(names = "--p99", paramLabel = "DEVICE=TIME", description = "The same of the predicted p99.")
    private List<String> tails = List.of();

    @Option(names = "--at-most", paramLabel = "MEASURE=VALUE", description = "Most that another measure of the front may be, such as macs=40M.")
    private List<String> bounds = List.of();

    @Option(names = "--arch", paramLabel = "A", description = "An architecture of the space instead, on the front or not.")
    private Optional<String> architecture = Optional.empty();

    @Override
    int answer(ExperimentRun run, boolean json) {
        List<Constraint> all = constraints(run);
        if (architecture.isPresent() && !all.isEmpty()) {
            throw new InputException("--arch: given with bounds (expected: one of them)");
        }
        if (architecture.isEmpty() && all.isEmpty()) {
            FrontTable table = new FrontTable(run.searched().front(), run.searched().images(),
                new CallFigures(run.searched().targets()));
            System.out.print(json ? Json.line(table.document()) + System.lineSeparator() : table.text());
            return 0;
        }
        Winner picked = run.pick(all, architecture);
        RunSummary.print(run, picked, json);
        return picked.checks().isEmpty() || picked.isVerified() ? 0 : 1;
    }

    private List<Constraint> constraints(ExperimentRun run) {
        List<String> devices = run.searched().targets().stream().map(Experiment.Target::device).toList();
        List<Constraint> all = new ArrayList<>();
        latencies.forEach(text -> times("--latency", text, devices).forEach((device, nanos) -> all.add(
            Constraint.atMost(Measure.latency(device), nanos).from("--latency"))));
        tails.forEach(text -> times("--p99", text, devices).forEach((device, nanos) -> all.add(
            Constraint.atMost(Measure.p99(device), nanos).from("--p99"))));
        bounds.forEach(text -> all.add(bound(text, run)));
        return all;
    }

    /** By device. */
    private static Map<String, Long> times(String option, String text, List<String> devices) {
        int equals = text.lastIndexOf('=');
        List<String> meant = equals < 0 ? devices : List.of(text.substring(0, equals));
        long nanos = Durations.of(text.substring(equals + 1)).orElseThrow(() -> new InputException(option + ": " + text
            + " (expected: DEVICE=TIME, such as my-box=4ms)")).toNanos();
        Map<String, Long> times = new LinkedHashMap<>();
        for (String device : meant) {
            if (!devices.contains(device)) {
                throw new InputException(option + ": " + device + " (expected: a device of targets: " + devices + ")");
            }
            times.put(device, nanos);
        }
        if (times.isEmpty()) {
            throw new InputException(option + ": " + text + ", without targets (expected: an experiment with targets)");
        }
        return times;
    }

    private static Constraint bound(String text, ExperimentRun run) {
        int equals = text.lastIndexOf('=');
        String measure = text.substring(0, Math.max(0, equals));
        if (!run.searched().front().candidates().get(0).measures().values().containsKey(measure)) {
            throw new InputException("--at-most: " + text + " (expected: MEASURE=VALUE, with one of "
                + String.join(", ", run.searched().front().candidates().get(0).measures().values().keySet()) + ")");
        }
        Unit unit = MeasureKinds.find(measure).map(MeasureKind::unit).orElse(Unit.RATIO);
        return Constraint.atMost(measure, Quantity.value(text.substring(equals + 1), unit).orElseThrow(() -> new InputException("--at-most: "
            + text + " (expected: a number, such as 40M; of latencies, memory and energy with its unit)"))).from("--at-most");
    }
}
