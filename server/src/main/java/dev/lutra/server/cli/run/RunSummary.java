package dev.lutra.server.cli.run;

import dev.lutra.latency.correction.Interval;
import dev.lutra.server.cli.output.Figures;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.TextTable;
import dev.lutra.server.outcome.TestedNetwork;
import dev.lutra.server.run.ExperimentRun;
import dev.lutra.server.winner.Agreement;
import dev.lutra.server.winner.Comparison;
import dev.lutra.server.winner.Winner;
import dev.lutra.supernet.evaluation.Hits;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongFunction;

/** What a finished run says; one that has verified no file has a front only. */
final class RunSummary {

    private RunSummary() {}

    /** 1 where devices were asked and confirmed no file, else 0. */
    static int code(ExperimentRun run) {
        boolean asked = run.winners().stream().anyMatch(winner -> !winner.checks().isEmpty());
        return asked && run.winners().stream().noneMatch(Winner::isVerified) ? 1 : 0;
    }

    static void print(ExperimentRun run, boolean json) {
        print(run, List.of(), json);
    }

    /**
     * @param networks how they do on test images, where that was asked for
     */
    static void print(ExperimentRun run, List<TestedNetwork> networks, boolean json) {
        Map<String, Hits> tested = new HashMap<>();
        networks.stream().filter(network -> network.file().isEmpty()).forEach(network -> tested.put(network.architecture(), network.hits()));
        print(run, run.winners(), tested, json);
    }

    /** The same of one network that was picked. */
    static void print(ExperimentRun run, Winner picked, boolean json) {
        print(run, List.of(picked), Map.of(), json);
    }

    private static void print(ExperimentRun run, List<Winner> winners, Map<String, Hits> tested, boolean json) {
        if (json) {
            System.out.println(Json.line(document(run, winners, tested)));
            return;
        }
        if (winners.isEmpty()) {
            System.out.println("front   " + run.folder().front());
            printReport(run);
            return;
        }
        TextTable table = new TextTable("file", "accuracy", "tested", "params", "device", "asked", "predicted", "expected", "measured",
            "inside", "p99", "memory", "energy", "state");
        for (Winner winner : winners) {
            if (winner.checks().isEmpty()) {
                table.row(winner.file(), Figures.percent(winner.accuracy()),
                    tested(tested, winner), millions(winner), "-", "-", "-",
                    "-", "-", "-", "-", "-", "-", "no device asked");
            }
            for (Winner.Check check : winner.checks()) {
                table.row(winner.file(), Figures.percent(winner.accuracy()),
                    tested(tested, winner),
                    millions(winner), check.device(), check.latency().asked().or(check::aim).map(RunSummary::millis).orElse("-"),
                    check.latency().predicted().map(RunSummary::millis).orElse("-"), expected(check), measured(check),
                    inside(check),
                    figure(check.p99(), RunSummary::millis),
                    figure(check.memory(), bytes -> Figures.millionths(bytes) + " MB"),
                    figure(check.energy(), nanojoules -> Figures.millionths(nanojoules) + " mJ") + each(check),
                    state(check) + (winner.missed().contains(check) ? ", off its target" : ""));
            }
        }
        System.out.print(table);
        Agreement.of(winners).ifPresent(agreement -> System.out.println(agreement.described()));
        System.out.println();
        System.out.println("files   " + run.folder().exports());
        System.out.println("front   " + run.folder().front());
        printReport(run);
    }

    private static String tested(Map<String, Hits> tested, Winner winner) {
        return Optional.ofNullable(tested.get(winner.architecture())).map(hits -> Figures.percent(hits.accuracy())).orElse("-");
    }

    private static void printReport(ExperimentRun run) {
        System.out.println("report  " + run.folder().report() + "  " + run.folder().report().toUri());
    }

    /** The prediction's interval as a share to either side. */
    private static String expected(Winner.Check check) {
        return check.latency().expected().map(interval -> aside(interval, check.latency().predicted().orElseThrow())).orElse("-");
    }

    private static String measured(Winner.Check check) {
        long nanos = check.latency().measured();
        return millis(nanos) + check.latency().known().map(interval -> " " + aside(interval, nanos)).orElse("")
            + (check.batch() > 1 ? " for " + check.batch() + " images, " + millis(nanos / check.batch()) + " each" : "")
            + check.fullNanos().map(full -> " (float32: " + millis(full) + ")").orElse("")
            + check.integers().map(file -> " (int8: " + millis(file.p50Nanos()) + ")").orElse("");
    }

    private static String aside(Interval interval, long nanos) {
        return String.format(Locale.ROOT, "+-%.1f %%", 50.0 * (interval.high() - interval.low()) / nanos);
    }

    private static String state(Winner.Check check) {
        return !check.numericsAgree() ? "numbers differ" : check.withinLimit() ? "verified" : check.missesLimit() ? "over the limit" : "not told";
    }

    /** What was measured, of how much, and what was predicted. */
    private static String figure(Comparison figure, LongFunction<String> format) {
        return figure.told(format).map(told -> told + figure.predicted().map(value -> ", predicted " + format.apply(value)).orElse("")).orElse("-");
    }

    /** The energy of an image, where a call takes several. */
    private static String each(Winner.Check check) {
        return check.batch() > 1 && check.energy().isTold()
            ? ", " + Figures.millionths(check.energy().measured() / check.batch()) + " mJ an image"
            : "";
    }

    private static String inside(Winner.Check check) {
        return check.learned().isPresent()
            ? "learned" + check.firstError().map(error -> String.format(Locale.ROOT, ", first %+.1f %%", 100 * error)).orElse("")
            : check.inside().map(inside -> inside ? "yes" : "no").orElse("-");
    }

    private static String millions(Winner winner) {
        return String.format(Locale.ROOT, "%.2f M", winner.measures().get("params") / 1e6);
    }

    private static String millis(long nanos) {
        return Figures.millis(nanos) + " ms";
    }

    private static Map<String, Object> document(ExperimentRun run, List<Winner> told, Map<String, Hits> tested) {
        List<Object> winners = new ArrayList<>();
        for (Winner winner : told) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("file", run.folder().exports().resolve(winner.file()).toString());
            entry.put("architecture", winner.architecture());
            entry.put("accuracy", winner.accuracy());
            Optional.ofNullable(tested.get(winner.architecture())).ifPresent(hits -> {
                entry.put("test_accuracy", hits.accuracy());
                if (!hits.isOfSeveral()) {
                    entry.put("test_top5", hits.top5());
                }
            });
            winner.checks().stream().findFirst().ifPresent(first -> {
                first.latency().predicted().ifPresent(nanos -> entry.put("predicted", nanos / 1e6));
                entry.put("measured", first.latency().measured() / 1e6);
            });
            winner.inside().ifPresent(inside -> entry.put("inside", inside));
            entry.put("verified", winner.isVerified());
            entry.put("macs", winner.measures().get("macs").longValue());
            entry.put("params", winner.measures().get("params").longValue());
            Map<String, Object> devices = new LinkedHashMap<>();
            for (Winner.Check check : winner.checks()) {
                Map<String, Object> device = new LinkedHashMap<>();
                check.aim().ifPresent(nanos -> device.put("target_ms", nanos / 1e6));
                put(device, check.latency(), "limit", "predicted", "p50", "_ms");
                check.fullNanos().ifPresent(full -> device.put("p50_ms_in_float32", full / 1e6));
                check.integers().ifPresent(file -> {
                    device.put("int8_p50_ms", file.p50Nanos() / 1e6);
                    device.put("int8_output_difference", file.difference());
                });
                if (check.batch() > 1) {
                    device.put("batch", check.batch());
                    device.put("p50_ms_per_image", check.latency().measured() / 1e6 / check.batch());
                }
                check.inside().ifPresent(inside -> device.put("inside", inside));
                check.learned().ifPresent(learned -> {
                    device.put("learned", true);
                    learned.firstPredictedNanos().ifPresent(first -> device.put("first_predicted_ms", first / 1e6));
                });
                put(device, check.p99(), "p99_limit", "predicted_p99", "p99", "_ms");
                put(device, check.memory(), "memory_limit", "predicted_memory", "memory", "_mb");
                if (check.runningBytes() > 0) {
                    device.put("running_memory_mb", check.runningBytes() / 1e6);
                }
                put(device, check.energy(), "energy_limit", "predicted_energy", "energy", "_mj");
                if (check.batch() > 1 && check.energy().isTold()) {
                    device.put("energy_mj_per_image", check.energy().measured() / 1e6 / check.batch());
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
        Agreement.of(told).ifPresent(agreement -> document.put("agreement", agreement.described()));
        document.put("front", run.folder().front().toString());
        document.put("report", run.folder().report().toString());
        return document;
    }

    /** What was asked, expected and measured of one figure, as far as it is known, in millions of what it is kept in. */
    private static void put(Map<String, Object> device, Comparison figure, String limit, String predicted, String measured, String unit) {
        figure.asked().ifPresent(bound -> device.put(limit + unit, bound / 1e6));
        figure.predicted().ifPresent(value -> device.put(predicted + unit, value / 1e6));
        figure.expected().ifPresent(interval -> put(device, predicted, interval, unit));
        if (figure.isTold()) {
            device.put(measured + unit, figure.measured() / 1e6);
        }
        figure.known().ifPresent(interval -> put(device, measured, interval, unit));
    }

    private static void put(Map<String, Object> device, String name, Interval interval, String unit) {
        device.put(name + "_low" + unit, interval.low() / 1e6);
        device.put(name + "_high" + unit, interval.high() / 1e6);
    }
}
