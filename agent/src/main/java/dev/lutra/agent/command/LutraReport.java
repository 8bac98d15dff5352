package dev.lutra.agent.command;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.lutra.agent.task.TaskFailure;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Lutra's own form of a report: a JSON object, docs/reference/runtimes.md. */
final class LutraReport {

    private static final Map<String, Double> UNITS = Map.of("ns", 1.0, "us", 1e3, "ms", 1e6, "s", 1e9);

    private LutraReport() {}

    static Report read(String text) {
        JsonObject report = JsonParser.parseString(text).getAsJsonObject();
        if (report.has("error")) {
            throw new TaskFailure(report.get("error").getAsString());
        }
        long[] nanos = latencies(report);
        Report runs = Report.ofRuns(nanos, "as its command tells");
        return new Report(nanos, runs.runs(), runs.runsNanos(), runs.of(), count(report, "warmUpRuns"), seconds(report, "warmUpSeconds"),
            report.has("steady") && report.get("steady").getAsBoolean(), outputs(report));
    }

    private static long[] latencies(JsonObject report) {
        if (!report.has("latencies")) {
            return new long[0];
        }
        String unit = report.has("unit") ? report.get("unit").getAsString() : "none";
        if (!UNITS.containsKey(unit)) {
            throw new TaskFailure("its report has the unit " + unit + " (expected: ns, us, ms or s)");
        }
        double[] latencies = report.getAsJsonArray("latencies").asList().stream().mapToDouble(JsonElement::getAsDouble).toArray();
        return ReportFormat.nanos(latencies, UNITS.get(unit));
    }

    private static long count(JsonObject report, String name) {
        long count = report.has(name) ? report.get(name).getAsLong() : 0;
        if (count < 0) {
            throw new TaskFailure("its report has " + name + " " + count + " (expected: 0 or more)");
        }
        return count;
    }

    private static long seconds(JsonObject report, String name) {
        double seconds = report.has(name) ? report.get(name).getAsDouble() : 0;
        if (!(seconds >= 0 && seconds < 1e6)) {
            throw new TaskFailure("its report has " + name + " " + seconds + " (expected: seconds)");
        }
        return Math.round(seconds * 1e9);
    }

    private static List<Report.Output> outputs(JsonObject report) {
        List<Report.Output> outputs = new ArrayList<>();
        if (report.has("outputs")) {
            for (JsonElement output : report.getAsJsonArray("outputs")) {
                JsonObject one = output.getAsJsonObject();
                if (!one.has("name") || !one.has("shape") || !one.has("file")) {
                    throw new TaskFailure("its report has an output without name, shape or file (expected: all three)");
                }
                outputs.add(new Report.Output(one.get("name").getAsString(),
                    one.getAsJsonArray("shape").asList().stream().map(JsonElement::getAsLong).toList(), one.get("file").getAsString()));
            }
        }
        return outputs;
    }
}
