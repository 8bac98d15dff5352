package dev.lutra.supernet.training;

import dev.lutra.InputException;
import dev.lutra.identity.NamedValues;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.blockwise.BlockWiseSampling;
import dev.lutra.supernet.curriculum.Curriculum;
import dev.lutra.supernet.curriculum.Sampling;
import dev.lutra.supernet.descent.Descent;
import dev.lutra.supernet.descent.Schedule;
import dev.lutra.supernet.superkernel.SuperkernelSampling;
import java.util.Optional;

/**
 * How a supernet, or one network, is trained.
 *
 * @param epochs passes over the training images
 * @param batch images a step
 * @param curriculum which architectures are trained when
 * @param descent how weights go down the gradient
 * @param labelSmoothing share of the target that is spread over all classes
 * @param guidance what the paths of a step teach each other
 * @param recipe what else a training does so that its networks get better
 * @param seed of first weights, paths, order of images, augmentation and dropout
 * @param rounds in which several learners take its steps, if they do
 */
public record TrainingSettings(int epochs, int batch, Curriculum curriculum, Descent descent, double labelSmoothing, Guidance guidance,
    Recipe recipe, long seed, Optional<Rounds.Settings> rounds) {

    /** Share of the first path, unless a file says otherwise. */
    public static final double FIRST_PATH = 0.25;

    public TrainingSettings {
        require("epochs", epochs, epochs >= 1, "at least 1");
        require("batch", batch, batch >= 2, "at least 2, as batch norm needs a variance");
        require("label-smoothing", labelSmoothing, labelSmoothing >= 0 && labelSmoothing < 1, "0 to below 1");
        require(guidance.comparison(), "with " + String.join(", ", curriculum.samplings()),
            !guidance.comparesPaths() || curriculum.trainsSeveral(), "with a sampling that trains several paths a step");
        curriculum.spans(epochs);
        rounds.ifPresent(wanted -> {
            require("batch", batch, batch % wanted.learners() == 0 && batch / wanted.learners() >= 2, "a multiple of data-parallel.workers, "
                + wanted.learners() + ", and at least 2 images each");
            require("data-parallel", "given", SuperkernelSampling.in(curriculum).isEmpty()
                && curriculum.phases().stream().noneMatch(phase -> phase.sampling() instanceof BlockWiseSampling),
                "no superkernels and no stages, whose steps follow from more than weights");
        });
    }

    /** Steps are taken by one learner. */
    public TrainingSettings(int epochs, int batch, Curriculum curriculum, Descent descent, double labelSmoothing, Guidance guidance,
        Recipe recipe, long seed) {
        this(epochs, batch, curriculum, descent, labelSmoothing, guidance, recipe, seed, Optional.empty());
    }

    /** The same, its steps taken in rounds. */
    public TrainingSettings in(Rounds.Settings wanted) {
        return new TrainingSettings(epochs, batch, curriculum, descent, labelSmoothing, guidance, recipe, seed, Optional.of(wanted));
    }

    /** Labels are all that is learned, by SGD and nothing else. */
    public TrainingSettings(int epochs, int batch, Curriculum curriculum, double learningRate, double warmUp, Schedule schedule,
        double momentum, double weightDecay, double labelSmoothing, long seed) {
        this(epochs, batch, curriculum, Descent.sgd(learningRate, warmUp, schedule, momentum, weightDecay), labelSmoothing, Guidance.NONE,
            Recipe.PLAIN, seed);
    }

    /**
     * The defaults. Momentum, weight decay and smoothing are those of SPOS, which trains with rate 0.5 at batch 1024 in 150,000
     * steps, with neither warm-up nor first path. In the few steps that one machine has, the options of
     * {@code shufflenetv2-cifar} would not agree on a representation by themselves (docs/background/training.md has figures).
     */
    public static TrainingSettings defaults() {
        return new TrainingSettings(30, 64, Curriculum.firstPathThen(FIRST_PATH, Sampling.uniform()), 0.1, 0.05, Schedule.COSINE,
            0.9, 4e-5, 0.1, 0);
    }

    /** The same for one network that has the weights to itself. */
    public TrainingSettings alone(Architecture architecture) {
        return new TrainingSettings(epochs, batch, Curriculum.of(Sampling.fixed(architecture)), descent, labelSmoothing, Guidance.NONE, recipe,
            seed);
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
            .put(key + "label-smoothing", labelSmoothing)
            .put("seed", seed)
            .putAll(curriculum.values(space));
        descent.describe(key + "optimizer.", values);
        recipe.describe(key, values);
        if (curriculum.sharesWeights()) {
            guidance.describe(key, values);
        }
        rounds.ifPresent(wanted -> wanted.describe(key + "data-parallel", values));
        return values.build();
    }

    private static void require(String key, Object value, boolean holds, String expected) {
        if (!holds) {
            throw new InputException("supernet." + key + ": " + value + " (expected: " + expected + ")");
        }
    }
}
