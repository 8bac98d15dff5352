package dev.lutra.supernet.training;

import ai.djl.Device;
import ai.djl.engine.Engine;
import dev.lutra.InputException;
import dev.lutra.data.Batch;
import dev.lutra.data.Batches;
import dev.lutra.data.ImageData;
import dev.lutra.identity.NamedValues;
import dev.lutra.network.Network;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.IntraOpThreads;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.training.TrainingListener.Progress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Trains the shared weights of a space, or with {@link Sampling#fixed} one network. Everything random follows from the
 * seed and the step, and a checkpoint closes every epoch: a training that was killed continues from the last one and ends
 * with the same weights, to the bit, as one that was not (same machine, device and number of threads).
 *
 * <p>libtorch computes with the threads that the system property {@code ai.djl.pytorch.num_threads} says, whatever is evaluated in
 * between.
 */
public final class Trainer {

    private static final int CURVE_POINTS_PER_EPOCH = 10;

    private final SearchSpace space;
    private final ImageData data;
    private final TrainingSettings settings;
    private final Path checkpointFile;
    private final Device device;

    /** On the fastest device there is: the first GPU, or the CPU. */
    public Trainer(SearchSpace space, ImageData data, TrainingSettings settings, Path checkpointFile) {
        this(space, data, settings, checkpointFile, Engine.getInstance().defaultDevice());
    }

    /**
     * @param checkpointFile read if it is there, written at the end of every epoch
     * @throws InputException if the space and the data do not agree
     */
    public Trainer(SearchSpace space, ImageData data, TrainingSettings settings, Path checkpointFile, Device device) {
        if (space.classes() != data.classes().size()) {
            throw new InputException(space.name() + ": " + space.classes() + " classes (expected: " + data.classes().size()
                + ", as the images have)");
        }
        this.space = space;
        this.data = data;
        this.settings = settings;
        this.checkpointFile = checkpointFile;
        this.device = device;
    }

    /** What a training follows from: two with equal origins give equal weights. */
    public static NamedValues origin(SearchSpace space, ImageData data, TrainingSettings settings) {
        return NamedValues.builder().putAll(settings.sampling().values(space)).putAll(data.train().origin())
            .putAll(settings.values()).build();
    }

    /**
     * Trains to the end, from the checkpoint if there is one.
     *
     * @return the trained weights, for the caller to close
     * @throws InputException if the checkpoint is of another training
     * @throws TrainingDivergedException if the loss stops being a finite number; the last checkpoint stays
     */
    public SupernetWeights train(TrainingListener listener) {
        IntraOpThreads.useConfigured();
        NamedValues origin = origin(space, data, settings);
        SupernetWeights weights = new SupernetWeights(settings.seed(), device);
        try {
            Checkpoint checkpoint = new Checkpoint(origin.stored(), 0, 0, List.of());
            if (Files.exists(checkpointFile)) {
                checkpoint = Checkpoint.resume(checkpointFile, origin, weights);
                listener.resumed(checkpoint);
            }
            boolean learnsBatchNorm = !settings.sampling().sharesWeights() || space.learnsBatchNorm();
            try (Learner learner = new Learner(weights, settings, learnsBatchNorm)) {
                while (checkpoint.epochs() < settings.epochs()) {
                    checkpoint = epoch(learner, sampling(checkpoint.epochs(), weights), checkpoint, listener);
                    checkpoint.write(checkpointFile, weights);
                    listener.saved(checkpoint);
                }
            }
            return weights;
        } catch (RuntimeException | Error e) {
            weights.close();
            throw e;
        }
    }

    /** What the coming epoch trains; the first one after the first path begins with weights handed on. */
    private Sampling sampling(int epoch, SupernetWeights weights) {
        int alone = settings.firstPathEpochs();
        if (alone == 0 || epoch > alone) {
            return settings.sampling();
        }
        Architecture path = Inheritance.firstPath(space);
        if (epoch < alone) {
            return Sampling.fixed(path);
        }
        Inheritance.handOn(path, space, weights);
        return settings.sampling();
    }

    private Checkpoint epoch(Learner learner, Sampling sampling, Checkpoint before, TrainingListener listener) {
        int batches = data.train().batchesPerEpoch(settings.batch());
        long steps = (long) batches * settings.epochs();
        long step = before.steps();
        int epoch = before.epochs();
        CurveBuilder curve = new CurveBuilder(before.curve(), Math.max(1, batches / CURVE_POINTS_PER_EPOCH));
        try (Batches epochBatches = data.train().shuffled(settings.batch(), settings.seed(), epoch, 0)) {
            while (epochBatches.hasNext()) {
                Batch batch = epochBatches.next();
                double learningRate = settings.learningRate(step, steps);
                List<Network> paths = sampling.paths(space, settings.seed(), step).stream().map(space::build).toList();
                Learner.Step result = learner.step(paths, batch, learningRate,
                    StepSeed.of(settings.seed(), step, StepSeed.DROPOUT));
                step++;
                if (!Double.isFinite(result.loss())) {
                    throw new TrainingDivergedException(result.loss(), step, learningRate);
                }
                double loss = result.loss() / paths.size();
                double accuracy = (double) result.correct() / paths.size() / batch.size();
                curve.add(step, loss, accuracy, learningRate);
                listener.step(new Progress(epoch + 1, settings.epochs(), step, steps, batch.size(), loss, accuracy, learningRate));
            }
        }
        return new Checkpoint(before.origin(), epoch + 1, step, curve.points());
    }

    /** Averages steps to points. */
    private static final class CurveBuilder {

        private final List<CurvePoint> points;
        private final int stepsPerPoint;
        private double loss;
        private double accuracy;
        private int count;

        CurveBuilder(List<CurvePoint> before, int stepsPerPoint) {
            points = new ArrayList<>(before);
            this.stepsPerPoint = stepsPerPoint;
        }

        void add(long step, double stepLoss, double stepAccuracy, double learningRate) {
            loss += stepLoss;
            accuracy += stepAccuracy;
            if (++count == stepsPerPoint) {
                points.add(new CurvePoint(step, loss / count, accuracy / count, learningRate));
                loss = 0;
                accuracy = 0;
                count = 0;
            }
        }

        List<CurvePoint> points() {
            return points;
        }
    }
}
