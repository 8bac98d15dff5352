package dev.lutra.supernet.training;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import dev.lutra.data.Batch;
import dev.lutra.network.Network;
import dev.lutra.network.SharedTensor.Role;
import dev.lutra.supernet.Images;
import dev.lutra.supernet.SupernetWeights;
import java.util.ArrayList;
import java.util.List;

/** Takes one training step after the other on the weights of a supernet. For use by one thread. */
public final class Learner implements AutoCloseable {

    private final SupernetWeights weights;
    private final TrainingSettings settings;
    private final Loss loss;
    private final boolean learnsBatchNorm;
    private final NDManager manager;
    private final Replicas replicas;

    /**
     * What a step saw before it moved the weights.
     *
     * @param loss mean over the images, summed over the paths
     * @param correct right predictions, summed over the paths
     * @param moved whether the weights moved: not if the loss or a gradient is not finite
     */
    public record Step(double loss, int correct, boolean moved) {}

    /**
     * A learner of what the settings say.
     *
     * @param learnsBatchNorm whether batch norm's scale and shift are learned or stay 1 and 0
     */
    public Learner(SupernetWeights weights, TrainingSettings settings, boolean learnsBatchNorm) {
        this(weights, settings, settings.guidance().loss(settings.labelSmoothing()), learnsBatchNorm, List.of(weights.device()));
    }

    /** The same on several devices, the first of which has the weights. */
    Learner(SupernetWeights weights, TrainingSettings settings, boolean learnsBatchNorm, List<Device> devices) {
        this(weights, settings, settings.guidance().loss(settings.labelSmoothing()), learnsBatchNorm, devices);
    }

    /**
     * @param loss what every path's answers are held against
     * @param learnsBatchNorm whether batch norm's scale and shift are learned or stay 1 and 0
     */
    public Learner(SupernetWeights weights, TrainingSettings settings, Loss loss, boolean learnsBatchNorm) {
        this(weights, settings, loss, learnsBatchNorm, List.of(weights.device()));
    }

    private Learner(SupernetWeights weights, TrainingSettings settings, Loss loss, boolean learnsBatchNorm, List<Device> devices) {
        this.weights = weights;
        this.settings = settings;
        this.loss = loss;
        this.learnsBatchNorm = learnsBatchNorm;
        manager = weights.newManager();
        replicas = new Replicas(devices, manager);
    }

    /** A step at the beginning of a training. */
    public Step step(List<Network> paths, Batch batch, double learningRate, long seed) {
        return step(paths, batch, learningRate, 0, seed);
    }

    /**
     * One step: the gradients of all paths on the same images are summed, then the weights move once. If a loss or a gradient
     * is not finite, nothing moves.
     *
     * @param progress share of the training's steps that are taken, 0 to below 1
     * @param seed of this step's dropout
     */
    public Step step(List<Network> paths, Batch batch, double learningRate, double progress, long seed) {
        Engine.getInstance().setRandomSeed(Long.hashCode(seed));
        try (NDManager step = manager.newSubManager()) {
            StepWeights leaves = new StepWeights(weights, step, paths, this::learns);
            NDArray images = Images.of(batch, step);
            List<Loss.Earlier> earlier = new ArrayList<>();
            double sum = 0;
            int correct = 0;
            for (Network path : settings.guidance().ordered(paths)) {
                try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                    NDArray logits = replicas.outputs(path, leaves, images);
                    NDArray pathLoss = loss.of(new Loss.Answers(path, images, batch.labels(), logits, earlier, progress));
                    collector.backward(pathLoss);
                    sum += pathLoss.getFloat();
                    correct += Images.correct(logits, batch.labels());
                    earlier.add(new Loss.Earlier(path, logits.stopGradient()));
                }
            }
            boolean moves = Double.isFinite(sum) && leaves.haveFiniteGradients();
            if (moves) {
                leaves.update(settings.descent(), learningRate);
                if (settings.recipe().averages()) {
                    weights.average(settings.recipe().averaging());
                }
            }
            return new Step(sum, correct, moves);
        }
    }

    SupernetWeights weights() {
        return weights;
    }

    private boolean learns(Role role) {
        return switch (role) {
            case CONV_WEIGHT, LINEAR_WEIGHT, BIAS -> true;
            case NORM_SCALE, NORM_SHIFT -> learnsBatchNorm;
            case RUNNING_MEAN, RUNNING_VARIANCE -> false;
        };
    }

    @Override
    public void close() {
        manager.close();
    }
}
