package dev.lutra.benchmarks;

import ai.djl.Device;
import com.sun.management.OperatingSystemMXBean;
import dev.lutra.data.Batch;
import dev.lutra.network.Network;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.curriculum.Sampling.Moment;
import dev.lutra.supernet.curriculum.Sampling;
import dev.lutra.supernet.training.Learner;
import dev.lutra.supernet.training.TrainingSettings;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Supernet training steps on random images, for comparison with {@code tests/benchmarks/supernet_peer.py}, which does the
 * same in Python. Prints one line of JSON. Run by {@code tests/benchmarks/supernet.sh}.
 */
public final class SupernetSteps {

    private static final int CHANNELS = 3;

    private SupernetSteps() {}

    /** @param args space, batch, image size, warm-up steps, measured steps */
    public static void main(String[] args) {
        SearchSpace space = SpaceFile.load(args[0]);
        int batchSize = Integer.parseInt(args[1]);
        int imageSize = Integer.parseInt(args[2]);
        int warmUp = Integer.parseInt(args[3]);
        int measured = Integer.parseInt(args[4]);
        SearchSpace sized = space.withImageSize(imageSize);
        TrainingSettings settings = TrainingSettings.defaults();
        try (SupernetWeights weights = new SupernetWeights(1, Device.cpu());
            Learner learner = new Learner(weights, settings, false)) {
            Batch batch = randomBatch(batchSize, imageSize, sized.classes(), new Random(1));
            OperatingSystemMXBean process = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
            long start = 0;
            long cpuStart = 0;
            for (int step = 0; step < warmUp + measured; step++) {
                if (step == warmUp) {
                    start = System.nanoTime();
                    cpuStart = process.getProcessCpuTime();
                }
                List<Network> paths = Sampling.uniform().paths(Options.all(sized), Moment.of(1, step)).stream().map(sized::build).toList();
                learner.step(paths, batch, 0.01, step);
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            double cpuSeconds = (process.getProcessCpuTime() - cpuStart) / 1e9;
            System.out.printf(Locale.ROOT,
                "{\"peer\": \"lutra\", \"space\": \"%s\", \"images_per_second\": %.1f, \"images_per_cpu_second\": %.1f}%n",
                space.name(), batchSize * measured / seconds, batchSize * measured / cpuSeconds);
        }
    }

    private static Batch randomBatch(int size, int imageSize, int classes, Random random) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(size * imageSize * imageSize * CHANNELS * Float.BYTES)
            .order(ByteOrder.nativeOrder());
        while (bytes.hasRemaining()) {
            bytes.putFloat((float) random.nextGaussian());
        }
        bytes.flip();
        return new Batch(bytes, random.ints(size, 0, classes).toArray(), size, imageSize);
    }
}
