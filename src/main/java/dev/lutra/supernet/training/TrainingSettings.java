package dev.lutra.supernet.training;

import dev.lutra.InputException;
import dev.lutra.identity.NamedValues;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.curriculum.Curriculum;
import dev.lutra.supernet.curriculum.Sampling;

/**
 * How a supernet, or one network, is trained.
 *
 * @param epochs passes over the training images
 * @param batch images a step
 * @param curriculum which architectures are trained when
 * @param learningRate the highest; the schedule lowers it to 0
 * @param warmUp share of the steps in which the rate rises to its highest, in a straight line (Goyal et al. 2017)
 * @param schedule how the learning rate falls
 * @param momentum of gradient descent, 0 to below 1
 * @param weightDecay added to the gradient of convolution and linear weights, times the weight
 * @param labelSmoothing share of the target that is spread over all classes
 * @param guidance what the paths of a step teach each other
 * @param seed of first weights, paths, order of images, augmentation and dropout
 */
public record TrainingSettings(int epochs, int batch, Curriculum curriculum, double learningRate, double warmUp,
    Schedule schedule, double momentum, double weightDecay, double labelSmoothing, Guidance guidance, long seed) {

    /** Share of the first path, unless a file says otherwise. */
    public static final double FIRST_PATH = 0.25;

    /** How the learning rate falls from its first value to 0, step by step. */
    public enum Schedule {
        /** Half a cosine wave (Loshchilov and Hutter 2017). */
        COSINE {
            @Override
            double factor(double progress) {
                return (1 + Math.cos(Math.PI * progress)) / 2;
            }
        },
        /** A straight line, as SPOS trains. */
        LINEAR {
            @Override
            double factor(double progress) {
                return 1 - progress;
            }
        };

        /** @param progress share of all steps already taken, 0 to below 1 */
        abstract double factor(double progress);

        /** The word for it in an experiment file. */
        String key() {
            return switch (this) {
                case COSINE -> "cosine";
                case LINEAR -> "linear";
            };
        }
    }

    public TrainingSettings {
        require("epochs", epochs, epochs >= 1, "at least 1");
        require("batch", batch, batch >= 2, "at least 2, as batch norm needs a variance");
        require("lr", learningRate, learningRate > 0 && learningRate < Double.POSITIVE_INFINITY, "above 0");
        require("warm-up", warmUp, warmUp >= 0 && warmUp < 1, "0 to below 1");
        require("momentum", momentum, momentum >= 0 && momentum < 1, "0 to below 1");
        require("weight-decay", weightDecay, weightDecay >= 0 && weightDecay < 1, "0 to below 1");
        require("label-smoothing", labelSmoothing, labelSmoothing >= 0 && labelSmoothing < 1, "0 to below 1");
        require(guidance.rankLoss() > 0 ? "rank-loss" : "distillation", "with " + String.join(", ", curriculum.samplings()),
            !guidance.comparesPaths() || curriculum.trainsSeveral(), "with a sampling that trains several paths a step");
        curriculum.spans(epochs);
    }

    /** Labels are all that is learned. */
    public TrainingSettings(int epochs, int batch, Curriculum curriculum, double learningRate, double warmUp, Schedule schedule,
        double momentum, double weightDecay, double labelSmoothing, long seed) {
        this(epochs, batch, curriculum, learningRate, warmUp, schedule, momentum, weightDecay, labelSmoothing, Guidance.NONE, seed);
    }

    /**
     * The defaults. Momentum, weight decay and smoothing are those of SPOS, which trains with rate 0.5 at batch 1024 in 150,000
     * steps, with neither warm-up nor first path. In the few steps that one machine has, the options of
     * {@code shufflenetv2-cifar} would not agree on a representation by themselves (docs/training.md has figures).
     */
    public static TrainingSettings defaults() {
        return new TrainingSettings(30, 64, Curriculum.firstPathThen(FIRST_PATH, Sampling.uniform()), 0.1, 0.05, Schedule.COSINE,
            0.9, 4e-5, 0.1, 0);
    }

    /** The same for one network that has the weights to itself. */
    public TrainingSettings alone(Architecture architecture) {
        return new TrainingSettings(epochs, batch, Curriculum.of(Sampling.fixed(architecture)), learningRate, warmUp, schedule,
            momentum, weightDecay, labelSmoothing, seed);
    }

    /**
     * @param step steps already taken
     * @param steps of the whole training
     */
    public double learningRate(long step, long steps) {
        double warm = warmUp * steps;
        return learningRate * (step < warm ? (step + 1) / (warm + 1) : schedule.factor((step - warm) / (steps - warm)));
    }

    /**
     * The settings in the words of the experiment file: those that have an effect, under its key {@code supernet} or, for a
     * network that has its weights to itself, {@code retrain}; and what is trained.
     */
    public NamedValues values(SearchSpace space) {
        String key = curriculum.sharesWeights() ? "supernet." : "retrain.";
        NamedValues.Builder values = NamedValues.builder()
            .put(key + "epochs", epochs)
            .put(key + "batch", batch)
            .put(key + "optimizer.lr", learningRate)
            .put(key + "optimizer.warm-up", warmUp)
            .put(key + "optimizer.schedule", schedule.key())
            .put(key + "optimizer.momentum", momentum)
            .put(key + "optimizer.weight-decay", weightDecay)
            .put(key + "label-smoothing", labelSmoothing)
            .put("seed", seed)
            .putAll(curriculum.values(space));
        if (curriculum.sharesWeights()) {
            guidance.describe(key, values);
        }
        return values.build();
    }

    private static void require(String key, Object value, boolean holds, String expected) {
        if (!holds) {
            throw new InputException("supernet." + key + ": " + value + " (expected: " + expected + ")");
        }
    }
}
