package dev.lutra.server.cli.run;

import dev.lutra.server.cli.output.Figures;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.TextTable;
import dev.lutra.server.run.ExperimentRun;
import dev.lutra.server.run.Winner;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a finished run says; one that has verified no file has a front only. */
final class RunSummary {

    private RunSummary() {}

    static void print(ExperimentRun run, boolean json) {
        if (json) {
            System.out.println(Json.line(document(run)));
            return;
        }
        if (run.winners().isEmpty()) {
            System.out.println("front   " + run.folder().front());
            return;
        }
        TextTable table = new TextTable("file", "accuracy", "MACs", "params", "device", "predicted", "measured", "p99", "error",
            "numerics", "state");
        for (Winner winner : run.winners()) {
            for (Winner.Check check : winner.checks()) {
                table.row(winner.file(), Figures.percent(winner.accuracy()),
                    String.format(Locale.ROOT, "%.2f M", winner.measures().get("macs") / 1e6),
                    String.format(Locale.ROOT, "%.2f M", winner.measures().get("params") / 1e6), check.device(),
                    millis(check.predictedNanos()), millis(check.p50Nanos()), check.p99Nanos() > 0 ? millis(check.p99Nanos()) : "-",
                    String.format(Locale.ROOT, "%+.1f %%", 100 * check.relativeError()),
                    String.format(Locale.ROOT, "%.0e", check.difference()), state(check));
            }
        }
        System.out.print(table);
        System.out.println();
        System.out.println("files   " + run.folder().exports());
        System.out.println("front   " + run.folder().front());
        System.out.println("report  " + run.folder().report());
    }

    private static String state(Winner.Check check) {
        return !check.numericsAgree() ? "numbers differ" : check.withinLimit() ? "verified" : "over the limit";
    }

    private static String millis(long nanos) {
        return Figures.millis(nanos) + " ms";
    }

    private static Map<String, Object> document(ExperimentRun run) {
        List<Object> winners = new ArrayList<>();
        for (Winner winner : run.winners()) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("arch", winner.architecture());
            entry.put("file", run.folder().exports().resolve(winner.file()).toString());
            entry.put("verified", winner.isVerified());
            entry.put("accuracy", winner.accuracy());
            entry.put("macs", winner.measures().get("macs").longValue());
            entry.put("params", winner.measures().get("params").longValue());
            Map<String, Object> devices = new LinkedHashMap<>();
            for (Winner.Check check : winner.checks()) {
                Map<String, Object> device = new LinkedHashMap<>();
                device.put("predicted_ms", check.predictedNanos() / 1e6);
                device.put("p50_ms", check.p50Nanos() / 1e6);
                check.predictedP99Nanos().ifPresent(nanos -> device.put("predicted_p99_ms", nanos / 1e6));
                if (check.p99Nanos() > 0) {
                    device.put("p99_ms", check.p99Nanos() / 1e6);
                }
                device.put("within_limit", check.withinLimit());
                device.put("output_difference", check.difference());
                devices.put(check.device(), device);
            }
            entry.put("devices", devices);
            winners.add(entry);
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("winners", winners);
        document.put("front", run.folder().front().toString());
        if (!winners.isEmpty()) {
            document.put("report", run.folder().report().toString());
        }
        return document;
    }
}
