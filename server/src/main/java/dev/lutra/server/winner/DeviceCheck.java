package dev.lutra.server.winner;

import com.google.protobuf.ByteString;
import dev.lutra.ImageSize;
import dev.lutra.data.Batch;
import dev.lutra.lowering.Precision;
import dev.lutra.network.Network;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.onnx.deploy.DetectorHead;
import dev.lutra.onnx.deploy.HeadFile;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Measured;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.ModelOutput;
import dev.lutra.proto.Sharing;
import dev.lutra.proto.Task;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.search.Measure;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.fleet.DeviceException;
import dev.lutra.server.outcome.InIntegers;
import dev.lutra.server.predictor.DeployedOutputs;
import dev.lutra.server.profile.Profiler;
import dev.lutra.server.profile.RunFleet;
import dev.lutra.server.profile.TaskNames;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/** Has the targets' devices run exported files: first their numbers on real images, then their latency. */
public final class DeviceCheck {

    /** Real images that an exported file and what it was exported from are compared on. */
    public static final int COMPARED_IMAGES = 8;

    private static final int CHANNELS = 3;

    private final Experiment experiment;
    private final String runId;
    private final RunFleet fleet;

    /**
     * What a device said of a file.
     *
     * @param measured its latency, and its memory where the device tells it
     * @param difference largest difference of the outputs from those expected, relative to their range
     */
    public record Observed(Measured measured, double difference) {}

    public DeviceCheck(Experiment experiment, String runId, RunFleet fleet) {
        this.experiment = experiment;
        this.runId = runId;
        this.fleet = fleet;
    }

    /**
     * Runs a network on a target: its own file, and where the experiment has a head that with the head, which is then what is timed.
     *
     * @param file of the network, in the target's precision
     * @param network that it was written from
     * @param images to compare on
     * @param expected outputs for them, in the target's precision
     */
    public Observed observe(Experiment.Target target, Path file, Network network, Batch images, float[] expected) {
        Optional<DetectorHead> head = experiment.export().head().map(HeadFile::read);
        if (head.isEmpty()) {
            return observe(target, file, images, List.of(expected));
        }
        DeployedOutputs.Detected wanted = DeployedOutputs.ofHead(OnnxFile.read(file), head.get(), network, images);
        double ofNetwork = numbers(target, file, images, List.of(expected));
        Observed whole = observe(target, DeployedFiles.file(file, DetectorHead.NAME), wanted.images(), wanted.outputs());
        return new Observed(whole.measured(), Math.max(ofNetwork, whole.difference()));
    }

    private double numbers(Experiment.Target target, Path file, Batch images, List<float[]> expected) {
        Task numbers = numbersTask(target, fleet.putModel(read(file)), images);
        Map<String, Measured> outcomes = new HashMap<>();
        fleet.run(target.device(), List.of(numbers),
            outcome -> outcomes.put(outcome.getTaskId(), Profiler.require(target, outcome.getTaskId(), outcome)));
        return difference(outcomes.get(numbers.getId()), expected);
    }

    private Task numbersTask(Experiment.Target target, String sha, Batch images) {
        return TaskNames.named(String.join("/", runId, "verify", target.device()), "numbers",
            numbers(target, sha).addInputs(real(images)).setReturnOutputs(true),
            fleet.runtime(target.device(), fleet.providerOfOutputs(target.device(), target.provider())));
    }

    /**
     * Runs a file on a target, whatever it was written for.
     *
     * @param expected its outputs for the images, in its order
     */
    public Observed observe(Experiment.Target target, Path file, Batch images, List<float[]> expected) {
        String sha = fleet.putModel(read(file));
        Task numbers = numbersTask(target, sha, images);
        Task latency = latency(target, sha, new ImageSize(images.height(), images.width()));
        Map<String, Measured> outcomes = new HashMap<>();
        fleet.run(target.device(), List.of(numbers, latency),
            outcome -> outcomes.put(outcome.getTaskId(), Profiler.require(target, outcome.getTaskId(), outcome)));
        return new Observed(outcomes.get(latency.getId()), difference(outcomes.get(numbers.getId()), expected));
    }

    /**
     * Runs a network's file in 8-bit integers on a target.
     *
     * @param expected outputs of the network in integers for the images
     */
    public InIntegers inIntegers(Experiment.Target target, WinnerExport.IntegerFile file, Batch images, float[] expected) {
        Observed observed = observe(target, file.file(), images, List.of(expected));
        return new InIntegers(observed.measured().getLatency().getP50Nanos(), observed.difference(),
            observed.difference() <= Winner.tolerance(Precision.FLOAT32, file.subnet().network()));
    }

    /**
     * Times a file on a target.
     *
     * @param size of its images
     */
    public Distribution time(Experiment.Target target, Path file, ImageSize size) {
        Distribution[] timed = new Distribution[1];
        fleet.run(target.device(), List.of(latency(target, fleet.putModel(read(file)), size)),
            outcome -> timed[0] = Profiler.require(target, outcome.getTaskId(), outcome).getLatency());
        return timed[0];
    }

    private Task latency(Experiment.Target target, String sha, ImageSize size) {
        return TaskNames.named(String.join("/", runId, "verify", target.device()), "latency",
            task(target, sha, "latency").setMemory(true).setSharing(Sharing.ANEW)
                .setEnergy(experiment.asks(Measure.energy(target.device()))).addInputs(input(target.batch(), size).setRandomSeed(0))
                .setRules(Profiler.rules(experiment, target)),
            fleet.runtime(target.device(), target.provider()));
    }

    /** The experiment's upper bound on a measure, in whole nanoseconds, bytes or nanojoules. */
    public Optional<Long> limit(String measure) {
        OptionalDouble limit = experiment.limit(measure);
        return limit.isPresent() ? Optional.of(Math.round(limit.getAsDouble())) : Optional.empty();
    }

    /** Whether what was measured keeps the limits of a target; one on a figure that nobody could tell is not kept. */
    public boolean isWithinLimits(Experiment.Target target, Measured measured) {
        return isWithin(Measure.latency(target.device()), measured.getLatency().getP50Nanos())
            && isWithin(Measure.p99(target.device()), measured.getLatency().getP99Nanos())
            && isWithin(Measure.energy(target.device()), WinnerCheck.nanojoules(measured))
            && isWithin(Measure.memory(target.device()), measured.getMemory().getPeakBytes());
    }

    private boolean isWithin(String measure, long value) {
        return limit(measure).map(limit -> value > 0 && value <= limit).orElse(true);
    }

    private static Task.Builder task(Experiment.Target target, String sha, String what) {
        return Task.newBuilder()
            .setModelSha256(sha).setLabel(what)
            .setProvider(target.provider()).putAllProviderOptions(target.options()).setThreads(target.threads());
    }

    /** Where the target's runtime only times models, the CPU's says what the file computes. */
    private Task.Builder numbers(Experiment.Target target, String sha) {
        String provider = fleet.providerOfOutputs(target.device(), target.provider());
        Task.Builder task = task(target, sha, "numbers");
        return provider.equals(target.provider()) ? task : task.setProvider(provider).clearProviderOptions();
    }

    private static ModelInput.Builder input(int batch, ImageSize size) {
        return ModelInput.newBuilder().setName("input").addShape(batch).addShape(CHANNELS).addShape(size.height()).addShape(size.width());
    }

    private static ModelInput real(Batch images) {
        return input(images.size(), new ImageSize(images.height(), images.width())).setLittleEndianFloats(ByteString.copyFrom(images.planes()))
            .build();
    }

    /** The largest of those of all outputs. */
    private static double difference(Measured measured, List<float[]> expected) {
        if (measured.getOutputsCount() != expected.size()) {
            throw new DeviceException("the device gave " + measured.getOutputsCount() + " outputs (expected: " + expected.size() + ")");
        }
        return IntStream.range(0, expected.size()).mapToDouble(i -> difference(measured.getOutputs(i), expected.get(i))).max().orElseThrow();
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
        return largest / (double) (high > low ? high - low : 1);
    }

    private static byte[] read(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be read: " + FileTrouble.reason(e), e);
        }
    }
}
