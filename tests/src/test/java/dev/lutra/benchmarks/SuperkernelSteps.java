package dev.lutra.benchmarks;

import ai.djl.Device;
import com.sun.management.OperatingSystemMXBean;
import dev.lutra.data.Batches;
import dev.lutra.data.DataProgress;
import dev.lutra.data.DataSpec;
import dev.lutra.data.ImageData;
import dev.lutra.data.source.Source;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.table.EstimatedTable;
import dev.lutra.network.Network;
import dev.lutra.proto.Runtime;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.supernet.Relaxation;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.curriculum.Sampling.Moment;
import dev.lutra.supernet.curriculum.Sampling;
import dev.lutra.supernet.superkernel.RowLatencies;
import dev.lutra.supernet.superkernel.Superkernel;
import dev.lutra.supernet.superkernel.SuperkernelSampling;
import dev.lutra.supernet.training.Learner;
import dev.lutra.supernet.training.TrainingSettings;
import dev.lutra.yaml.LayeredSettings;
import dev.lutra.yaml.YamlNode;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What a step of superkernels costs beside one of a uniform path and one of the largest path as it is, in turns: each takes its batch
 * from the loader, augmented, as a training does. Prints one line of JSON a round, in seconds of the process's CPU time and by the
 * clock. Run by {@code tests/benchmarks/superkernel_steps.sh}.
 */
public final class SuperkernelSteps {

    private final OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private final SearchSpace space;
    private final ImageData data;
    private final int batch;
    private final int steps;
    private final Learner learner;
    private final Superkernel superkernel;
    private int epoch;
    private long step;

    private record Times(double cpu, double clock) {}

    private SuperkernelSteps(SearchSpace space, ImageData data, int batch, int steps, Learner learner, Superkernel superkernel) {
        this.space = space;
        this.data = data;
        this.batch = batch;
        this.steps = steps;
        this.learner = learner;
        this.superkernel = superkernel;
    }

    /** @param args space, images as an experiment names them, cache folder, batch, rounds, steps a round */
    public static void main(String[] args) {
        SearchSpace base = SpaceFile.load(args[0]);
        DataSpec spec = DataSpec.of(Source.parse(args[1], Path.of(".")), base.input().height(), 1);
        int batch = Integer.parseInt(args[3]);
        SuperkernelSampling kernels = SuperkernelSampling
            .of(new LayeredSettings(List.of(YamlNode.parse("settings", "{lambda: 0.01, warm-up: 0}"))));
        try (ImageData data = ImageData.open(spec, Path.of(args[2]), DataProgress.NONE);
            SupernetWeights weights = new SupernetWeights(1, Device.cpu());
            Learner learner = new Learner(weights, TrainingSettings.defaults(), true)) {
            SearchSpace space = base.withClasses(data.classes().size());
            LatencyModel model = new LatencyModel(EstimatedTable.of(space, dev.lutra.proto.Device.newBuilder().setName("any").build(),
                Runtime.newBuilder().setName("any").build(), "float32", 1));
            SuperkernelSteps bench = new SuperkernelSteps(space, data, batch, Integer.parseInt(args[5]), learner,
                new Superkernel(kernels, space, Map.of("any", RowLatencies.of(space, model)), Optional.empty()));
            bench.times(kernels, true);
            bench.times(Sampling.uniform(), false);
            for (int round = 0; round < Integer.parseInt(args[4]); round++) {
                Times learned = bench.times(kernels, true);
                Times uniform = bench.times(Sampling.uniform(), false);
                Times largest = bench.times(kernels, false);
                System.out.printf(Locale.ROOT, "{\"space\": \"%s\", \"cpu_to_uniform\": %.4f, \"clock_to_uniform\": %.4f, "
                    + "\"cpu_to_largest\": %.4f, \"images_a_cpu_second\": %.1f, \"images_a_second\": %.1f}%n", space.name(),
                    learned.cpu() / uniform.cpu(), learned.clock() / uniform.clock(), learned.cpu() / largest.cpu(),
                    bench.steps * batch / learned.cpu(), bench.steps * batch / learned.clock());
            }
        }
    }

    private Times times(Sampling sampling, boolean decides) {
        long clock = System.nanoTime();
        long cpu = system.getProcessCpuTime();
        int taken = 0;
        while (taken < steps) {
            try (Batches batches = data.train().shuffled(batch, 1, epoch++, 0)) {
                for (; taken < steps && batches.hasNext(); taken++) {
                    List<Network> paths = sampling.paths(Options.all(space), Moment.of(1, step)).stream().map(space::build).toList();
                    Relaxation relaxation = decides ? superkernel.at(1, step, Integer.MAX_VALUE) : Relaxation.NONE;
                    learner.step(paths, batches.next(), 0.001, 0, step++, relaxation);
                }
            }
        }
        return new Times((system.getProcessCpuTime() - cpu) / 1e9, (System.nanoTime() - clock) / 1e9);
    }
}
