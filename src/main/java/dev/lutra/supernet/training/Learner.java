package dev.lutra.supernet.training;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import dev.lutra.data.Batch;
import dev.lutra.network.Network;
import dev.lutra.network.SharedTensor.Role;
import dev.lutra.supernet.BatchStatistics;
import dev.lutra.supernet.Forward;
import dev.lutra.supernet.Images;
import dev.lutra.supernet.Normalizer;
import dev.lutra.supernet.SupernetWeights;
import java.util.Arrays;
import java.util.List;

/** Takes one training step after the other on the weights of a supernet. For use by one thread. */
public final class Learner implements AutoCloseable {

    private final SupernetWeights weights;
    private final TrainingSettings settings;
    private final boolean learnsBatchNorm;
    private final NDManager manager;
    private final Normalizer normalizer;

    /**
     * What a step saw before it moved the weights.
     *
     * @param loss mean over the images, summed over the paths
     * @param correct right predictions, summed over the paths
     */
    public record Step(double loss, int correct) {}

    /**
     * @param learnsBatchNorm whether batch norm's scale and shift are learned or stay 1 and 0
     */
    public Learner(SupernetWeights weights, TrainingSettings settings, boolean learnsBatchNorm) {
        this.weights = weights;
        this.settings = settings;
        this.learnsBatchNorm = learnsBatchNorm;
        manager = weights.newManager();
        normalizer = new BatchStatistics(manager);
    }

    /**
     * One step: the gradients of all paths on the same images are summed, then the weights move once. If a loss is not
     * finite, nothing moves.
     *
     * @param seed of this step's dropout
     */
    public Step step(List<Network> paths, Batch batch, double learningRate, long seed) {
        Engine.getInstance().setRandomSeed(Long.hashCode(seed));
        try (NDManager step = manager.newSubManager()) {
            StepWeights leaves = new StepWeights(weights, step, paths, this::learns);
            NDArray images = Images.of(batch, step);
            double loss = 0;
            int correct = 0;
            for (Network path : paths) {
                try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                    NDArray logits = Forward.training(path, leaves, normalizer, images);
                    NDArray pathLoss = loss(logits, batch.labels(), settings.labelSmoothing());
                    collector.backward(pathLoss);
                    loss += pathLoss.getFloat();
                    correct += Images.correct(logits, batch.labels());
                }
            }
            if (Double.isFinite(loss)) {
                leaves.update(new Sgd(learningRate, settings.momentum(), settings.weightDecay()));
            }
            return new Step(loss, correct);
        }
    }

    private boolean learns(Role role) {
        return switch (role) {
            case CONV_WEIGHT, LINEAR_WEIGHT, BIAS -> true;
            case NORM_SCALE, NORM_SHIFT -> learnsBatchNorm;
            case RUNNING_MEAN, RUNNING_VARIANCE -> false;
        };
    }

    /**
     * Mean cross entropy against targets of which a share is spread evenly over all classes (Szegedy et al. 2016).
     */
    private static NDArray loss(NDArray logits, int[] labels, double smoothing) {
        int classes = (int) logits.getShape().get(1);
        float[] targets = new float[labels.length * classes];
        // divided by the batch here, so that a plain sum is the mean
        Arrays.fill(targets, (float) (-smoothing / classes / labels.length));
        for (int i = 0; i < labels.length; i++) {
            targets[i * classes + labels[i]] -= (float) ((1 - smoothing) / labels.length);
        }
        NDArray target = logits.getManager().create(targets, new Shape(labels.length, classes));
        return logits.logSoftmax(1).mul(target).sum();
    }

    @Override
    public void close() {
        manager.close();
    }
}
