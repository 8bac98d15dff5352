package dev.lutra.benchmarks;

import ai.djl.Device;
import dev.lutra.cost.Cost;
import dev.lutra.data.Batches;
import dev.lutra.data.DataProgress;
import dev.lutra.data.DataSpec;
import dev.lutra.data.ImageData;
import dev.lutra.data.source.Source;
import dev.lutra.network.Network;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.curriculum.Sampling.Moment;
import dev.lutra.supernet.curriculum.Sampling;
import dev.lutra.supernet.curriculum.Samplings;
import dev.lutra.supernet.training.Learner;
import dev.lutra.supernet.training.TrainingSettings;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * What a fair step of m paths costs, beside m uniform steps, in turns: each step takes its batch from the loader, augmented, as a
 * training does. Prints one line of JSON a round. Run by {@code tests/benchmarks/fair.sh}.
 */
public final class FairSteps {

    private final SearchSpace space;
    private final ImageData data;
    private final int batch;
    private final Learner learner;
    private int epoch;
    private long step;
    private long macs;

    private FairSteps(SearchSpace space, ImageData data, int batch, Learner learner) {
        this.space = space;
        this.data = data;
        this.batch = batch;
        this.learner = learner;
    }

    /** @param args space, images as an experiment names them, cache folder, batch, rounds, fair steps a round */
    public static void main(String[] args) {
        SearchSpace base = SpaceFile.load(args[0]);
        DataSpec spec = DataSpec.of(Source.parse(args[1], Path.of(".")), base.input().height(), 1);
        int batch = Integer.parseInt(args[3]);
        int rounds = Integer.parseInt(args[4]);
        int steps = Integer.parseInt(args[5]);
        try (ImageData data = ImageData.open(spec, Path.of(args[2]), DataProgress.NONE);
            SupernetWeights weights = new SupernetWeights(1, Device.cpu());
            Learner learner = new Learner(weights, TrainingSettings.defaults(), false)) {
            SearchSpace space = base.withClasses(data.classes().size());
            FairSteps bench = new FairSteps(space, data, batch, learner);
            Sampling fair = Samplings.ALL.usual("fair");
            int paths = fair.paths(Options.all(space), Moment.of(1, 0)).size();
            bench.nanos(fair, 2);
            bench.nanos(Sampling.uniform(), 2 * paths);
            for (int round = 0; round < rounds; round++) {
                long fairNanos = bench.nanos(fair, steps);
                double fairMacs = bench.macs;
                long uniformNanos = bench.nanos(Sampling.uniform(), steps * paths);
                System.out.printf(Locale.ROOT, "{\"space\": \"%s\", \"paths\": %d, \"fair_seconds\": %.3f, \"uniform_seconds\": %.3f, "
                    + "\"ratio\": %.4f, \"ratio_of_equal_macs\": %.4f}%n", space.name(), paths, fairNanos / 1e9, uniformNanos / 1e9,
                    (double) fairNanos / uniformNanos, fairNanos / fairMacs / (uniformNanos / (double) bench.macs));
            }
        }
    }

    /** Time of so many steps; their MACs are kept. */
    private long nanos(Sampling sampling, int steps) {
        macs = 0;
        long start = System.nanoTime();
        int taken = 0;
        while (taken < steps) {
            try (Batches batches = data.train().shuffled(batch, 1, epoch++, 0)) {
                for (; taken < steps && batches.hasNext(); taken++) {
                    List<Network> paths = sampling.paths(Options.all(space), Moment.of(1, step)).stream().map(space::build).toList();
                    macs += paths.stream().mapToLong(path -> Cost.of(path).macs()).sum();
                    learner.step(paths, batches.next(), 0.001, step++);
                }
            }
        }
        return System.nanoTime() - start;
    }
}
