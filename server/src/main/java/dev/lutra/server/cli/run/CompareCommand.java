package dev.lutra.server.cli.run;

import dev.lutra.AtomicFile;
import dev.lutra.search.Objective;
import dev.lutra.search.decision.TradeOff;
import dev.lutra.server.cli.output.Figures;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.cli.output.TextTable;
import dev.lutra.server.comparison.ComparisonPage;
import dev.lutra.server.comparison.RunComparison;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "compare", mixinStandardHelpOptions = true, description = "Several runs side by side: settings that differ, hypervolume, fronts, hours, memory, evaluations and winners.")
public final class CompareCommand implements Runnable {

    @Parameters(arity = "2..*", paramLabel = "RUN", description = "Folders of runs.")
    private List<Path> folders;

    @Option(names = "--page", paramLabel = "FILE", description = "Also write it as one page.")
    private Optional<Path> page = Optional.empty();

    @Mixin
    private JsonOption json;

    @Override
    public void run() {
        RunComparison comparison = RunComparison.of(folders);
        page.ifPresent(file -> AtomicFile.write(file, ComparisonPage.of(comparison).html()));
        if (json.isWanted()) {
            System.out.println(Json.line(document(comparison)));
            return;
        }
        List<String> names = comparison.names();
        TextTable settings = table("setting", names);
        comparison.settings().forEach((key, values) -> row(settings, key, values.stream().map(ComparisonPage::stated).toList()));
        TextTable figures = table("", names);
        ComparisonPage.figures(comparison).forEach(figure -> row(figures, figure.name(), figure.values()));
        System.out.println(settings);
        TextTable changes = table("changed since", List.of("in", "searched with", "now"));
        List<ComparisonPage.Row> changed = ComparisonPage.changes(comparison);
        changed.forEach(change -> row(changes, change.name(), change.values()));
        if (!changed.isEmpty()) {
            System.out.println(changes);
        }
        System.out.println(figures);
        TextTable winners = new TextTable("run", "file", "accuracy", "retrained", "tested", "device", "predicted", "measured", "state");
        comparison.winners().forEach(winner -> winners.row(winner.run(), winner.file(), Figures.percent(winner.accuracy()),
            ComparisonPage.share(winner.retrained()), ComparisonPage.share(winner.tested()), winner.device(),
            ComparisonPage.latency(winner.predictedNanos(), winner.batch()), ComparisonPage.latency(winner.p50Nanos(), winner.batch()),
            winner.state()));
        System.out.print(winners);
        page.ifPresent(file -> System.out.println(System.lineSeparator() + "page    " + file));
    }

    private static TextTable table(String first, List<String> names) {
        return new TextTable(Stream.concat(Stream.of(first), names.stream()).toArray(String[]::new));
    }

    private static void row(TextTable table, String name, List<String> values) {
        table.row(Stream.concat(Stream.of(name), values.stream()).toArray());
    }

    private static Map<String, Object> document(RunComparison comparison) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("runs", comparison.names());
        document.put("settings", comparison.settings());
        document.put("changed", comparison.changes().stream().map(change -> Map.of("run", change.run(), "setting", change.setting(), "searched_with",
            change.then(), "now", change.now())).toList());
        document.put("objectives", comparison.objectives().stream().map(Objective::toString).toList());
        document.put("hypervolume", comparison.hypervolumes());
        document.put("hypervolume_by_evaluations", comparison.curves());
        Map<String, Object> fronts = new LinkedHashMap<>();
        comparison.costs().forEach(cost -> fronts.put(cost.measure(), comparison.fronts(cost).stream().map(CompareCommand::front).toList()));
        document.put("fronts", fronts);
        Map<String, Object> seconds = new LinkedHashMap<>();
        comparison.durations().forEach((stage, times) -> seconds.put(stage, times.stream().map(Duration::toMillis).map(ms -> ms / 1e3).toList()));
        document.put("seconds", seconds);
        document.put("supernet_of", comparison.supernetsOf().stream().map(other -> other.orElse("")).toList());
        document.put("peak_bytes", comparison.peakBytes());
        document.put("evaluations", comparison.evaluations());
        document.put("models_timed", comparison.measured());
        List<Object> winners = new ArrayList<>();
        comparison.winners().forEach(winner -> {
            Map<String, Object> entry = new LinkedHashMap<>(Map.of("run", winner.run(), "file", winner.file(), "arch", winner.architecture(),
                "accuracy", winner.accuracy(), "device", winner.device(), "batch", winner.batch(), "predicted_ms",
                winner.predictedNanos() / 1e6, "p50_ms", winner.p50Nanos() / 1e6, "verified", winner.confirmed()));
            entry.put("learned", winner.learned());
            winner.retrained().ifPresent(accuracy -> entry.put("retrained_accuracy", accuracy));
            winner.tested().ifPresent(accuracy -> entry.put("test_accuracy", accuracy));
            winners.add(entry);
        });
        document.put("winners", winners);
        return document;
    }

    private static List<Map<String, Object>> front(TradeOff tradeOff) {
        return tradeOff.steps().stream().map(step -> Map.<String, Object>of("arch", step.candidate().architecture().toString(), "accuracy",
            step.candidate().accuracy(), tradeOff.cost().measure(), step.candidate().measures().get(tradeOff.cost().measure()))).toList();
    }
}
