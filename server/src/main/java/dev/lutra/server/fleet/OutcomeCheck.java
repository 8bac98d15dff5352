package dev.lutra.server.fleet;

import dev.lutra.InputException;
import dev.lutra.latency.LookupTable;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.proto.Circumstances;
import dev.lutra.proto.Device;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Energy;
import dev.lutra.proto.Measured;
import dev.lutra.proto.Memory;
import dev.lutra.proto.ModelOutput;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.Runtime;
import dev.lutra.proto.RuntimeOffer;
import dev.lutra.proto.Task;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.TensorShapeProto.Dimension;
import dev.lutra.proto.onnx.ValueInfoProto;
import dev.lutra.server.store.ModelStore;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Whether an outcome can be that of a task: of the runtime, provider and threads that it asked for, with figures in their ranges that
 * agree with each other, and outputs of the model's shapes. What a device says is checked where it comes in; a table that people buy
 * hardware by is no place to find out.
 *
 * @param runtimes that the device has offered; empty: it has told of none
 * @param models where the task's model is
 */
record OutcomeCheck(Task task, List<RuntimeOffer> runtimes, ModelStore models) {

    /** Quantiles and histograms are rounded. */
    private static final double ROUNDING = 1e-3;
    private static final double WORST_DRIFT = 1e6;
    private static final int LEAST_WINDOWS = 3;
    private static final int LONGEST_SOURCE = 1000;
    private static final long MOST_BYTES = LookupTable.MOST_BYTES;

    /**
     * Whether an outcome stays for good: a failure, a figure that its rules would have more precise, or one that is missing though the
     * device tells it by now, is looked for again.
     */
    static boolean isFinal(Task task, Outcome outcome, Device device) {
        boolean aimsAtPrecision = task.hasRules() && !task.hasLoad() && !task.hasBudget();
        Measured measured = outcome.getMeasured();
        return outcome.hasMeasured() && (!aimsAtPrecision || measured.getCircumstances().getConverged())
            && !(task.getMemory() && !measured.hasMemory() && ToldFigures.memory(device, task.getProvider()))
            && !(task.getEnergy() && !measured.hasEnergy() && ToldFigures.energyUntold(device, task.getProvider()).isEmpty());
    }

    /** @throws InputException saying which figure cannot be, and what was expected */
    void check(Outcome outcome) {
        if (outcome.hasMeasured()) {
            Measured measured = outcome.getMeasured();
            checkRuntime(measured.getRuntime());
            require(measured.hasLatency() == task.hasRules(), "latency", measured.hasLatency() ? "given" : "missing",
                task.hasRules() ? "one, as the task asks" : "none, for the task asks for outputs only");
            if (measured.hasLatency()) {
                checkLatency(measured.getLatency());
                checkCircumstances(measured.getCircumstances(), measured.getLatency());
            }
            checkMemory(measured);
            checkEnergy(measured);
            checkOutputs(measured.getOutputsList());
        }
    }

    private void checkRuntime(Runtime runtime) {
        String shown = runtime.getName() + " " + runtime.getVersion();
        require(runtimes.isEmpty() || runtimes.stream().anyMatch(offer -> shown.equals(offer.getName() + " " + offer.getVersion())),
            "runtime", shown, "one that the device has offered");
        require(runtime.getProvider().equals(task.getProvider()), "runtime.provider", runtime.getProvider(), task.getProvider());
        require(runtime.getThreads() == task.getThreads(), "runtime.threads", runtime.getThreads(), task.getThreads());
        require(runtime.getProviderOptionsMap().equals(task.getProviderOptionsMap()), "runtime.provider_options",
            runtime.getProviderOptionsMap(), task.getProviderOptionsMap());
    }

    private static void checkLatency(Distribution latency) {
        require(latency.getSamples() > 0, "latency.samples", latency.getSamples(), "more than 0");
        require(latency.getMinNanos() >= 0, "latency.min_nanos", latency.getMinNanos(), "not negative");
        require(latency.getP50Nanos() > 0, "latency.p50_nanos", latency.getP50Nanos(), "more than 0");
        require(latency.getMeanNanos() > 0 && Double.isFinite(latency.getMeanNanos()), "latency.mean_nanos", latency.getMeanNanos(),
            "more than 0");
        require(latency.getDeviationNanos() >= 0 && Double.isFinite(latency.getDeviationNanos()), "latency.deviation_nanos",
            latency.getDeviationNanos(), "not negative");
        long[] quantiles = {latency.getMinNanos(), latency.getP50Nanos(), latency.getP90Nanos(), latency.getP99Nanos(),
            latency.getP999Nanos(), latency.getMaxNanos()};
        String[] names = {"min_nanos", "p50_nanos", "p90_nanos", "p99_nanos", "p999_nanos", "max_nanos"};
        for (int i = 1, below = 0; i < quantiles.length; i++) {
            boolean isTold = quantiles[i] != 0 || i == quantiles.length - 1;
            require(!isTold || quantiles[i] >= quantiles[below], "latency." + names[i], quantiles[i],
                "at least " + names[below] + ", " + quantiles[below]);
            below = isTold ? i : below;
        }
        require(latency.getMeanNanos() >= latency.getMinNanos() * (1 - ROUNDING) - 1
            && latency.getMeanNanos() <= latency.getMaxNanos() * (1 + ROUNDING) + 1, "latency.mean_nanos", latency.getMeanNanos(),
            "between " + latency.getMinNanos() + " and " + latency.getMaxNanos());
        require(latency.getRelativeHalfWidth() > 0, "latency.relative_half_width", latency.getRelativeHalfWidth(),
            "more than 0, infinite where it is not known");
        require(latency.getBetweenRunsHalfWidth() >= 0, "latency.between_runs_half_width", latency.getBetweenRunsHalfWidth(),
            "not negative");
        long counted = HistogramCounts.of(latency.getHistogram());
        require(counted == latency.getSamples(), "latency.histogram", counted + " samples", latency.getSamples());
    }

    private void checkCircumstances(Circumstances how, Distribution latency) {
        require(how.getRules().equals(task.getRules()), "circumstances.rules", "others", "those of the task");
        require(how.getRounds() > 0, "circumstances.rounds", how.getRounds(), "more than 0");
        // the calmer half of the rounds gives the samples, each at least one
        require(latency.getSamples() >= (how.getRounds() + 1) / 2, "latency.samples", latency.getSamples(),
            "at least one for every second of " + how.getRounds() + " rounds");
        require(LongStream.of(how.getDisturbedRounds(), how.getWarmupRuns(), how.getWarmupNanos(), how.getSentinelNanos(),
            how.getSentinelReferenceNanos(), how.getCoreSentinelNanos(), how.getCoreSentinelReferenceNanos(),
            how.getClockOverheadNanos(), how.getSessionNanos(), how.getSamplingNanos()).allMatch(value -> value >= 0), "circumstances",
            "a negative count or time",
            "none");
        require(how.getDrift() >= 0 && how.getDrift() < WORST_DRIFT, "circumstances.drift", how.getDrift(), "finite, not negative");
        if (how.getConverged() && !task.hasLoad()) {
            double target = task.getRules().getTargetRelativeHalfWidth();
            require(how.getRounds() >= task.getRules().getMinRounds(), "circumstances.rounds", how.getRounds(),
                "at least " + task.getRules().getMinRounds() + " of what has converged");
            require(latency.getRelativeHalfWidth() <= target * (1 + ROUNDING), "latency.relative_half_width",
                latency.getRelativeHalfWidth(), "at most " + target + " of what has converged");
        }
    }

    private void checkMemory(Measured measured) {
        if (!measured.hasMemory()) {
            return;
        }
        require(task.getMemory(), "memory", "given", "none, for the task does not ask");
        Memory memory = measured.getMemory();
        require(memory.getPeakBytes() > 0 && memory.getPeakBytes() <= MOST_BYTES, "memory.peak_bytes", memory.getPeakBytes(),
            "1 to " + MOST_BYTES);
        require(memory.getRunningBytes() >= 0 && memory.getRunningBytes() <= memory.getPeakBytes(), "memory.running_bytes",
            memory.getRunningBytes(), "0 to peak_bytes, " + memory.getPeakBytes());
    }

    private void checkEnergy(Measured measured) {
        if (!measured.hasEnergy()) {
            return;
        }
        require(task.getEnergy(), "energy", "given", "none, for the task does not ask");
        Energy energy = measured.getEnergy();
        requireFigure("energy.nanojoules", energy.getNanojoules());
        requireFigure("energy.half_width_nanojoules", energy.getHalfWidthNanojoules());
        requireFigure("energy.idle_watts", energy.getIdleWatts());
        requireFigure("energy.idle_half_width_watts", energy.getIdleHalfWidthWatts());
        require(energy.getWindows() >= LEAST_WINDOWS, "energy.windows", energy.getWindows(), "at least " + LEAST_WINDOWS);
        require(!energy.getSource().isBlank() && energy.getSource().length() <= LONGEST_SOURCE, "energy.source",
            energy.getSource().length() + " characters", "1 to " + LONGEST_SOURCE);
    }

    private static void requireFigure(String what, double value) {
        require(value >= 0 && value <= LookupTable.MOST_NANOJOULES, what, value, "0 to " + LookupTable.MOST_NANOJOULES);
    }

    private void checkOutputs(List<ModelOutput> outputs) {
        require(task.getReturnOutputs() || outputs.isEmpty(), "outputs", outputs.size(), "none, for the task asks for none");
        for (ModelOutput output : outputs) {
            long elements = elements(output);
            require(elements * Float.BYTES == output.getLittleEndianFloats().size(), "output " + output.getName(),
                output.getLittleEndianFloats().size() + " bytes", elements + " floats, as its shape " + output.getShapeList() + " says");
        }
        if (task.getReturnOutputs()) {
            GraphProto graph = OnnxFile.read(models.find(task.getModelSha256()).orElseThrow(
                () -> new InputException("model " + task.getModelSha256() + " is not stored"))).getGraph();
            checkShapes(graph, outputs);
        }
    }

    private static long elements(ModelOutput output) {
        long elements = 1;
        for (long dimension : output.getShapeList()) {
            require(dimension >= 0 && dimension <= Integer.MAX_VALUE && elements * dimension <= Integer.MAX_VALUE,
                "output " + output.getName(), "shape " + output.getShapeList(), "one that fits in a message");
            elements *= dimension;
        }
        return elements;
    }

    private void checkShapes(GraphProto graph, List<ModelOutput> outputs) {
        List<String> expected = graph.getOutputList().stream().map(ValueInfoProto::getName).toList();
        List<String> given = outputs.stream().map(ModelOutput::getName).toList();
        require(given.equals(expected), "outputs", given, expected);
        Map<String, Long> named = namedDimensions(graph);
        for (int i = 0; i < outputs.size(); i++) {
            List<Dimension> dimensions = graph.getOutput(i).getType().getTensorType().getShape().getDimList();
            List<Long> shape = outputs.get(i).getShapeList();
            boolean fits = !graph.getOutput(i).getType().getTensorType().hasShape() || dimensions.size() == shape.size()
                && IntStream.range(0, shape.size()).allMatch(axis -> fits(dimensions.get(axis), shape.get(axis), named));
            require(fits, "output " + given.get(i), "shape " + shape, dimensions.stream().map(OutcomeCheck::shown).toList());
        }
    }

    /** What the inputs that the task gives make of the model's dimensions with names. */
    private Map<String, Long> namedDimensions(GraphProto graph) {
        Map<String, Long> named = new HashMap<>();
        graph.getInputList().forEach(input -> task.getInputsList().stream().filter(given -> given.getName().equals(input.getName()))
            .forEach(given -> {
                List<Dimension> dimensions = input.getType().getTensorType().getShape().getDimList();
                for (int axis = 0; axis < Math.min(dimensions.size(), given.getShapeCount()); axis++) {
                    named.put(dimensions.get(axis).getDimParam(), given.getShape(axis));
                }
            }));
        return named;
    }

    private static boolean fits(Dimension dimension, long size, Map<String, Long> named) {
        long expected = dimension.hasDimValue() ? dimension.getDimValue() : named.getOrDefault(dimension.getDimParam(), size);
        return size == expected;
    }

    private static String shown(Dimension dimension) {
        return dimension.hasDimValue() ? Long.toString(dimension.getDimValue()) : dimension.getDimParam();
    }

    private static void require(boolean holds, String what, Object found, Object expected) {
        if (!holds) {
            throw new InputException(what + ": " + found + " (expected: " + expected + ")");
        }
    }
}
