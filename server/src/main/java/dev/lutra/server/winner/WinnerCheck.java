package dev.lutra.server.winner;

import com.google.protobuf.ByteString;
import dev.lutra.data.Batch;
import dev.lutra.data.Batches;
import dev.lutra.data.ImageData;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.Prediction;
import dev.lutra.latency.correction.CorrectedLatency;
import dev.lutra.proto.Measured;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.ModelOutput;
import dev.lutra.proto.Task;
import dev.lutra.search.Candidate;
import dev.lutra.search.Measure;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.fleet.DeviceException;
import dev.lutra.server.profile.Profiler;
import dev.lutra.server.profile.RunFleet;
import dev.lutra.server.profile.TaskNames;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.evaluation.SubnetEvaluator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/** Has the targets' devices confirm exported winners. */
public final class WinnerCheck {

    /** Real images that the exported file and the supernet are compared on. */
    private static final int COMPARED_IMAGES = 8;

    private final Experiment experiment;
    private final SearchSpace space;
    private final WinnerExport files;
    private final Map<String, LatencyModel> models;
    private final String runId;

    /**
     * @param tables by device
     */
    public WinnerCheck(Experiment experiment, SearchSpace space, WinnerExport files, Map<String, LookupTable> tables, String runId) {
        this.experiment = experiment;
        this.space = space;
        this.files = files;
        models = tables.entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey, table -> new LatencyModel(table.getValue())));
        this.runId = runId;
    }

    /** Runs an exported winner on every target: first its numbers on real images, then its latency. */
    public Winner verify(int rank, Candidate candidate, SubnetEvaluator evaluator, ImageData data, RunFleet fleet) {
        List<Winner.Check> checks = new ArrayList<>();
        try (Batches images = data.validation().inOrder(COMPARED_IMAGES, COMPARED_IMAGES)) {
            Batch batch = images.next();
            for (Experiment.Target target : experiment.targets()) {
                float[] expected = evaluator.logits(candidate.architecture(), target.precision(), batch);
                checks.add(check(target, read(files.file(rank, target.precision())), batch, expected, candidate, fleet));
            }
        }
        return new Winner(candidate.architecture().toString(), WinnerExport.fileName(rank), candidate.measures().values(), checks);
    }

    private Winner.Check check(Experiment.Target target, byte[] model, Batch batch, float[] expected,
        Candidate candidate, RunFleet fleet) {
        String sha = fleet.putModel(model);
        String prefix = String.join("/", runId, "verify", target.device());
        String runtime = fleet.runtime(target.device());
        Task numbers = TaskNames.named(prefix, "numbers",
            task(target, sha, "numbers").addInputs(images(batch)).setReturnOutputs(true), runtime);
        Task latency = TaskNames.named(prefix, "latency",
            task(target, sha, "latency").addInputs(input(1).setRandomSeed(0)).setRules(Profiler.rules(experiment.profile(), target)), runtime);
        Map<String, Measured> outcomes = new HashMap<>();
        fleet.run(target.device(), List.of(numbers, latency),
            outcome -> outcomes.put(outcome.getTaskId(), Profiler.require(target, outcome.getTaskId(), outcome)));
        double difference = difference(outcomes.get(numbers.getId()).getOutputs(0), expected);
        var measured = outcomes.get(latency.getId()).getLatency();
        Prediction predicted = models.get(target.device()).predict(space.build(candidate.architecture()));
        return new Winner.Check(target.device(), predicted.nanos(), predicted.interval(), measured.getP50Nanos(), measured.getP90Nanos(),
            measured.getP99Nanos(), limit(Measure.latency(target.device())),
            predicted.p99().map(CorrectedLatency.Tail::nanos), limit(Measure.p99(target.device())),
            difference, difference <= Winner.tolerance(target.precision()));
    }

    private Optional<Long> limit(String measure) {
        OptionalDouble limit = experiment.limit(measure);
        return limit.isPresent() ? Optional.of(Math.round(limit.getAsDouble())) : Optional.empty();
    }

    private static Task.Builder task(Experiment.Target target, String sha, String what) {
        return Task.newBuilder()
            .setModelSha256(sha).setLabel(what)
            .setProvider(target.provider()).putAllProviderOptions(target.options()).setThreads(target.threads());
    }

    private ModelInput.Builder input(int batch) {
        ModelInput.Builder input = ModelInput.newBuilder().setName("input");
        for (long dim : space.input().withBatch(batch)) {
            input.addShape(dim);
        }
        return input;
    }

    /** The batch as the exported file takes it: N, C, H, W. */
    private ModelInput images(Batch batch) {
        int side = batch.imageSize();
        int channels = space.input().channels();
        FloatBuffer pixels = batch.pixels();
        ByteBuffer planes = ByteBuffer.allocate(batch.size() * channels * side * side * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int n = 0; n < batch.size(); n++) {
            for (int c = 0; c < channels; c++) {
                for (int i = 0; i < side * side; i++) {
                    planes.putFloat(pixels.get((n * side * side + i) * channels + c));
                }
            }
        }
        return input(batch.size()).setLittleEndianFloats(ByteString.copyFrom(planes.flip())).build();
    }

    /** Largest absolute difference, relative to the range of what is expected. */
    static double difference(ModelOutput output, float[] expected) {
        FloatBuffer values = output.getLittleEndianFloats().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
        if (values.remaining() != expected.length) {
            throw new DeviceException("the device gave " + values.remaining() + " outputs (expected: " + expected.length + ")");
        }
        float largest = 0;
        float low = Float.POSITIVE_INFINITY;
        float high = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < expected.length; i++) {
            float difference = Math.abs(values.get(i) - expected[i]);
            if (Float.isNaN(difference)) {
                return Double.POSITIVE_INFINITY;
            }
            largest = Math.max(largest, difference);
            low = Math.min(low, expected[i]);
            high = Math.max(high, expected[i]);
        }
        return largest / (double) (high - low);
    }

    private static byte[] read(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be read: " + e.getMessage(), e);
        }
    }
}
