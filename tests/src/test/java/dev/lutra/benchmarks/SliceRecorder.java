package dev.lutra.benchmarks;

import dev.lutra.agent.bench.Bench;
import dev.lutra.agent.bench.ProcessBench;
import dev.lutra.agent.device.SystemWatch;
import dev.lutra.agent.rounds.Rounds;
import dev.lutra.agent.sentinel.ReferenceLevels;
import dev.lutra.agent.sentinel.SentinelModel;
import dev.lutra.agent.statistics.Level;
import dev.lutra.agent.task.Job;
import dev.lutra.latency.SegmentCatalog;
import dev.lutra.lowering.Precision;
import dev.lutra.network.Network;
import dev.lutra.network.RandomWeights;
import dev.lutra.onnx.OnnxExporter;
import dev.lutra.onnx.OnnxOptions;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.Memory;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.Slice;
import dev.lutra.proto.Task;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/**
 * Records what an agent's slices and sentinels say on this machine, as it measures: test data for the estimator. Arguments: the file
 * to write, then phases, each TASKS:SECONDS, tasks in hand and how long they are measured; each phase begins at other tasks.
 * Models are segments and networks of two built-in spaces, from 0.03 to 10 ms here.
 *
 * <p>A line is a slice: phase, process, microseconds since the beginning, microseconds that it took, name of the task or sentinel,
 * {@link Level} and median in nanoseconds, how far its halves are apart, the share of time that its threads waited, samples.
 */
public final class SliceRecorder implements Bench {

    private static final int MOST_TASKS = 64;
    private static final MeasureRules WITHOUT_END = MeasureRules.newBuilder()
        .setMinWarmupRuns(3).setMinWarmupNanos(TimeUnit.MILLISECONDS.toNanos(30)).setMaxWarmupNanos(TimeUnit.MILLISECONDS.toNanos(400))
        .setMinSamples(15).setSliceNanos(TimeUnit.MILLISECONDS.toNanos(60)).setMaxMeasureNanos(TimeUnit.HOURS.toNanos(9))
        .setTargetRelativeHalfWidth(1e-9).setMinRounds(4).build();

    /** A model to be measured. */
    private record Model(String name, byte[] onnx, List<ModelInput> inputs) {}

    private final Bench bench = new ProcessBench(List.of());
    private final PrintWriter out;
    private final long beginNanos = System.nanoTime();
    private int phase;
    private int process;

    private SliceRecorder(PrintWriter out) {
        this.out = out;
    }

    public static void main(String[] arguments) throws Exception {
        List<Model> models = models();
        try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(Path.of(arguments[0])));
            SliceRecorder recorder = new SliceRecorder(out)) {
            for (int i = 1; i < arguments.length; i++) {
                String[] phase = arguments[i].split(":");
                recorder.record(i, models.subList(0, Integer.parseInt(phase[0])), TimeUnit.SECONDS.toNanos(Long.parseLong(phase[1])));
                Collections.rotate(models, -11);
            }
        }
    }

    /** In an order that mixes small and large ones. */
    private static List<Model> models() {
        List<Model> models = new ArrayList<>();
        for (String name : List.of("spos-shufflenetv2", "shufflenetv2-cifar")) {
            SearchSpace space = SpaceFile.load(name);
            SegmentCatalog.of(space).items().forEach(item -> models.add(model(item.key(), item.segment().asNetwork())));
            Random random = new Random(1);
            for (int i = 0; i < 10; i++) {
                models.add(model(name + i, space.build(space.random(random))));
            }
        }
        Collections.shuffle(models, new Random(2));
        return new ArrayList<>(models.subList(0, MOST_TASKS));
    }

    private static Model model(String name, Network network) {
        OnnxOptions options = new OnnxOptions(true, OptionalInt.of(1), Precision.FLOAT32, Map.of());
        List<ModelInput> inputs = new ArrayList<>();
        for (int i = 0; i < network.inputs().size(); i++) {
            ModelInput.Builder input = ModelInput.newBuilder().setName(network.inputs().size() == 1 ? "input" : "input" + i).setRandomSeed(i);
            for (long dim : network.inputs().get(i).shape().withBatch(1)) {
                input.addShape(dim);
            }
            inputs.add(input.build());
        }
        return new Model(name, OnnxExporter.export(network, new RandomWeights(1), options).toByteArray(), inputs);
    }

    private void record(int number, List<Model> models, long nanos) throws IOException, InterruptedException {
        phase = number;
        AtomicBoolean over = new AtomicBoolean();
        Path state = Files.createTempDirectory("recording");
        Rounds rounds = new Rounds(this, new ReferenceLevels(state), System::nanoTime, TimeUnit.NANOSECONDS::sleep, Clock.systemUTC(),
            new Random(number), new SystemWatch(), "recorder");
        for (Model model : models) {
            Task task = Task.newBuilder().setId(model.name()).setProvider("cpu").setThreads(1).setRules(WITHOUT_END)
                .addAllInputs(model.inputs()).build();
            rounds.admit(new Job(LeaseName.getDefaultInstance(), task, model.onnx(), over::get), 0);
        }
        long begin = System.nanoTime();
        while (System.nanoTime() - begin < nanos) {
            rounds.round((job, outcome) -> {
                throw new IllegalStateException(job.name() + " left: " + outcome);
            });
        }
        Files.delete(state); // a reference is established when a task leaves
        out.flush();
    }

    @Override
    public Slice slice(Task task, byte[] onnx, boolean keepOpen, BooleanSupplier abandoned) throws InterruptedException {
        long before = System.nanoTime();
        Slice slice = bench.slice(task, onnx, keepOpen, abandoned);
        long tookNanos = System.nanoTime() - before;
        String name = sentinel(onnx, task.getId());
        out.printf(Locale.ROOT, "%d\t%d\t%d\t%d\t%s\t%.1f\t%.1f\t%.4f\t%.4f\t%d%n", phase, process, (before - beginNanos) / 1000,
            tookNanos / 1000, name, Level.nanos(slice), Level.median(slice), Level.halvesApart(slice), Level.delayed(slice),
            slice.getSamplesNanosCount());
        return slice;
    }

    @Override
    public Optional<Memory> memory(Task task, byte[] onnx, BooleanSupplier abandoned) throws InterruptedException {
        return bench.memory(task, onnx, abandoned);
    }

    private static String sentinel(byte[] onnx, String otherwise) {
        for (SentinelModel model : SentinelModel.values()) {
            if (model.onnx() == onnx) {
                return model.name().toLowerCase(Locale.ROOT);
            }
        }
        return otherwise;
    }

    @Override
    public void renewForMemory() {
        bench.renewForMemory();
    }

    @Override
    public void renew() {
        bench.renew();
        process++;
    }

    @Override
    public void close() {
        bench.close();
    }
}
