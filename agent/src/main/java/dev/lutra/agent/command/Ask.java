package dev.lutra.agent.command;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.lutra.agent.runtime.InputValues;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.Task;
import dev.lutra.proto.border.TaskLimits;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a command is asked: files in the folder that it works in, and the placeholders that stand for them and for the numbers of a task.
 *
 * @param task of which threads, inputs and rules are asked
 * @param work an empty folder
 */
public record Ask(Task task, Path work) {

    static final String REPORT = "report";
    /** Placeholders. */
    static final List<String> NAMES = List.of("model", "prepared", "request", REPORT, "threads", "seconds", "whole-seconds",
        "warm-up-seconds", "warm-up-milliseconds", "least-runs");

    private static final double NANOS = 1e9;
    private static final double MILLI = 1e6;

    public Path model() {
        return work.resolve("model.onnx");
    }

    /** What the model is prepared into. */
    public Path prepared() {
        return work.resolve("prepared");
    }

    public Path report() {
        return work.resolve("report");
    }

    /**
     * Writes the request and the inputs. The model is written by who has it.
     *
     * @throws dev.lutra.agent.task.TaskFailure if an input is not what its shape says
     */
    public void write() throws IOException {
        MeasureRules rules = task.getRules();
        JsonObject request = new JsonObject();
        request.addProperty("format", 1);
        request.addProperty("model", model().toString());
        request.addProperty("threads", task.getThreads());
        request.addProperty("seconds", seconds(rules.getSliceNanos()));
        request.addProperty("leastRuns", task.hasRules() ? Math.max(1, rules.getMinSamples()) : 0);
        request.addProperty("mostRuns", TaskLimits.MOST_SAMPLES);
        request.addProperty("warmUpSeconds", seconds(rules.getMinWarmupNanos()));
        request.addProperty("mostWarmUpSeconds", seconds(rules.getMaxWarmupNanos()));
        request.addProperty("leastWarmUpRuns", rules.getMinWarmupRuns());
        request.addProperty("outputs", task.getReturnOutputs());
        JsonArray inputs = new JsonArray();
        for (ModelInput input : task.getInputsList()) {
            JsonObject one = new JsonObject();
            one.addProperty("name", input.getName());
            JsonArray shape = new JsonArray();
            input.getShapeList().forEach(shape::add);
            one.add("shape", shape);
            Path file = work.resolve("input-" + inputs.size() + ".f32");
            Files.write(file, littleEndian(InputValues.of(input)));
            one.addProperty("file", file.toString());
            inputs.add(one);
        }
        request.add("inputs", inputs);
        Files.writeString(request(), request.toString());
    }

    private Path request() {
        return work.resolve("request.json");
    }

    private static byte[] littleEndian(FloatBuffer values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.remaining() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return bytes.array();
    }

    /** The command that measures. */
    public List<String> command(CommandRuntime runtime) {
        return CommandRuntime.filled(runtime.command(), values());
    }

    /** The command that prepares the model. */
    public List<String> prepare(CommandRuntime runtime) {
        return CommandRuntime.filled(runtime.prepare(), values());
    }

    private Map<String, String> values() {
        MeasureRules rules = task.getRules();
        Map<String, String> values = new LinkedHashMap<>();
        values.put("model", model().toString());
        values.put("prepared", prepared().toString());
        values.put("request", request().toString());
        values.put(REPORT, report().toString());
        values.put("threads", Integer.toString(task.getThreads()));
        values.put("seconds", seconds(rules.getSliceNanos()).toPlainString());
        values.put("whole-seconds", Long.toString(Math.max(1, (long) Math.ceil(rules.getSliceNanos() / NANOS))));
        values.put("warm-up-seconds", seconds(rules.getMinWarmupNanos()).toPlainString());
        values.put("warm-up-milliseconds", Long.toString((long) Math.ceil(rules.getMinWarmupNanos() / MILLI)));
        values.put("least-runs", Integer.toString(Math.max(1, rules.getMinSamples())));
        return values;
    }

    private static BigDecimal seconds(long nanos) {
        return BigDecimal.valueOf(nanos, 9).stripTrailingZeros();
    }
}
