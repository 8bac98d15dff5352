package dev.lutra.server.cli.table;

import dev.lutra.latency.LookupTable;
import dev.lutra.latency.table.TableDiff;
import dev.lutra.proto.Entry;
import dev.lutra.server.cli.output.Figures;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.cli.output.Lines;
import dev.lutra.server.cli.output.TextTable;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(name = "diff", mixinStandardHelpOptions = true, description = "What changed between two tables, and what of it is significant.")
final class LutDiffCommand implements Runnable {

    @Parameters(index = "0", paramLabel = "A", description = "A table.")
    private Path first;

    @Parameters(index = "1", paramLabel = "B", description = "Another.")
    private Path second;

    @Mixin
    private JsonOption json;

    @Override
    public void run() {
        TableDiff diff = TableDiff.of(LookupTable.load(first), LookupTable.load(second));
        if (json.isWanted()) {
            System.out.println(Json.line(document(diff)));
        } else {
            print(diff);
        }
    }

    private void print(TableDiff diff) {
        diff.incomparable().forEach(difference -> Lines.print("differs  " + difference));
        printOnly("only in " + first, diff.onlyFirst());
        printOnly("only in " + second, diff.onlySecond());
        if (!diff.changes().isEmpty()) {
            TextTable text = new TextTable("key", "A ms", "B ms", "change", "+-", "significant", "first met at");
            for (TableDiff.Change change : diff.changes()) {
                text.row(change.key(), Figures.millis(change.firstNanos()), Figures.millis(change.secondNanos()),
                    Figures.change(change.relative()), change.hasInterval() ? Figures.percent(change.jointHalfWidth()) : "",
                    significance(change), change.label());
            }
            System.out.print(text);
        }
        Lines.print(summary(diff));
    }

    private static void printOnly(String where, List<Entry> entries) {
        entries.forEach(entry -> Lines.print(where + ": " + entry.getKey() + " "
            + Figures.millis(entry.getLatency().getP50Nanos()) + " ms " + entry.getLabel()));
    }

    private static String significance(TableDiff.Change change) {
        return !change.hasInterval() ? "unknown" : change.isSignificant() ? "yes" : "no";
    }

    private static String summary(TableDiff diff) {
        if (diff.changes().isEmpty()) {
            return "no entries in common";
        }
        String common = diff.changes().size() + " entries in common: median relative difference "
            + Figures.percent(diff.medianDifference().orElseThrow()) + " (with sign "
            + Figures.change(diff.medianShift().orElseThrow()) + "); ";
        return common + (diff.judged() == 0
            ? "no intervals to judge them by"
            : String.format(Locale.ROOT,
                "%d of %d outside their joint 95 %% interval (by chance: %.1f)",
                diff.significant(), diff.judged(), diff.expectedByChance()));
    }

    private Map<String, Object> document(TableDiff diff) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("a", first.toString());
        document.put("b", second.toString());
        document.put("incomparable", diff.incomparable());
        document.put("only_a", diff.onlyFirst().stream().map(Entry::getKey).toList());
        document.put("only_b", diff.onlySecond().stream().map(Entry::getKey).toList());
        document.put("common", diff.changes().size());
        diff.medianDifference().ifPresent(median -> document.put("median_relative_difference", median));
        diff.medianShift().ifPresent(median -> document.put("median_shift", median));
        document.put("judged", diff.judged());
        document.put("outside_interval", diff.significant());
        document.put("expected_outside", diff.expectedByChance());
        document.put("changes", diff.changes().stream().map(LutDiffCommand::document).toList());
        return document;
    }

    private static Map<String, Object> document(TableDiff.Change change) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("key", change.key());
        document.put("label", change.label());
        document.put("a_ms", change.firstNanos() / 1e6);
        document.put("b_ms", change.secondNanos() / 1e6);
        document.put("change", change.relative());
        if (change.hasInterval()) {
            document.put("joint_half_width", change.jointHalfWidth());
            document.put("significant", change.isSignificant());
        }
        return document;
    }
}
