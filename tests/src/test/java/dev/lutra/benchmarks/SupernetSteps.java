package dev.lutra.benchmarks;

import ai.djl.Device;
import dev.lutra.data.Batch;
import dev.lutra.data.Batches;
import dev.lutra.data.DataProgress;
import dev.lutra.data.DataSpec;
import dev.lutra.data.ImageData;
import dev.lutra.data.source.Source;
import dev.lutra.network.Network;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.training.Learner;
import dev.lutra.supernet.training.TrainingSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Supernet training steps along a list of paths, for comparison with {@code tests/benchmarks/supernet_peer.py}, which does the same in
 * Python. Prints one line of JSON. Run by {@code tests/benchmarks/supernet.sh}.
 */
public final class SupernetSteps {

    private static final int CHANNELS = 3;
    private static final int CLASSES = 10;
    private static final int IMAGES_A_CLASS = 500;

    /** Gives a batch for every step. */
    private interface Feed extends AutoCloseable {
        Batch next();

        @Override
        void close();
    }

    private SupernetSteps() {}

    /**
     * @param args space, batch, image size, how many of the listed paths (the last ones) are timed, file of paths, {@code augmented} for
     *     images as a training reads them or {@code fixed} for one random batch; and {@code alone} where the path, always the same, is of a
     *     network by itself, which learns its batch norm too
     */
    public static void main(String[] args) throws IOException {
        int batchSize = Integer.parseInt(args[1]);
        int imageSize = Integer.parseInt(args[2]);
        int timed = Integer.parseInt(args[3]);
        SearchSpace space = SpaceFile.load(args[0]).withImageSize(imageSize);
        List<Network> paths = Files.readAllLines(Path.of(args[4])).stream().map(space::parse).map(space::build).toList();
        long start = 0;
        long waited = 0;
        try (SupernetWeights weights = new SupernetWeights(1, Device.cpu());
            Learner learner = new Learner(weights, TrainingSettings.defaults(), args.length > 6);
            Feed feed = args[5].equals("fixed") ? fixed(batchSize, imageSize, space.classes()) : augmented(batchSize, imageSize)) {
            for (int step = 0; step < paths.size(); step++) {
                if (step == paths.size() - timed) {
                    start = System.nanoTime();
                    waited = 0;
                }
                long before = System.nanoTime();
                Batch batch = feed.next();
                waited += System.nanoTime() - before;
                learner.step(List.of(paths.get(step)), batch, 0.01, step);
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            System.out.printf(Locale.ROOT,
                "{\"peer\": \"lutra\", \"space\": \"%s\", \"images_per_second\": %.1f, \"wait_share\": %.4f, \"peak_mib\": %.1f}%n",
                space.name(), batchSize * timed / seconds, waited / 1e9 / seconds, peakMib());
        }
    }

    private static Feed fixed(int size, int imageSize, int classes) {
        Random random = new Random(1);
        ByteBuffer bytes = ByteBuffer.allocateDirect(size * imageSize * imageSize * CHANNELS * Float.BYTES)
            .order(ByteOrder.nativeOrder());
        while (bytes.hasRemaining()) {
            bytes.putFloat((float) random.nextGaussian());
        }
        bytes.flip();
        Batch batch = new Batch(bytes, random.ints(size, 0, classes).toArray(), size, imageSize);
        return new Feed() {
            @Override
            public Batch next() {
                return batch;
            }

            @Override
            public void close() {
                // The batch is garbage then.
            }
        };
    }

    /** Epochs one after the other. */
    private static Feed augmented(int size, int imageSize) throws IOException {
        Path cache = Files.createTempDirectory("supernet-steps");
        ImageData data = ImageData.open(DataSpec.of(new Source.Synthetic(CLASSES, IMAGES_A_CLASS), imageSize, 1), cache, DataProgress.NONE);
        return new Feed() {
            private int epoch;
            private Batches batches = data.train().shuffled(size, 1, epoch, 0);

            @Override
            public Batch next() {
                if (!batches.hasNext()) {
                    batches.close();
                    batches = data.train().shuffled(size, 1, ++epoch, 0);
                }
                return batches.next();
            }

            @Override
            public void close() {
                batches.close();
                data.close();
                cache.toFile().deleteOnExit();
                for (java.io.File file : cache.toFile().listFiles()) {
                    file.delete();
                }
            }
        };
    }

    /** The largest resident memory so far, as Linux tells. */
    private static double peakMib() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream().filter(line -> line.startsWith("VmHWM:"))
            .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) / 1024).findFirst().orElseThrow();
    }
}
