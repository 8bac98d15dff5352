package dev.lutra.supernet;

import ai.djl.engine.Engine;
import dev.lutra.data.Batch;
import dev.lutra.data.Batches;
import dev.lutra.data.ImageData;
import dev.lutra.network.Network;
import dev.lutra.space.SearchSpace;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Trains the weights of a space, epoch by epoch. After every epoch a checkpoint is written; training that was cut off goes on
 * from the last one and ends with the same weights, because paths, images, augmentation and dropout follow from the seed and
 * the number of the step alone.
 */
public final class Trainer {

    /** Random subnets whose accuracy goes into the curve after each epoch, and the images they are judged on. */
    private static final int WATCHED_SUBNETS = 2;
    private static final int WATCHED_IMAGES = 1000;
    private static final int CALIBRATION_IMAGES = 512;

    private final SearchSpace space;
    private final ImageData data;
    private final TrainingSettings settings;
    private final Path file;

    /**
     * @param data whose classes are those of {@code space}
     * @param checkpoint file to write, and to go on from
     */
    public Trainer(SearchSpace space, ImageData data, TrainingSettings settings, Path checkpoint) {
        this.space = space;
        this.data = data;
        this.settings = settings;
        this.file = checkpoint;
    }

    /** What the weights depend on. */
    private Map<String, String> identity() {
        Map<String, String> identity = new LinkedHashMap<>();
        identity.put("lutra.space", space.name());
        identity.put("lutra.classes", Integer.toString(space.classes()));
        identity.put("lutra.input", space.input().toString());
        identity.put("lutra.data.hash", data.hash());
        identity.put("lutra.training", settings.toString());
        return identity;
    }

    /** Whether the checkpoint is that of a finished training. */
    public boolean isFinished() {
        try (SupernetWeights weights = newWeights()) {
            return Checkpoint.read(file, identity(), weights).map(c -> c.curve().size() == settings.epochs()).orElse(false);
        }
    }

    private SupernetWeights newWeights() {
        return new SupernetWeights(settings.seed(), Engine.getInstance().defaultDevice());
    }

    /**
     * Trains to the end, from the checkpoint if there is one.
     *
     * @return the trained weights; the caller closes them
     * @throws dev.lutra.InputException if the checkpoint is of another space, data or settings
     * @throws TrainingDivergedException if the loss is no longer a number
     */
    public Trained train(TrainingListener listener) {
        SupernetWeights weights = newWeights();
        try {
            Checkpoint checkpoint = Checkpoint.read(file, identity(), weights).orElse(new Checkpoint(identity(), List.of()));
            boolean learnsBatchNorm = space.learnsBatchNorm() || !settings.sampling().sharesWeights();
            List<EpochSummary> curve = new ArrayList<>(checkpoint.curve());
            try (Learner learner = new Learner(weights, settings, learnsBatchNorm)) {
                while (curve.size() < settings.epochs()) {
                    curve.add(epoch(curve.size(), learner, weights, listener));
                    new Checkpoint(identity(), curve).write(file, weights);
                    listener.epoch(curve.get(curve.size() - 1));
                }
            }
            return new Trained(weights, List.copyOf(curve));
        } catch (RuntimeException e) {
            weights.close();
            throw e;
        }
    }

    /**
     * A finished training.
     *
     * @param curve one point an epoch
     */
    public record Trained(SupernetWeights weights, List<EpochSummary> curve) implements AutoCloseable {
        @Override
        public void close() {
            weights.close();
        }
    }

    private EpochSummary epoch(int epoch, Learner learner, SupernetWeights weights, TrainingListener listener) {
        int perEpoch = data.train().batchesPerEpoch(settings.batch());
        long steps = (long) perEpoch * settings.epochs();
        double loss = 0;
        long correct = 0;
        long predictions = 0;
        try (Batches batches = data.train().shuffled(settings.batch(), settings.seed(), epoch, 0)) {
            for (long step = (long) epoch * perEpoch; batches.hasNext(); step++) {
                Batch batch = batches.next();
                List<Network> paths = settings.sampling().paths(space, settings.seed(), step).stream().map(space::build).toList();
                double rate = settings.learningRate(step, steps);
                Learner.Step done = learner.step(paths, batch, rate, StepSeed.of(settings.seed(), step, StepSeed.DROPOUT));
                if (!Double.isFinite(done.loss())) {
                    throw new TrainingDivergedException(step, rate, done.loss());
                }
                loss += done.loss() / paths.size() / perEpoch;
                correct += done.correct();
                predictions += (long) batch.size() * paths.size();
                listener.step(step + 1, steps, batch.size(), done.loss() / paths.size());
            }
        }
        return new EpochSummary(epoch + 1, loss, (double) correct / predictions, watch(epoch, weights));
    }

    private double watch(int epoch, SupernetWeights weights) {
        SplittableRandom random = new SplittableRandom(StepSeed.of(settings.seed(), epoch, StepSeed.WATCHED));
        try (SubnetEvaluator evaluator = new SubnetEvaluator(space, weights, data, CALIBRATION_IMAGES, WATCHED_IMAGES)) {
            double sum = 0;
            for (int i = 0; i < WATCHED_SUBNETS; i++) {
                sum += evaluator.accuracy(settings.sampling().sharesWeights() ? space.random(random)
                    : settings.sampling().paths(space, settings.seed(), 0).get(0));
            }
            return sum / WATCHED_SUBNETS;
        }
    }
}
