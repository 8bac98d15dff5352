package dev.lutra.agent.command;

import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.border.TaskLimits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/** The forms in which commands report latencies. All but the first are those of other tools, by their documentation. */
public enum ReportFormat {

    /** Lutra's own JSON: docs/reference/runtimes.md. */
    LUTRA(LutraReport::read),
    /** NVIDIA's {@code trtexec --exportTimes=FILE}: a JSON list of runs, of which {@code computeMs} holds no copies. */
    TRTEXEC(ReportFormat::trtexec),
    /** OpenVINO's {@code benchmark_app}: its last lines say count, median and average. */
    BENCHMARK_APP(ReportFormat::benchmarkApp),
    /** LiteRT's {@code benchmark_model}: its last {@code count=… avg=…} is of the timed runs, in microseconds. */
    BENCHMARK_MODEL(ReportFormat::benchmarkModel),
    /** ONNX Runtime's {@code onnxruntime_perf_test MODEL FILE}: a line a run, its second field in seconds. */
    ONNXRUNTIME_PERF_TEST(ReportFormat::perfTest);

    private static final Pattern APP_LINE = Pattern
        .compile("(?m)^\\s*(?:\\[ INFO \\])?\\s*(Count|Median|Average):\\s+([0-9.]+) (ms|us|s|iterations)\\s*$");
    private static final Pattern MODEL_LINE = Pattern.compile("\\bcount=(\\d{1,18}) .*?\\bavg=([0-9.eE+]+)");
    private static final Pattern MODEL_LAST = Pattern.compile("Inference timings in us: .*Inference \\(avg\\): ([0-9.eE+]+)");
    private static final double SECOND = 1e9;
    private static final double MILLISECOND = 1e6;
    private static final double MICROSECOND = 1e3;
    private static final int SHOWN = 80;

    private final Function<String, Report> reader;

    ReportFormat(Function<String, Report> reader) {
        this.reader = reader;
    }

    /** As runtimes.yaml has it. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Optional<ReportFormat> of(String text) {
        return Arrays.stream(values()).filter(format -> format.toString().equals(text)).findFirst();
    }

    static String names() {
        return Arrays.stream(values()).map(ReportFormat::toString).collect(Collectors.joining(", "));
    }

    /** Whether a command that reports so can give outputs. */
    public boolean canHaveOutputs() {
        return this == LUTRA;
    }

    /**
     * Reads what a command has said.
     *
     * @throws TaskFailure if it is not of this form, or the command says in it that it cannot do the task
     */
    public Report read(String text) {
        try {
            return reader.apply(text);
        } catch (JsonParseException | IllegalStateException | UnsupportedOperationException | NumberFormatException | ClassCastException e) {
            throw garbage(this, text);
        }
    }

    static TaskFailure garbage(ReportFormat format, String text) {
        String begin = text.strip();
        return new TaskFailure("its report begins with \"" + begin.substring(0, Math.min(SHOWN, begin.length()))
            + "\" (expected: what report: " + format + " says)");
    }

    private static Report trtexec(String text) {
        List<Double> runs = new ArrayList<>();
        for (JsonElement run : JsonParser.parseString(text).getAsJsonArray()) {
            JsonElement compute = run.getAsJsonObject().get("computeMs");
            if (compute == null) {
                throw garbage(TRTEXEC, text);
            }
            runs.add(compute.getAsDouble());
        }
        return Report.ofRuns(nanos(runs.stream().mapToDouble(Double::doubleValue).toArray(), MILLISECOND),
            "compute time, no copies, as trtexec tells");
    }

    private static Report benchmarkApp(String text) {
        Double count = null;
        Double median = null;
        Double average = null;
        Matcher line = APP_LINE.matcher(text);
        while (line.find()) {
            double value = Double.parseDouble(line.group(2)) * switch (line.group(3)) {
                case "ms" -> MILLISECOND;
                case "us" -> MICROSECOND;
                case "s" -> SECOND;
                default -> 1;
            };
            switch (line.group(1)) {
                case "Count" -> count = value;
                case "Median" -> median = value;
                default -> average = value;
            }
        }
        if (count == null || median == null || average == null) {
            throw garbage(BENCHMARK_APP, text);
        }
        requireTimes(DoubleStream.of(median, average));
        return Report.ofFigure(median, count.longValue(), average, "median of a slice, as benchmark_app tells");
    }

    private static Report benchmarkModel(String text) {
        Matcher last = MODEL_LAST.matcher(text);
        Matcher line = MODEL_LINE.matcher(text);
        long count = 0;
        while (line.find()) {
            count = Long.parseLong(line.group(1));
        }
        if (count == 0 || !last.find()) {
            throw garbage(BENCHMARK_MODEL, text);
        }
        double average = Double.parseDouble(last.group(1)) * MICROSECOND;
        requireTimes(DoubleStream.of(average));
        return Report.ofFigure(average, count, average, "mean of a slice, as benchmark_model tells");
    }

    private static Report perfTest(String text) {
        double[] seconds = text.lines().map(line -> line.split(",")).filter(fields -> fields.length == 5)
            .mapToDouble(fields -> Double.parseDouble(fields[1])).toArray();
        if (seconds.length == 0) {
            throw garbage(ONNXRUNTIME_PERF_TEST, text);
        }
        return Report.ofRuns(nanos(seconds, SECOND), "wall, as onnxruntime_perf_test tells");
    }

    /**
     * Latencies in nanoseconds.
     *
     * @throws TaskFailure if one is none, or they are too many
     */
    static long[] nanos(double[] latencies, double unit) {
        if (latencies.length > TaskLimits.MOST_SAMPLES) {
            throw new TaskFailure("its report has " + latencies.length + " latencies (expected: at most " + TaskLimits.MOST_SAMPLES + ")");
        }
        requireTimes(Arrays.stream(latencies));
        return Arrays.stream(latencies).mapToLong(latency -> Math.max(1, Math.round(latency * unit))).toArray();
    }

    private static void requireTimes(DoubleStream latencies) {
        latencies.filter(latency -> !(latency > 0 && latency < SECOND * SECOND)).findFirst().ifPresent(latency -> {
            throw new TaskFailure("its report has a latency of " + latency + " (expected: more than 0)");
        });
    }
}
